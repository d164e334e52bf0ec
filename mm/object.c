/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects and caches: the front door to the slab layer. */
#include "mm/heap.h"

long mm_alloc_bulk(struct mm_heap *heap, unsigned int cpu, int cache, int node, unsigned int flags,
		   size_t asked, uint64_t caller, size_t n, uint64_t *addr)
{
	return slab_alloc_bulk(&heap->slabs, cpu, cache, node, flags, asked, caller, n, addr);
}

long mm_free_bulk(struct mm_heap *heap, unsigned int cpu, int cache, uint64_t caller, size_t n,
		  const gpa_t *addr, struct mm_bad *bad, size_t *nr_bad)
{
	return slab_free_bulk(&heap->slabs, cpu, cache, caller, n, addr, bad, nr_bad);
}

long mm_object_widen(struct mm_heap *heap, gpa_t addr)
{
	return slab_object_widen(&heap->slabs, addr);
}

int mm_cache_create(struct mm_heap *heap, const char *name, size_t size, size_t align,
		    unsigned int flags)
{
	return slab_cache_create(&heap->slabs, name, size, align, flags);
}

int mm_cache_destroy(struct mm_heap *heap, int number)
{
	return slab_cache_destroy(&heap->slabs, number);
}

unsigned int mm_cache_modes(struct mm_heap *heap, int number)
{
	return slab_cache_modes(&heap->slabs, number);
}

long mm_cache_shrink(struct mm_heap *heap, int number)
{
	return slab_cache_shrink(&heap->slabs, number);
}

int mm_cache_max(const struct mm_heap *heap)
{
	return (int)heap->slabs.max;
}
