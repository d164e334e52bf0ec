/* SPDX-License-Identifier: BSD-2-Clause */
/* kmalloc and its family, as far as <linux/slab.h> does not inline them. */
#define KMEM_OUT_OF_LINE
#include "guest/lib/kmem/priv.h"

const struct kmem_sizes kmem_sizes = {
	.number = {[0 ... 1] = 1,
		   [2] = 2,
		   [3 ... 4] = 3,
		   [5 ... 8] = 4,
		   [9 ... 12] = 5,
		   [13 ... 16] = 6,
		   [17 ... 24] = 7,
		   [25 ... 32] = 8,
		   [33 ... 64] = 9,
		   [65 ... 128] = 10},
	.size = {0, 8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192},
};

static unsigned int size_order(size_t size)
{
	return order_base_2(DIV_ROUND_UP(size, KMEM_FRAME_SIZE));
}

/* Inlined twice, so that __kmalloc() knows that it is of any node. */
static __always_inline void *kmalloc_any(size_t size, gfp_t gfp, int node, unsigned long caller)
{
	unsigned int number;
	u64 addr;

	if (unlikely(!size))
		return ZERO_SIZE_PTR;
	if (likely(size <= KMALLOC_MAX_CACHE_SIZE)) {
		number = kmem_size_to_number(size);
		if (node != NUMA_NO_NODE)
			return kmem_alloc_slow(number, size, gfp, node, caller);
		return kmem_alloc_fast(number, kmem_number_size(number), size, gfp);
	}
	if (size > KMALLOC_MAX_SIZE)
		return NULL;
	addr = kmem_pages_alloc(size_order(size), gfp, node);
	return addr ? kmem_to_virt(addr) : NULL;
}

void *__kmalloc_node(size_t size, gfp_t gfp, int node)
{
	return kmalloc_any(size, gfp, node, _RET_IP_);
}

void *__kmalloc(size_t size, gfp_t gfp)
{
	return kmalloc_any(size, gfp, NUMA_NO_NODE, 0);
}

/* The size of an allocation; *used, unless NULL: how much of it the program has asked
 * for, as far as anybody knows, up to now: all of it is its own from here on. */
static size_t whole_size(const void *p, size_t *used)
{
	const struct kmem_cache *cache = NULL;
	unsigned int kind;
	size_t size;
	long was;

	if (used)
		*used = 0;
	if (ZERO_OR_NULL_PTR(p))
		return 0;
	kind = kmem_number_of(p);
	if (kind == VIRTIO_KMEM_PM_NONE || kind == VIRTIO_KMEM_PM_TAIL) {
		grt_bug((u64)p, "ksize: 0x%lx is not allocated", (unsigned long)p);
		return 0;
	}
	if (kind >= VIRTIO_KMEM_PM_RUN)
		size = KMEM_FRAME_SIZE << (kind - VIRTIO_KMEM_PM_RUN);
	else
		cache = kmem_cache_of(kmem_id_of(p));
	if (kind < VIRTIO_KMEM_PM_RUN)
		size = cache ? cache->usable : 0;
	if (used)
		*used = size;
	/* Red zones begin where the size asked for ends, which only the host knows. In the middle
	 * of a request it cannot be asked: then it may report what is written there. */
	if (cache && cache->debug && kmem_may_ask(kmem_self())) {
		struct kmem_cpu *kc = kmem_self();

		was = kmem_ask(kc, kmem.channel.ops->widen(kc->cpu, kmem_to_phys(p)));
		if (was < 0) {
			grt_bug((u64)p, "ksize: 0x%lx is no object that is allocated",
				(unsigned long)p);
			return 0;
		}
		if (used)
			*used = min_t(size_t, was, size);
	}
	return size;
}

size_t ksize(const void *p)
{
	return whole_size(p, NULL);
}

size_t kmalloc_size_roundup(size_t size)
{
	if (!size || size > KMALLOC_MAX_SIZE)
		return size;
	if (size <= KMALLOC_MAX_CACHE_SIZE)
		return kmem_number_size(kmem_size_to_number(size));
	return KMEM_FRAME_SIZE << size_order(size);
}

void *krealloc(const void *p, size_t size, gfp_t gfp)
{
	size_t whole;
	size_t used;
	void *q;

	if (!size) {
		kfree(p);
		return ZERO_SIZE_PTR;
	}
	whole = whole_size(p, &used);
	if (whole >= size) {
		/* What the program has not asked for until now is not its, nor zero. */
		if (gfp & __GFP_ZERO)
			memset((char *)p + min(used, size), 0, whole - min(used, size));
		return (void *)p;
	}
	q = __kmalloc(size, gfp);
	if (q && used) {
		memcpy(q, p, used);
		kfree(p);
	}
	return q;
}

void kfree_sensitive(const void *p)
{
	size_t size = ksize(p);

	if (size)
		memzero_explicit((void *)p, size);
	kfree(p);
}
