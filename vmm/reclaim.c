/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/reclaim.h"

/* A shorter delay is kept by the heap itself, while the guest is at work. */
#define MIN_PERIOD_MS 100

int reclaim_period_ms(const struct run_config *config)
{
	if (config->reclaim_delay_ms <= 0)
		return -1;
	return config->reclaim_delay_ms < MIN_PERIOD_MS ? MIN_PERIOD_MS : config->reclaim_delay_ms;
}

static uint64_t activity(struct mm_heap *heap)
{
	struct mm_stats s;

	mm_stats(heap, 0, &s);
	return s.objects_allocated + s.objects_freed + s.pages_given + s.pages_taken;
}

uint64_t reclaim_tick(struct reclaim *reclaim, struct mm_heap *heap)
{
	uint64_t now = activity(heap), bytes;

	if (now != reclaim->seen) {
		reclaim->seen = now;
		reclaim->dirty = true;
		return 0;
	}
	if (!reclaim->dirty)
		return 0;
	reclaim->dirty = false;
	bytes = mm_reclaim(heap);
	/* Slabs that it took down count as pages taken. */
	reclaim->seen = activity(heap);
	return bytes;
}
