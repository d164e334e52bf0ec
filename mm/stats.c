/* SPDX-License-Identifier: BSD-2-Clause */
/* What the whole heap says of itself: the sums of its layers. */
#include <stdio.h>

#include "mm/heap.h"

static void stats_heap(struct mm_heap *heap, struct mm_stats *stats)
{
	struct map_sum sum;

	map_sum(&heap->map, &sum);
	for (unsigned int i = 0; i < heap->config.nr_ranges; i++)
		stats->frames_total += heap->config.range[i].size >> MM_FRAME_SHIFT;
	stats->pages_given = sum.given;
	stats->pages_taken = sum.taken;
	stats->errors = sum.errors;
	/* Each sum is of its own moment: while others work, it may not come out even. */
	stats->frames_in_use = sum.given - sum.taken;
	stats->frames_in_use -= stats->frames_cached < stats->frames_in_use ? stats->frames_cached
									    : stats->frames_in_use;
	stats->frames_cached += frame_count_held(&heap->frames);
	stats->user_frames_total = frame_count_user(&heap->frames, &stats->user_frames_in_use);
	stats->frames_backed =
		(uint64_t)atomic_load_explicit(&heap->frames.nr_backed, memory_order_relaxed) *
		FRAME_PER_HUGE;
	stats->pages_pinned = atomic_load_explicit(&heap->pins.total, memory_order_relaxed);
	snprintf(stats->name, sizeof(stats->name), "heap");
}

int mm_stats(struct mm_heap *heap, int number, struct mm_stats *stats)
{
	int ret = slab_stats(&heap->slabs, number, stats);

	if (!number)
		stats_heap(heap, stats);
	return ret;
}

int mm_slabinfo(struct mm_heap *heap, int number, struct mm_slabinfo *info)
{
	return slab_info(&heap->slabs, number, info);
}
