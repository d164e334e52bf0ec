/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exact pin counts of frames.
 *
 * A pin first raises the count of its 4 MiB block and then looks at the page map; a
 * free first clears the page map and then looks at the block's count. So of a pin and
 * a free that race, one sees the other: the pin fails, or the free sees the pin and
 * leaves the run to the last unpin. For one frame both sides are sequentially
 * consistent; for more, the free looks by a read-modify-write: a pin that comes after
 * it in the order of the count's changes sees all that was cleared before it.
 *
 * What happens in a block that has pins is under the block's lock. Frames of slabs are
 * pinned under their slab's lock instead, which their frees hold anyway.
 */
#ifndef MM_PIN_H
#define MM_PIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "mm/lock.h"

/* A block holds any run that touches it. */
#define PIN_BLOCK_ORDER 10

/* A frame's word: the count, and on a run's first frame, once it was freed while
 * pinned, its order + 1. */
#define PIN_COUNT       0x00ffffffu
#define PIN_FREED_SHIFT 24
/* Of the pins that a frame can have, those that are the monitor's alone. */
#define PIN_OWN 0xffffu

struct pin_block {
	struct mm_lock lock;
	_Atomic uint32_t pins;
};

struct pin_set {
	_Atomic uint32_t *word;  /* by frame */
	struct pin_block *block; /* by 4 MiB */
	_Atomic uint64_t total;
	_Atomic uint64_t quota;
};

struct mm_heap;

int pin_set_create(struct mm_heap *heap);
void pin_set_destroy(struct mm_heap *heap);
/* Drops all pins. No other call may be under way. */
void pin_set_reset(struct mm_heap *heap);

/*
 * Called when a run's page map bytes are clear, the first by a sequentially
 * consistent operation: true if the run has pins, and then it is given back at the last
 * unpin; false if the caller is to give it back.
 */
bool pin_defer_run(struct mm_heap *heap, uint64_t frame, unsigned int order);

static inline uint32_t pin_count(const struct pin_set *pins, uint64_t frame)
{
	return atomic_load_explicit(&pins->word[frame], memory_order_relaxed) & PIN_COUNT;
}

#endif
