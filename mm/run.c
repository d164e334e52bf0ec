/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs of frames: handed out, guarded and taken back. */
#include "mm/run.h"

#include <errno.h>
#include <string.h>

#define RUN_CHUNK 64u /* frames moved at a time */

void run_put(struct mm_heap *heap, unsigned int cpu, unsigned int order, size_t n,
	     const frame_t *frame)
{
	map_count_frames(&heap->map, cpu, 0, (uint64_t)n << order);
	frame_put_bulk(&heap->frames, cpu, order, n, frame);
}

static bool run_guard(struct mm_heap *heap, frame_t frame, unsigned int order, bool on)
{
	uint64_t offset =
		frame_addr(&heap->frames, frame_behind(frame, 1ull << order)) - heap->frames.base;

	return !region_guard(&heap->region, offset, on);
}

/* Publishes a run that was just taken, as frame_get_bulk said; returns its address and flags. */
static uint64_t run_hand_out(struct mm_heap *heap, uint64_t taken, unsigned int order,
			     unsigned int flags)
{
	frame_t frame = frame_at(taken);
	bool zero = taken & FRAME_ZERO;

	if (flags & MM_ZERO && !zero) {
		memset(frame_host(&heap->frames, frame), 0, MM_FRAME_SIZE << order);
		zero = true;
	}
	MM_ASSERT(map_is(&heap->map, frame, 1ull << order, MM_PM_NONE));
	if (order)
		map_fill(&heap->map, frame_behind(frame, 1), (1ull << order) - 1, MM_PM_TAIL);
	map_show(&heap->map, frame, 1, (uint8_t)(MM_PM_RUN + order));
	/* Release: a free that believes the first byte finds the others. */
	atomic_store_explicit(map_byte(&heap->map, frame), (uint8_t)(MM_PM_RUN + order),
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
	/* Slabs keep nothing of a node that is for user space. */
	if (got == -ENOMEM && !frame_node_is_user(&heap->frames, node)) {
		slab_set_drain(&heap->slabs);
		got = frame_get_bulk(&heap->frames, cpu, taken, node, flags, n, addr);
	}
	for (long i = 0; i < got; i++) {
		/* If the host refuses for want of mappings, the frame is still nobody's. */
		if (taken != order)
			(void)run_guard(heap, frame_at(addr[i]), order, true);
		addr[i] = run_hand_out(heap, addr[i], order, flags);
	}
	if (got > 0)
		map_count_frames(&heap->map, cpu, (uint64_t)got << taken, 0);
	return got;
}

/* Takes a run from the guest: 0, or why not. Of several callers one succeeds. */
static int run_claim(struct mm_heap *heap, gpa_t addr, frame_t *frame, unsigned int *order)
{
	_Atomic uint8_t *byte;
	uint8_t value;

	if (!map_frame(&heap->map, addr, frame) || !map_in_range(&heap->map, addr))
		return -EFAULT;
	if (addr % MM_FRAME_SIZE)
		return -EINVAL;
	byte = map_byte(&heap->map, *frame);
	value = atomic_load_explicit(byte, memory_order_relaxed);
	if (value == MM_PM_NONE)
		return -ENOENT;
	if (value < MM_PM_RUN || value > MM_PM_RUN + MM_MAX_ORDER)
		return -EINVAL;
	/* Acquire: pairs with run_hand_out. Sequentially consistent: see pin_count.h. */
	if (!atomic_compare_exchange_strong_explicit(byte, &value, MM_PM_NONE, memory_order_seq_cst,
						     memory_order_relaxed))
		return -ENOENT;
	map_show(&heap->map, *frame, 1, MM_PM_NONE);
	*order = value - MM_PM_RUN;
	if (*order) {
		MM_ASSERT(map_is(&heap->map, frame_behind(*frame, 1), (1ull << *order) - 1,
				 MM_PM_TAIL));
		map_fill(&heap->map, frame_behind(*frame, 1), (1ull << *order) - 1, MM_PM_NONE);
	}
	return 0;
}

long mm_pages_free(struct mm_heap *heap, unsigned int cpu, size_t n, const gpa_t *addr,
		   struct mm_bad *bad, size_t *nr_bad)
{
	frame_t chunk[RUN_CHUNK];
	unsigned int chunk_order = 0;
	size_t held = 0;
	long freed = 0;

	*nr_bad = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned int order;
		frame_t frame;
		int err = run_claim(heap, addr[i], &frame, &order);

		if (err) {
			map_refuse(&heap->map, cpu, bad, nr_bad, i, err);
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
		if (pin_defer_run(&heap->pins, frame, order))
			continue;
		if (held == RUN_CHUNK || (held && order != chunk_order)) {
			run_put(heap, cpu, chunk_order, held, chunk);
			held = 0;
		}
		chunk_order = order;
		chunk[held++] = frame;
	}
	if (held)
		run_put(heap, cpu, chunk_order, held, chunk);
	return freed;
}

/* Adds the free frames [first, end), which lie in one block of the largest runs, to the counts. */
static void free_add(uint64_t first, uint64_t end, uint64_t *nr)
{
	while (first < end) {
		unsigned int order = MM_MAX_ORDER;

		while (first % (1ull << order) || first + (1ull << order) > end)
			order--;
		nr[order]++;
		first += 1ull << order;
	}
}

/* How many frames from one on go together, of which none is free; 0: the frame is free. */
static uint64_t frames_taken(struct mm_heap *heap, frame_t frame)
{
	uint8_t value = atomic_load_explicit(map_byte(&heap->map, frame), memory_order_relaxed);
	unsigned int order = value - MM_PM_RUN;
	int freed;

	if (value >= MM_PM_RUN && order <= MM_MAX_ORDER)
		return 1ull << (order + run_is_guarded(heap, order));
	if (value != MM_PM_NONE)
		return 1;
	/* Relaxed: it is of about now. Most blocks have no pins, and counts that nobody touched. */
	if (!atomic_load_explicit(&pin_block_of(&heap->pins, frame)->pins, memory_order_relaxed))
		return 0;
	freed = pin_freed_order(&heap->pins, frame);
	return freed < 0 ? 0 : 1ull << freed;
}

void mm_free_runs(struct mm_heap *heap, uint64_t nr[MM_MAX_ORDER + 1])
{
	memset(nr, 0, (MM_MAX_ORDER + 1) * sizeof(*nr));
	for (unsigned int i = 0; i < heap->config.nr_ranges; i++) {
		const struct mm_range *range = &heap->config.range[i];
		frame_t frame;
		uint64_t end;

		if (frame_node_is_user(&heap->frames, range->node))
			continue;
		(void)map_frame(&heap->map, range->base, &frame);
		end = frame.nr + (range->size >> MM_FRAME_SHIFT);
		for (uint64_t first = frame.nr; frame.nr < end;) {
			uint64_t taken = frames_taken(heap, frame);
			uint64_t next = frame.nr + (taken ? taken : 1);
			bool over = next >= end || !(next % (1ull << MM_MAX_ORDER));

			/* A run of free frames ends at one that is taken, and with its block. */
			if (taken || over)
				free_add(first, taken ? frame.nr : next, nr);
			if (taken || over)
				first = next;
			frame.nr = next;
		}
	}
}
