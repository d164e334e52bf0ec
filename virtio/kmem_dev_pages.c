/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio-kmem requests about runs of frames, and pins. */
#include <errno.h>

#include "virtio/kmem_dev_priv.h"

int kmem_dev_alloc_pages(struct kmem_request *r)
{
	unsigned int flags;
	int node, ret;

	if (r->req.order > VIRTIO_KMEM_MAX_ORDER)
		return -EINVAL;
	ret = kmem_dev_check_node(r, &node);
	if (!ret)
		ret = kmem_dev_check_gfp(r, &flags);
	if (ret)
		return ret;
	return kmem_dev_reply_addrs(r, mm_pages_alloc(r->kmem->heap, r->cpu, r->req.order, node,
						      flags, r->req.count, r->addr));
}

int kmem_dev_free_pages(struct kmem_request *r)
{
	size_t nr_bad = 0;
	long n;

	n = mm_pages_free(r->kmem->heap, r->cpu, r->req.count, r->addr, r->bad, &nr_bad);
	return kmem_dev_reply_bad(r, n, nr_bad);
}

int kmem_dev_pin(struct kmem_request *r)
{
	long n = mm_pin(r->kmem->heap, r->req.count, r->addr);

	if (n < 0)
		return (int)n;
	r->resp.count = (uint32_t)n;
	return 0;
}

int kmem_dev_unpin(struct kmem_request *r)
{
	size_t nr_bad = 0;
	long n;

	n = mm_unpin(r->kmem->heap, r->req.count, r->addr, r->bad, &nr_bad);
	return kmem_dev_reply_bad(r, n, nr_bad);
}
