/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs of frames, as whoever frees one for another reason than mm_pages_free() sees them. */
#ifndef MM_RUN_H
#define MM_RUN_H

#include <stddef.h>
#include <stdint.h>

struct mm_heap;

/* Gives back n runs of one order whose last pins are gone, or that had none. */
void run_put(struct mm_heap *heap, unsigned int cpu, unsigned int order, size_t n,
	     const uint64_t *frame);

#endif
