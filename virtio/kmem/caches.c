/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio-kmem requests about caches. */
#include <errno.h>

#include "virtio/kmem/debug.h"
#include "virtio/kmem/priv.h"

_Static_assert(VIRTIO_KMEM_NAME_MAX == MM_CACHE_NAME_MAX, "names are passed on whole");

/* A cache's flags as mm has them; those mm has not are the device's or ask nothing:
 * a guest's quota, for ACCOUNT, is its heap. */
static int cache_flags(uint32_t flags, unsigned int *mm_flags, uint8_t *alloc_flags)
{
	if (flags & ~(VIRTIO_KMEM_CACHE_CTOR | VIRTIO_KMEM_CACHE_NOMERGE | VIRTIO_KMEM_CACHE_DMA32 |
		      VIRTIO_KMEM_CACHE_ACCOUNT | VIRTIO_KMEM_CACHE_REDZONE |
		      VIRTIO_KMEM_CACHE_POISON | VIRTIO_KMEM_CACHE_OWNER))
		return -EINVAL;
	*mm_flags = (flags & VIRTIO_KMEM_CACHE_CTOR ? MM_CACHE_CTOR : 0) |
		    (flags & VIRTIO_KMEM_CACHE_NOMERGE ? MM_CACHE_NOMERGE : 0) |
		    (flags & VIRTIO_KMEM_CACHE_REDZONE ? MM_DEBUG_REDZONE : 0) |
		    (flags & VIRTIO_KMEM_CACHE_POISON ? MM_DEBUG_POISON : 0) |
		    (flags & VIRTIO_KMEM_CACHE_OWNER ? MM_DEBUG_OWNER : 0);
	*alloc_flags = 0;
	if (flags & VIRTIO_KMEM_CACHE_DMA32) {
		/* Applied to each allocation; one that shares would have it too. */
		*mm_flags |= MM_CACHE_NOMERGE;
		*alloc_flags = MM_DMA32;
	}
	return 0;
}

int kmem_dev_cache_create(struct kmem_request *r)
{
	const struct virtio_kmem_req *req = &r->req;
	unsigned int flags;
	uint8_t alloc_flags;
	int cache;
	int ret;

	if (!req->size || req->size > KMEM_DEV_MAX_BYTES || req->align > KMEM_DEV_MAX_BYTES ||
	    req->align & (req->align - 1))
		return -EINVAL;
	ret = cache_flags(req->flags, &flags, &alloc_flags);
	if (ret)
		return ret;
	cache = mm_cache_create(r->kmem->heap, r->name, req->size, req->align, flags);
	if (cache < 0)
		return cache;
	if (cache > VIRTIO_KMEM_PM_CACHE_MAX &&
	    !(r->kmem->dev.features >> VIRTIO_KMEM_F_CACHES & 1)) {
		/* The driver knows caches by the page map alone. */
		(void)mm_cache_destroy(r->kmem->heap, cache);
		return -ENOSPC;
	}
	/* Relaxed: the guest learns the number from the reply to this. */
	atomic_store_explicit(&r->kmem->cache_flags[cache], alloc_flags, memory_order_relaxed);
	r->resp.value = (uint64_t)cache;
	r->resp.count = kmem_debug_bits(mm_cache_modes(r->kmem->heap, cache));
	return 0;
}

int kmem_dev_cache_destroy(struct kmem_request *r)
{
	int ret = kmem_dev_check_cache(r);

	return ret ? ret : mm_cache_destroy(r->kmem->heap, (int)r->req.cache);
}

int kmem_dev_cache_shrink(struct kmem_request *r)
{
	long frames = kmem_dev_check_cache(r);

	if (!frames)
		frames = mm_cache_shrink(r->kmem->heap, (int)r->req.cache);
	if (frames < 0)
		return (int)frames;
	r->resp.value = (uint64_t)frames;
	return 0;
}
