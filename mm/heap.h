/* SPDX-License-Identifier: BSD-2-Clause */
/* The heap as mm's own files see it. */
#ifndef MM_HEAP_H
#define MM_HEAP_H

#include "mm/host/region.h"
#include "mm/pin.h"
#include "mm/slab/slab.h"

#define HEAP_CHUNK 64u /* frames moved at a time */

/* One CPU's counters of frames. */
struct heap_count {
	_Alignas(64) _Atomic uint64_t given;
	_Atomic uint64_t taken;
	_Atomic uint64_t errors;
};

/* Since when nothing was allocated or freed. */
struct heap_rest {
	struct mm_lock lock;
	uint32_t since_ms;
	int32_t delay_ms;
	bool spent;    /* all was given back since */
	uint64_t seen; /* activity at the last look */
};

struct mm_heap {
	struct mm_config config;
	struct region region;
	struct frame_pool frames;
	struct slab_set slabs;
	struct pin_set pins;
	struct heap_count *count; /* by CPU */
	struct heap_rest rest;
	_Atomic uint8_t *page_map;
	size_t page_map_size;
	uint64_t first;     /* frame number of the window's first frame */
	uint64_t nr_frames; /* of the window, holes included */
};

/* The frame of an address in the window; false if it is outside. */
static inline bool heap_frame(const struct mm_heap *heap, uint64_t addr, uint64_t *frame)
{
	uint64_t offset = addr - heap->frames.base;

	*frame = heap->first + (offset >> MM_FRAME_SHIFT);
	return offset < heap->region.size;
}

static inline _Atomic uint8_t *heap_map_byte(struct mm_heap *heap, uint64_t frame)
{
	return &heap->page_map[frame - heap->first];
}

/* Host address of an address of the window. */
static inline void *heap_host(const struct mm_heap *heap, uint64_t addr)
{
	return heap->region.host + (addr - heap->frames.base);
}

/* Tells if an address of the window is in a range (and not in a hole). */
bool heap_in_range(const struct mm_heap *heap, uint64_t addr);

/* Sets nr bytes of the page map from a frame on. Stores are relaxed: the address
 * reaches the guest later, by a channel that orders it after them. */
void heap_map_fill(struct mm_heap *heap, uint64_t frame, uint64_t nr, uint8_t value);

/* Counts an error and notes a refused address. */
void heap_refuse(struct mm_heap *heap, unsigned int cpu, struct mm_bad *bad, size_t *nr_bad,
		 size_t index, int status);

static inline void heap_count_frames(struct mm_heap *heap, unsigned int cpu, uint64_t given,
				     uint64_t taken)
{
	struct heap_count *count = &heap->count[cpu % heap->config.cpus];

	/* Relaxed: counters are summed, nothing is ordered by them. */
	if (given)
		atomic_fetch_add_explicit(&count->given, given, memory_order_relaxed);
	if (taken)
		atomic_fetch_add_explicit(&count->taken, taken, memory_order_relaxed);
}

/* Gives all that is kept for speed back to the frames: empty and active slabs, the
 * CPUs' rows. For callers that are out of memory, and hold no lock. */
void heap_drain(struct mm_heap *heap);

/* Gives back frames of a run whose last pin is gone, or that had none. */
void heap_put_run(struct mm_heap *heap, unsigned int cpu, unsigned int order, size_t n,
		  const uint64_t *frame);

#endif
