/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of the window that nobody was given: found by what the memfd says it has, and given back. */
#include "mm/heap.h"

static uint64_t backed(struct mm_heap *heap)
{
	/* Relaxed: of about now. */
	return atomic_load_explicit(&heap->frames.nr_backed, memory_order_relaxed) * MM_HUGE_SIZE;
}

uint64_t mm_strays(struct mm_heap *heap)
{
	uint64_t stored = region_stored(&heap->region);
	uint64_t known = heap->config.reserve + backed(heap);

	return heap->config.backing == MM_BACKING_MEMFD && stored > known ? stored - known : 0;
}

uint64_t mm_strays_punch(struct mm_heap *heap)
{
	const uint64_t shift = (heap->frames.base - heap->frames.origin) / MM_HUGE_SIZE;
	uint64_t offset = heap->config.reserve;
	uint64_t bytes = 0;

	if (heap->config.backing != MM_BACKING_MEMFD)
		return 0;
	while ((offset = region_next_stored(&heap->region, offset)) < heap->region.size) {
		uint64_t huge = offset / MM_HUGE_SIZE;

		bytes += frame_punch(&heap->frames, (uint32_t)(shift + huge));
		offset = (huge + 1) * MM_HUGE_SIZE;
	}
	return bytes;
}
