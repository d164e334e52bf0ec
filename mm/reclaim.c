/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory back to the host: all that is empty at once, or what has been so for long. */
#include "mm/heap.h"

uint64_t mm_reclaim(struct mm_heap *heap)
{
	slab_set_drain(&heap->slabs);
	return frame_reclaim(&heap->frames);
}

/* Changes with every allocation and free. */
static uint64_t heap_activity(struct mm_heap *heap)
{
	struct map_sum sum;

	map_sum(&heap->map, &sum);
	return sum.given + sum.taken + slab_activity(&heap->slabs);
}

/* Milliseconds until the heap has rested for its delay; negative if that is past, the
 * delay itself if it has nothing to give. */
static int32_t rest_left_ms(struct mm_heap *heap)
{
	struct heap_rest *rest = &heap->rest;
	uint64_t activity = heap_activity(heap);
	uint32_t now = frame_now_ms();

	MM_ASSERT_HELD(&rest->lock);
	if (activity != rest->seen) {
		rest->seen = activity;
		rest->since_ms = now;
		rest->spent = false;
	}
	if (rest->spent)
		return rest->delay_ms;
	return (int32_t)(rest->since_ms + (uint32_t)rest->delay_ms - now);
}

int mm_reclaim_due_ms(struct mm_heap *heap)
{
	int32_t idle = frame_due_ms(&heap->frames);
	int32_t left;

	if (heap->config.reclaim_delay_ms < 0)
		return -1;
	mm_lock(&heap->rest.lock);
	left = rest_left_ms(heap);
	mm_unlock(&heap->rest.lock);
	if (idle >= 0 && idle < left)
		left = idle;
	return left < 0 ? 0 : left;
}

uint64_t mm_reclaim_expired(struct mm_heap *heap)
{
	struct heap_rest *rest = &heap->rest;
	uint64_t bytes;
	bool due;

	if (heap->config.reclaim_delay_ms < 0)
		return 0;
	bytes = frame_expire(&heap->frames);
	mm_lock(&rest->lock);
	due = rest_left_ms(heap) <= 0;
	rest->spent |= due;
	mm_unlock(&rest->lock);
	if (!due)
		return bytes;
	bytes += mm_reclaim(heap);
	mm_lock(&rest->lock);
	/* What was drained counts as taken. */
	rest->seen = heap_activity(heap);
	mm_unlock(&rest->lock);
	return bytes;
}
