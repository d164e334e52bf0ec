/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio-kmem requests about objects of caches. */
#include <errno.h>

#include "virtio/kmem/priv.h"

int kmem_dev_alloc(struct kmem_request *r)
{
	struct kmem_dev *kmem = r->kmem;
	unsigned int flags;
	int node;
	int ret;

	ret = kmem_dev_check_cache(r);
	if (!ret)
		ret = kmem_dev_check_node(r, &node);
	if (!ret)
		ret = kmem_dev_check_gfp(r, &flags);
	if (ret)
		return ret;
	if (r->req.size > KMEM_DEV_MAX_BYTES)
		return -EINVAL;
	/* Relaxed: the guest learnt the cache's number from a later reply. */
	flags |= atomic_load_explicit(&kmem->cache_flags[r->req.cache], memory_order_relaxed);
	ret = kmem_dev_check_low(r, flags);
	if (ret)
		return ret;
	return kmem_dev_reply_addrs(r, mm_alloc_bulk(kmem->heap, r->cpu, (int)r->req.cache, node,
						     flags, r->req.size, r->req.caller,
						     r->req.count, r->addr));
}

int kmem_dev_free(struct kmem_request *r)
{
	size_t nr_bad = 0;
	long n;

	if (r->req.cache > r->kmem->caches)
		return -ENOENT;
	n = mm_free_bulk(r->kmem->heap, r->cpu, (int)r->req.cache, r->req.caller, r->req.count,
			 r->addr, r->bad, &nr_bad);
	return kmem_dev_reply_bad(r, n, nr_bad);
}

int kmem_dev_widen(struct kmem_request *r)
{
	long was = r->req.count == 1 ? mm_object_widen(r->kmem->heap, r->addr[0]) : -EINVAL;

	if (was < 0)
		return (int)was;
	r->resp.value = (uint64_t)was;
	return 0;
}
