/* SPDX-License-Identifier: BSD-2-Clause */
/* The heap as a whole: its life, and where its window is. */
#include "mm/heap.h"

#include <errno.h>
#include <stdlib.h>

#include "mm/host/limit.h"

/* A heap at work pauses for as long; what it keeps for speed is not worth less. */
#define HEAP_MIN_REST_MS 100
/* Frame numbers have 32 bits. */
#define HEAP_MAX_WINDOW (1ull << 43)

static bool config_valid(const struct mm_config *config, const char **why)
{
	uint64_t end = 0;

	*why = "heap ranges must be ascending, disjoint and of whole 2 MiB";
	if (!config->nr_ranges || config->nr_ranges > MM_MAX_RANGES)
		return false;
	for (unsigned int i = 0; i < config->nr_ranges; i++) {
		const struct mm_range *range = &config->range[i];

		if (!range->size || range->base % MM_HUGE_SIZE || range->size % MM_HUGE_SIZE ||
		    range->base < end || range->base + range->size < range->base)
			return false;
		if (range->node < 0 || range->node >= MM_MAX_NODES) {
			*why = limit_why("node %d of a heap range: nodes are 0 to %d", range->node,
					 MM_MAX_NODES - 1);
			return false;
		}
		end = range->base + range->size;
	}
	*why = "the reserve must be whole 2 MiB, less than the first range, and have room for the page map";
	if (config->reserve % MM_HUGE_SIZE || config->reserve >= config->range[0].size ||
	    (config->reserve && config->reserve < mm_page_map_bytes(end - config->range[0].base)))
		return false;
	*why = "the heap may have at least 2 MiB of memory";
	if (config->backed_max && config->backed_max < MM_HUGE_SIZE)
		return false;
	*why = limit_why("nodes for user space (mask 0x%x): nodes are 0 to %d", config->user_nodes,
			 MM_MAX_NODES - 1);
	if (config->user_nodes >> MM_MAX_NODES)
		return false;
	*why = "the heap window must span at most 8 TiB";
	if (end - config->range[0].base > HEAP_MAX_WINDOW)
		return false;
	*why = limit_why("%u CPUs: there must be 1 to %d", config->cpus, MM_MAX_CPUS);
	if (!config->cpus || config->cpus > MM_MAX_CPUS)
		return false;
	*why = "unknown backing or debug mode, or a delay below -1 ms";
	return config->backing <= MM_BACKING_HUGETLB && config->reclaim_delay_ms >= -1 &&
	       !(config->debug & ~MM_DEBUG_ALL) && config->nr_rules <= MM_MAX_DEBUG_RULES;
}

int mm_heap_create(const struct mm_config *config, struct mm_heap **out, const char **why)
{
	const char *ignored;
	struct mm_heap *heap;
	int err;

	if (!why)
		why = &ignored;
	if (!config_valid(config, why))
		return -EINVAL;
	*why = "no memory for the heap's metadata";
	heap = calloc(1, sizeof(*heap));
	if (!heap)
		return -ENOMEM;
	heap->config = *config;
	/* From here on the ranges are what frames are made of. */
	heap->config.range[0].base += config->reserve;
	heap->config.range[0].size -= config->reserve;
	heap->rest.delay_ms = config->reclaim_delay_ms > HEAP_MIN_REST_MS ? config->reclaim_delay_ms
									  : HEAP_MIN_REST_MS;
	heap->rest.spent = true;
	err = region_create(&heap->region, &heap->config, why);
	if (err)
		goto free_heap;
	err = frame_pool_create(&heap->frames, &heap->config, &heap->region);
	if (err)
		goto destroy_region;
	err = map_create(&heap->map, &heap->config, &heap->frames);
	if (err)
		goto destroy_frames;
	err = pin_set_create(&heap->pins, frame_pool_numbers(&heap->frames), config->pin_quota);
	if (err)
		goto destroy_map;
	err = slab_set_create(&heap->slabs, &heap->config, &heap->frames, &heap->map, &heap->pins);
	if (err)
		goto destroy_pins;
	*why = NULL;
	*out = heap;
	return 0;

destroy_pins:
	pin_set_destroy(&heap->pins);
destroy_map:
	map_destroy(&heap->map);
destroy_frames:
	frame_pool_destroy(&heap->frames);
destroy_region:
	region_destroy(&heap->region);
free_heap:
	free(heap);
	return err;
}

#ifdef MM_CHECK
static void heap_assert_sound(struct mm_heap *heap)
{
	const char *why = mm_check(heap);

	if (why)
		mm_assert_failed(__FILE__, __LINE__, why);
}
#else
static void heap_assert_sound(struct mm_heap *heap)
{
	(void)heap;
}
#endif

void mm_heap_destroy(struct mm_heap *heap)
{
	if (!heap)
		return;
	heap_assert_sound(heap);
	slab_set_destroy(&heap->slabs);
	pin_set_destroy(&heap->pins);
	map_destroy(&heap->map);
	frame_pool_destroy(&heap->frames);
	region_destroy(&heap->region);
	free(heap);
}

void mm_heap_reset(struct mm_heap *heap)
{
	heap_assert_sound(heap);
	slab_set_reset(&heap->slabs);
	pin_set_reset(&heap->pins);
	map_reset(&heap->map);
	frame_pool_reset(&heap->frames);
}

gpa_t mm_heap_base(const struct mm_heap *heap)
{
	return heap->frames.base;
}

uint64_t mm_heap_size(const struct mm_heap *heap)
{
	return heap->region.size;
}

void *mm_heap_host(const struct mm_heap *heap)
{
	return heap->region.host;
}

int mm_heap_fd(const struct mm_heap *heap)
{
	return heap->region.fd;
}

const uint8_t *mm_heap_page_map(const struct mm_heap *heap, size_t *bytes)
{
	*bytes = heap->map.bytes;
	return (const uint8_t *)heap->map.byte;
}

uint64_t mm_heap_shown_map(const struct mm_heap *heap)
{
	return heap->config.reserve - heap->map.bytes;
}

void *mm_host_ptr(struct mm_heap *heap, gpa_t addr, size_t len)
{
	uint64_t offset = addr - heap->frames.base;

	if (!len || offset >= heap->region.size || len > heap->region.size - offset)
		return NULL;
	for (uint64_t frame = offset >> MM_FRAME_SHIFT;
	     frame <= (offset + len - 1) >> MM_FRAME_SHIFT; frame++) {
		if (atomic_load_explicit(&heap->map.byte[frame], memory_order_relaxed) ==
		    MM_PM_NONE)
			return NULL;
	}
	return heap->region.host + offset;
}
