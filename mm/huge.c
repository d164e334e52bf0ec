/* SPDX-License-Identifier: BSD-2-Clause */
/* What each huge frame of a heap is used for, as far as can be seen without holding anybody up. */
#include "mm/heap.h"

static void look_at(struct mm_heap *heap, uint64_t huge, struct mm_huge *out)
{
	const bool pins = atomic_load_explicit(&heap->pins.total, memory_order_relaxed);
	frame_t frame = {huge * FRAME_PER_HUGE};

	for (unsigned int i = 0; i < FRAME_PER_HUGE; i++, frame.nr++) {
		uint8_t value =
			atomic_load_explicit(map_byte(&heap->map, frame), memory_order_relaxed);

		if (value >= MM_PM_RUN)
			out->run_frames++;
		else if (value != MM_PM_NONE)
			out->slab_frames++;
		if (pins && pin_count(&heap->pins, frame))
			out->pinned_frames++;
	}
}

uint64_t mm_huge_count(const struct mm_heap *heap)
{
	return mm_heap_size(heap) / MM_HUGE_SIZE;
}

unsigned int mm_huge_look(struct mm_heap *heap, uint64_t first, unsigned int n, struct mm_huge *out)
{
	const uint64_t shift =
		heap->map.first / FRAME_PER_HUGE; /* numbers begin before the window */
	const uint64_t all = mm_huge_count(heap);
	unsigned int i;

	for (i = 0; i < n && first + i < all && first + i >= first; i++) {
		out[i] = (struct mm_huge){
			.backed = frame_is_backed(&heap->frames, (uint32_t)(shift + first + i)),
		};
		if (out[i].backed)
			look_at(heap, shift + first + i, &out[i]);
	}
	return i;
}
