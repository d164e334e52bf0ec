/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs of frames, as whoever frees one for another reason than mm_pages_free() sees them. */
#ifndef MM_RUN_H
#define MM_RUN_H

#include "mm/heap.h"

/* Least order of runs that get a guard: smaller ones would cost too much. */
#define RUN_MIN_GUARDED 2

/* Gives back n runs of one order whose last pins are gone, or that had none. */
void run_put(struct mm_heap *heap, unsigned int cpu, unsigned int order, size_t n,
	     const frame_t *frame);

/* A run with a guard lies in the lower half of one twice its size; the frame behind it
 * is made inaccessible, and nothing but the run is handed out of it. */
static inline bool run_is_guarded(const struct mm_heap *heap, unsigned int order)
{
	return heap->config.debug & MM_HARDEN_GUARD && order >= RUN_MIN_GUARDED &&
	       order < MM_MAX_ORDER;
}

#endif
