/* SPDX-License-Identifier: BSD-2-Clause */
/* What several virtio-kmem requests share: the checks of their fields, and the forms of reply. */
#include <errno.h>

#include "virtio/kmem/priv.h"

_Static_assert(sizeof(struct mm_bad) == sizeof(struct virtio_kmem_bad) &&
		       offsetof(struct mm_bad, status) == offsetof(struct virtio_kmem_bad, status),
	       "refusals are passed on as mm gives them");
_Static_assert(sizeof(struct virtio_kmem_bad) == sizeof(__le64),
	       "a reply of refusals is as long as one of addresses");

int kmem_dev_check_node(const struct kmem_request *r, int *node)
{
	if (r->req.node == VIRTIO_KMEM_NODE_ANY) {
		*node = MM_NODE_ANY;
		return 0;
	}
	if (r->req.node >= r->kmem->nodes)
		return -EINVAL;
	*node = (int)r->req.node;
	return 0;
}

int kmem_dev_check_gfp(const struct kmem_request *r, unsigned int *flags)
{
	uint32_t gfp = r->req.gfp;

	if (gfp & ~(VIRTIO_KMEM_GFP_ZERO | VIRTIO_KMEM_GFP_THISNODE | VIRTIO_KMEM_GFP_DMA32 |
		    VIRTIO_KMEM_GFP_ACCOUNT))
		return -EINVAL;
	/* ACCOUNT asks for nothing more: a guest's quota is its heap. */
	*flags = (gfp & VIRTIO_KMEM_GFP_ZERO ? MM_ZERO : 0) |
		 (gfp & VIRTIO_KMEM_GFP_THISNODE ? MM_THISNODE : 0) |
		 (gfp & VIRTIO_KMEM_GFP_DMA32 ? MM_DMA32 : 0);
	return 0;
}

int kmem_dev_check_low(const struct kmem_request *r, unsigned int flags)
{
	return r->kmem->high && flags & MM_DMA32 ? -ENOMEM : 0;
}

int kmem_dev_check_cache(const struct kmem_request *r)
{
	return r->req.cache && r->req.cache <= r->kmem->caches ? 0 : -ENOENT;
}

int kmem_dev_reply_addrs(struct kmem_request *r, long n)
{
	if (n < 0)
		return (int)n;
	r->resp.count = (uint32_t)n;
	r->reply = r->addr;
	r->reply_size = (size_t)n * sizeof(*r->addr);
	return 0;
}

int kmem_dev_reply_bad(struct kmem_request *r, long n, size_t nr_bad)
{
	if (n < 0)
		return (int)n;
	r->resp.count = (uint32_t)n;
	r->resp.value = nr_bad;
	r->reply = r->bad;
	r->reply_size = nr_bad * sizeof(*r->bad);
	return 0;
}
