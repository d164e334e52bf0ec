/* SPDX-License-Identifier: BSD-2-Clause */
/* The heap as a whole: its life, its page map, and runs of frames. */
#include "mm/heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mm/host/limit.h"

/* A heap at work pauses for as long; what it keeps for speed is not worth less. */
#define HEAP_MIN_REST_MS 100
/* Least order of runs that get a guard: smaller ones would cost too much. */
#define HEAP_MIN_GUARDED 2
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

static int heap_create_map(struct mm_heap *heap)
{
	heap->first = (heap->frames.base - heap->frames.origin) >> MM_FRAME_SHIFT;
	heap->nr_frames = heap->region.size >> MM_FRAME_SHIFT;
	heap->page_map_size = (heap->nr_frames + MM_FRAME_SIZE - 1) & ~(MM_FRAME_SIZE - 1);
	heap->page_map = region_meta_alloc(heap->page_map_size);
	heap->count = region_meta_alloc(heap->config.cpus * sizeof(*heap->count));
	if (heap->page_map && heap->count)
		return 0;
	region_meta_free(heap->count, heap->config.cpus * sizeof(*heap->count));
	region_meta_free(heap->page_map, heap->page_map_size);
	return -ENOMEM;
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
	heap->rest.delay_ms = config->reclaim_delay_ms > HEAP_MIN_REST_MS ? config->reclaim_delay_ms
									  : HEAP_MIN_REST_MS;
	heap->rest.spent = true;
	err = region_create(&heap->region, config, why);
	if (err)
		goto free_heap;
	err = frame_pool_create(&heap->frames, config, &heap->region);
	if (err)
		goto destroy_region;
	err = heap_create_map(heap);
	if (err)
		goto destroy_frames;
	err = pin_set_create(heap);
	if (err)
		goto destroy_map;
	err = slab_set_create(heap);
	if (err)
		goto destroy_pins;
	*why = NULL;
	*out = heap;
	return 0;

destroy_pins:
	pin_set_destroy(heap);
destroy_map:
	region_meta_free(heap->count, heap->config.cpus * sizeof(*heap->count));
	region_meta_free(heap->page_map, heap->page_map_size);
destroy_frames:
	frame_pool_destroy(&heap->frames);
destroy_region:
	region_destroy(&heap->region);
free_heap:
	free(heap);
	return err;
}

void mm_heap_destroy(struct mm_heap *heap)
{
	if (!heap)
		return;
	slab_set_destroy(heap);
	pin_set_destroy(heap);
	region_meta_free(heap->count, heap->config.cpus * sizeof(*heap->count));
	region_meta_free(heap->page_map, heap->page_map_size);
	frame_pool_destroy(&heap->frames);
	region_destroy(&heap->region);
	free(heap);
}

void mm_heap_reset(struct mm_heap *heap)
{
	struct mm_stats stats;

	(void)mm_stats(heap, 0, &stats);
	heap_count_frames(heap, 0, 0, stats.pages_given - stats.pages_taken);
	slab_set_reset(heap);
	pin_set_reset(heap);
	region_meta_clear((void *)heap->page_map, heap->page_map_size);
	frame_pool_reset(&heap->frames);
}

uint64_t mm_heap_base(const struct mm_heap *heap)
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
	*bytes = heap->page_map_size;
	return (const uint8_t *)heap->page_map;
}

bool heap_in_range(const struct mm_heap *heap, uint64_t addr)
{
	for (unsigned int i = 0; i < heap->config.nr_ranges; i++) {
		const struct mm_range *range = &heap->config.range[i];

		if (addr - range->base < range->size)
			return true;
	}
	return false;
}

void heap_map_fill(struct mm_heap *heap, uint64_t frame, uint64_t nr, uint8_t value)
{
	_Atomic uint8_t *byte = heap_map_byte(heap, frame);
	const uint64_t eight = value * 0x0101010101010101ull;

	for (; nr && (uintptr_t)byte % 8; nr--)
		atomic_store_explicit(byte++, value, memory_order_relaxed);
	for (; nr >= 8; nr -= 8, byte += 8)
		__atomic_store_n((uint64_t *)(void *)byte, eight, __ATOMIC_RELAXED);
	for (; nr; nr--)
		atomic_store_explicit(byte++, value, memory_order_relaxed);
}

void heap_refuse(struct mm_heap *heap, unsigned int cpu, struct mm_bad *bad, size_t *nr_bad,
		 size_t index, int status)
{
	atomic_fetch_add_explicit(&heap->count[cpu % heap->config.cpus].errors, 1,
				  memory_order_relaxed);
	bad[*nr_bad].index = (uint32_t)index;
	bad[*nr_bad].status = status;
	(*nr_bad)++;
}

void heap_put_run(struct mm_heap *heap, unsigned int cpu, unsigned int order, size_t n,
		  const uint64_t *frame)
{
	heap_count_frames(heap, cpu, 0, (uint64_t)n << order);
	frame_put_bulk(&heap->frames, cpu, order, n, frame);
}

/* A run with a guard lies in the lower half of one twice its size; the frame behind it
 * is made inaccessible, and nothing but the run is handed out of it. */
static bool run_is_guarded(const struct mm_heap *heap, unsigned int order)
{
	return heap->config.debug & MM_HARDEN_GUARD && order >= HEAP_MIN_GUARDED &&
	       order < MM_MAX_ORDER;
}

static bool run_guard(struct mm_heap *heap, uint64_t frame, unsigned int order, bool on)
{
	uint64_t offset = frame_addr(&heap->frames, frame + (1ull << order)) - heap->frames.base;

	return !region_guard(&heap->region, offset, on);
}

/* Publishes a run that was just taken; returns its address and flags. */
static uint64_t run_hand_out(struct mm_heap *heap, uint64_t frame, unsigned int order,
			     unsigned int flags)
{
	bool zero = frame & FRAME_ZERO;

	frame &= ~FRAME_ZERO;
	if (flags & MM_ZERO && !zero) {
		memset(frame_host(&heap->frames, frame), 0, MM_FRAME_SIZE << order);
		zero = true;
	}
	heap_map_fill(heap, frame + 1, (1ull << order) - 1, MM_PM_TAIL);
	/* Release: a free that believes the first byte finds the others. */
	atomic_store_explicit(heap_map_byte(heap, frame), (uint8_t)(MM_PM_RUN + order),
			      memory_order_release);
	return frame_addr(&heap->frames, frame) | (zero ? MM_ADDR_ZERO : 0);
}

long mm_pages_alloc(struct mm_heap *heap, unsigned int cpu, unsigned int order, int node,
		    unsigned int flags, size_t n, uint64_t *addr)
{
	unsigned int taken;
	long got;

	if (!n || order > MM_MAX_ORDER || node < MM_NODE_ANY || node >= MM_MAX_NODES ||
	    flags & ~(MM_ZERO | MM_THISNODE | MM_DMA32))
		return -EINVAL;
	taken = order + run_is_guarded(heap, order);
	got = frame_get_bulk(&heap->frames, cpu, taken, node, flags, n, addr);
	if (got == -ENOMEM) {
		heap_drain(heap);
		got = frame_get_bulk(&heap->frames, cpu, taken, node, flags, n, addr);
	}
	for (long i = 0; i < got; i++) {
		/* If the host refuses for want of mappings, the frame is still nobody's. */
		if (taken != order)
			(void)run_guard(heap, addr[i] & ~FRAME_ZERO, order, true);
		addr[i] = run_hand_out(heap, addr[i], order, flags);
	}
	if (got > 0)
		heap_count_frames(heap, cpu, (uint64_t)got << taken, 0);
	return got;
}

/* Takes a run from the guest: 0, or why not. Of several callers one succeeds. */
static int run_claim(struct mm_heap *heap, uint64_t addr, uint64_t *frame, unsigned int *order)
{
	_Atomic uint8_t *byte;
	uint8_t value;

	if (!heap_frame(heap, addr, frame) || !heap_in_range(heap, addr))
		return -EFAULT;
	if (addr % MM_FRAME_SIZE)
		return -EINVAL;
	byte = heap_map_byte(heap, *frame);
	value = atomic_load_explicit(byte, memory_order_relaxed);
	if (value == MM_PM_NONE)
		return -ENOENT;
	if (value < MM_PM_RUN || value > MM_PM_RUN + MM_MAX_ORDER)
		return -EINVAL;
	/* Acquire: pairs with run_hand_out. Sequentially consistent: see pin.h. */
	if (!atomic_compare_exchange_strong_explicit(byte, &value, MM_PM_NONE, memory_order_seq_cst,
						     memory_order_relaxed))
		return -ENOENT;
	*order = value - MM_PM_RUN;
	heap_map_fill(heap, *frame + 1, (1ull << *order) - 1, MM_PM_NONE);
	return 0;
}

long mm_pages_free(struct mm_heap *heap, unsigned int cpu, size_t n, const uint64_t *addr,
		   struct mm_bad *bad, size_t *nr_bad)
{
	uint64_t chunk[HEAP_CHUNK];
	unsigned int chunk_order = 0;
	size_t held = 0;
	long freed = 0;

	*nr_bad = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned int order;
		uint64_t frame;
		int err = run_claim(heap, addr[i], &frame, &order);

		if (err) {
			heap_refuse(heap, cpu, bad, nr_bad, i, err);
			continue;
		}
		freed++;
		if (run_is_guarded(heap, order)) {
			/* Memory that cannot be had back from the host is no use: it counts
			 * as in use until the heap is reset. */
			if (!run_guard(heap, frame, order, false))
				continue;
			order++;
		}
		if (pin_defer_run(heap, frame, order))
			continue;
		if (held == HEAP_CHUNK || (held && order != chunk_order)) {
			heap_put_run(heap, cpu, chunk_order, held, chunk);
			held = 0;
		}
		chunk_order = order;
		chunk[held++] = frame;
	}
	if (held)
		heap_put_run(heap, cpu, chunk_order, held, chunk);
	return freed;
}

void *mm_host_ptr(struct mm_heap *heap, uint64_t addr, size_t len)
{
	uint64_t offset = addr - heap->frames.base;
	uint64_t frame;

	if (!len || offset >= heap->region.size || len > heap->region.size - offset)
		return NULL;
	for (frame = offset >> MM_FRAME_SHIFT; frame <= (offset + len - 1) >> MM_FRAME_SHIFT;
	     frame++) {
		if (atomic_load_explicit(&heap->page_map[frame], memory_order_relaxed) ==
		    MM_PM_NONE)
			return NULL;
	}
	return heap->region.host + offset;
}
