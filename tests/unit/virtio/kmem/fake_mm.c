/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/virtio/kmem/fake_mm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const uint32_t mm_class_size[MM_CLASSES] = MM_CLASS_SIZES;

void fake_mm_init(struct mm_heap *heap)
{
	memset(heap, 0, sizeof(*heap));
	pthread_mutex_init(&heap->lock, NULL);
}

uint64_t mm_heap_base(const struct mm_heap *heap)
{
	(void)heap;
	return FAKE_BASE;
}

uint64_t mm_heap_size(const struct mm_heap *heap)
{
	(void)heap;
	return FAKE_SIZE;
}

void mm_heap_reset(struct mm_heap *heap)
{
	pthread_mutex_lock(&heap->lock);
	heap->resets++;
	pthread_mutex_unlock(&heap->lock);
}

static void note(struct mm_heap *heap, const char *function)
{
	heap->calls++;
	heap->function = function;
}

/* Notes an allocation and makes n addresses up, with the flags that mm gives. */
static long allocate(struct mm_heap *heap, size_t n, uint64_t *addr)
{
	heap->n = n;
	for (size_t i = 0; i < n; i++)
		addr[i] = FAKE_BASE + i * MM_FRAME_SIZE + MM_ADDR_FRESH;
	return heap->error ? heap->error : (long)n;
}

static long release(struct mm_heap *heap, size_t n, const uint64_t *addr, struct mm_bad *bad,
		    size_t *nr_bad)
{
	heap->n = n;
	memcpy(heap->addr, addr, n * sizeof(*addr));
	if (heap->error)
		return heap->error;
	*nr_bad = heap->nr_bad < n ? heap->nr_bad : n;
	memcpy(bad, heap->bad, *nr_bad * sizeof(*bad));
	return (long)(n - *nr_bad);
}

long mm_alloc_bulk(struct mm_heap *heap, unsigned int cpu, int cache, int node, unsigned int flags,
		   size_t asked, uint64_t caller, size_t n, uint64_t *addr)
{
	long ret;

	pthread_mutex_lock(&heap->lock);
	note(heap, "mm_alloc_bulk");
	heap->cpu = cpu;
	heap->cache = cache;
	heap->node = node;
	heap->flags = flags;
	heap->size = asked;
	heap->caller = caller;
	ret = allocate(heap, n, addr);
	pthread_mutex_unlock(&heap->lock);
	return ret;
}

long mm_free_bulk(struct mm_heap *heap, unsigned int cpu, int cache, uint64_t caller, size_t n,
		  const uint64_t *addr, struct mm_bad *bad, size_t *nr_bad)
{
	long ret;

	pthread_mutex_lock(&heap->lock);
	note(heap, "mm_free_bulk");
	heap->cpu = cpu;
	heap->cache = cache;
	heap->caller = caller;
	ret = release(heap, n, addr, bad, nr_bad);
	pthread_mutex_unlock(&heap->lock);
	return ret;
}

long mm_pages_alloc(struct mm_heap *heap, unsigned int cpu, unsigned int order, int node,
		    unsigned int flags, size_t n, uint64_t *addr)
{
	long ret;

	pthread_mutex_lock(&heap->lock);
	note(heap, "mm_pages_alloc");
	heap->cpu = cpu;
	heap->order = order;
	heap->node = node;
	heap->flags = flags;
	ret = allocate(heap, n, addr);
	pthread_mutex_unlock(&heap->lock);
	return ret;
}

long mm_pages_free(struct mm_heap *heap, unsigned int cpu, size_t n, const uint64_t *addr,
		   struct mm_bad *bad, size_t *nr_bad)
{
	note(heap, "mm_pages_free");
	heap->cpu = cpu;
	return release(heap, n, addr, bad, nr_bad);
}

long mm_pin(struct mm_heap *heap, size_t n, const uint64_t *addr)
{
	note(heap, "mm_pin");
	heap->n = n;
	memcpy(heap->addr, addr, n * sizeof(*addr));
	return heap->error ? heap->error : (long)n - 1;
}

long mm_unpin(struct mm_heap *heap, size_t n, const uint64_t *addr, struct mm_bad *bad,
	      size_t *nr_bad)
{
	note(heap, "mm_unpin");
	return release(heap, n, addr, bad, nr_bad);
}

unsigned int mm_cache_modes(struct mm_heap *heap, int cache)
{
	(void)heap;
	return cache == FAKE_WATCHED || cache > MM_CLASSES ? MM_DEBUG_POISON : 0;
}

int mm_cache_max(const struct mm_heap *heap)
{
	(void)heap;
	return MM_PM_FAR;
}

int mm_cache_create(struct mm_heap *heap, const char *name, size_t size, size_t align,
		    unsigned int flags)
{
	note(heap, "mm_cache_create");
	snprintf(heap->name, sizeof(heap->name), "%s", name);
	heap->size = size;
	heap->align = align;
	heap->flags = flags;
	return heap->error ? (int)heap->error : MM_CLASSES + 1;
}

int mm_cache_destroy(struct mm_heap *heap, int cache)
{
	note(heap, "mm_cache_destroy");
	heap->cache = cache;
	return (int)heap->error;
}

void mm_set_pin_quota(struct mm_heap *heap, uint64_t quota)
{
	/* From a thread of its own: nothing is noted. */
	(void)heap;
	(void)quota;
}

long mm_cache_shrink(struct mm_heap *heap, int cache)
{
	note(heap, "mm_cache_shrink");
	heap->cache = cache;
	return heap->error ? heap->error : 17;
}

long mm_object_widen(struct mm_heap *heap, uint64_t addr)
{
	note(heap, "mm_object_widen");
	(void)addr;
	return heap->error ? heap->error : 100;
}

int mm_stats(struct mm_heap *heap, int cache, struct mm_stats *stats)
{
	note(heap, "mm_stats");
	heap->cache = cache;
	stats->objects_allocated = 1;
	stats->objects_freed = 2;
	stats->objects_active = 3;
	stats->slabs = 4;
	stats->frames_in_use = 5;
	stats->frames_total = 6;
	stats->frames_backed = 7;
	stats->pages_given = 8;
	stats->pages_taken = 9;
	stats->pages_pinned = 10;
	stats->errors = 100;
	stats->object_size = 11;
	stats->slot_size = 12;
	stats->objects_per_slab = 13;
	stats->frames_per_slab = 14;
	snprintf(stats->name, sizeof(stats->name), "a name");
	return (int)heap->error;
}
