/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exact pin counts of frames, and the quota of pins.
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
#ifndef MM_MAP_PIN_COUNT_H
#define MM_MAP_PIN_COUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "mm/frame/frame.h"

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
	uint32_t freed; /* runs that wait for the last of these; under the lock */
};

struct pin_set {
	uint64_t frames;         /* of which there are counts */
	_Atomic uint32_t *word;  /* by frame */
	struct pin_block *block; /* by 4 MiB */
	_Atomic uint64_t total;
	_Atomic uint64_t quota;
};

/* Makes counts of 0 for frames 0 to frames - 1. Returns 0 or -ENOMEM. */
int pin_set_create(struct pin_set *pins, uint64_t frames, uint64_t quota);
void pin_set_destroy(struct pin_set *pins);
/* Drops all pins. No other call may be under way. */
void pin_set_reset(struct pin_set *pins);

/*
 * Called when a run's page map bytes are clear, the first by a sequentially
 * consistent operation: true if the run has pins, and then it is given back at the last
 * unpin; false if the caller is to give it back.
 */
bool pin_defer_run(struct pin_set *pins, frame_t frame, unsigned int order);

/*
 * With the block's lock held, of a frame whose last pin went: if it is in a run that was freed,
 * and that was the run's last, true, with the run's first frame in *head and its order in *order.
 * The run is the caller's to give back then.
 */
bool pin_freed_run(struct pin_set *pins, frame_t frame, frame_t *head, unsigned int *order);

/* The order of a freed run that waits for its pins, if a frame is its first; or -1. */
static inline int pin_freed_order(const struct pin_set *pins, frame_t frame)
{
	return (int)(atomic_load_explicit(&pins->word[frame.nr], memory_order_relaxed) >>
		     PIN_FREED_SHIFT) -
	       1;
}

static inline struct pin_block *pin_block_of(struct pin_set *pins, frame_t frame)
{
	return &pins->block[frame.nr >> PIN_BLOCK_ORDER];
}

static inline uint32_t pin_count(const struct pin_set *pins, frame_t frame)
{
	return atomic_load_explicit(&pins->word[frame.nr], memory_order_relaxed) & PIN_COUNT;
}

/* Changes a frame's count and returns it; under its block's or its slab's lock. */
static inline uint32_t pin_add(struct pin_set *pins, frame_t frame, int delta)
{
	_Atomic uint32_t *word = &pins->word[frame.nr];
	uint32_t value = atomic_load_explicit(word, memory_order_relaxed) + (uint32_t)delta;

	MM_ASSERT((value & PIN_COUNT) != (delta < 0 ? PIN_COUNT : 0));
	atomic_store_explicit(word, value, memory_order_relaxed);
	return value & PIN_COUNT;
}

/* Takes one of the quota: false if there is none. Relaxed, as its counterpart: the total orders
 * nothing. */
static inline bool pin_charge(struct pin_set *pins)
{
	uint64_t quota = atomic_load_explicit(&pins->quota, memory_order_relaxed);
	uint64_t total = atomic_load_explicit(&pins->total, memory_order_relaxed);

	do {
		if (total >= quota)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(
		&pins->total, &total, total + 1, memory_order_relaxed, memory_order_relaxed));
	return true;
}

static inline void pin_uncharge(struct pin_set *pins)
{
	MM_ASSERT(atomic_load_explicit(&pins->total, memory_order_relaxed));
	atomic_fetch_sub_explicit(&pins->total, 1, memory_order_relaxed);
}

#endif
