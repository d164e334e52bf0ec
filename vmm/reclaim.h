/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Giving memory back while nothing happens. The heap looks for what has been idle for
 * long enough whenever the guest frees something; a guest that frees and then rests
 * needs someone else to look.
 */
#ifndef VMM_RECLAIM_H
#define VMM_RECLAIM_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/mm.h"
#include "vmm/options.h"

struct reclaim {
	uint64_t seen; /* allocations and frees at the last tick */
	bool dirty;    /* there were some since memory was last given back */
};

/* Milliseconds between ticks for this configuration, or -1 for none. */
int reclaim_period_ms(const struct run_config *config);

/* Gives empty memory back when the heap has rested since the last tick. Returns bytes
 * given back. */
uint64_t reclaim_tick(struct reclaim *reclaim, struct mm_heap *heap);

#endif
