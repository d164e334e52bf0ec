/* SPDX-License-Identifier: BSD-2-Clause */
/* The heap as mm's own files see it: the layers, and what they do not need. */
#ifndef MM_HEAP_H
#define MM_HEAP_H

#include "mm/host/region.h"
#include "mm/map/map.h"
#include "mm/map/pin_count.h"
#include "mm/slab/slab.h"

/* Since when nothing was allocated or freed. */
struct heap_rest {
	struct mm_lock lock;
	uint32_t since_ms;
	int32_t delay_ms;
	bool spent;    /* all was given back since */
	uint64_t seen; /* activity at the last look */
};

struct mm_heap {
	struct slab_set slabs;
	struct frame_pool frames;
	struct page_map map;
	struct pin_set pins;
	struct region region;
	struct mm_config config;
	struct heap_rest rest;
};

#endif
