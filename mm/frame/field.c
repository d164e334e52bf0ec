/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bits and counts of one huge frame. The order of steps is LLFree's: the count
 * first, then bits; giving back, bits first, then the count. So there are always
 * at least as many clear bits as the count says.
 */
#include <string.h>

#include "mm/frame/priv.h"

/* Bits at multiples of 2^order in a row. */
static const uint64_t aligned_bits[] = {
	~0ull,
	0x5555555555555555ull,
	0x1111111111111111ull,
	0x0101010101010101ull,
	0x0001000100010001ull,
	0x0000000100000001ull,
	0x0000000000000001ull,
};

/* Takes min frames to max off the count; returns how many, 0 if there are fewer. */
static unsigned int child_take(const struct frame_zone *zone, uint32_t huge, unsigned int min,
			       unsigned int max)
{
	_Atomic uint32_t *child = child_of(zone, huge);
	uint32_t old = atomic_load_explicit(child, memory_order_relaxed);
	unsigned int take;

	do {
		unsigned int there = old & FRAME_CHILD_FREE;

		if (!(old & FRAME_CHILD_BACKED) || there < min)
			return 0;
		take = there < max ? there : max;
		/* Acquire: sees the bits as those who gave the count left them. */
	} while (!atomic_compare_exchange_weak_explicit(
		child, &old, old - take, memory_order_acquire, memory_order_relaxed));
	tree_add(zone, huge,
		 -(uint64_t)take - ((old & FRAME_CHILD_FREE) == FRAME_PER_HUGE ? SUM_IDLE : 0));
	return take;
}

/* True if the huge frame is idle now. */
static bool child_give(const struct frame_zone *zone, uint32_t huge, unsigned int nr)
{
	/* Release: who takes the count finds the bits clear. */
	uint32_t old = atomic_fetch_add_explicit(child_of(zone, huge), nr, memory_order_release);
	bool idle = (old & FRAME_CHILD_FREE) + nr == FRAME_PER_HUGE;

	MM_ASSERT((old & ~FRAME_CHILD_FREE) == FRAME_CHILD_BACKED);
	MM_ASSERT((old & FRAME_CHILD_FREE) + nr <= FRAME_PER_HUGE);
	tree_add(zone, huge, nr + (idle ? SUM_IDLE : 0));
	if (!(old & FRAME_CHILD_FREE))
		tree_open(zone, huge);
	return idle;
}

/* Which of the bits just taken are clean; they are not any more. */
static uint64_t clean_take(struct frame_pool *pool, uint32_t huge, unsigned int row, uint64_t mask)
{
	_Atomic uint64_t *word = &pool->clean[huge].row[row];
	/* Relaxed: a clean bit belongs to whoever holds its used bit, and was written
	 * before that was last cleared. */
	uint64_t clean = atomic_load_explicit(word, memory_order_relaxed) & mask;

	if (clean)
		atomic_fetch_and_explicit(word, ~clean, memory_order_relaxed);
	return clean;
}

/* The lowest nr bits of mask, which has as many at least. */
static uint64_t lowest_bits(uint64_t mask, unsigned int nr)
{
	uint64_t rest = mask;

	if ((unsigned int)__builtin_popcountll(mask) == nr)
		return mask;
	while (nr--)
		rest &= rest - 1;
	return mask & ~rest;
}

bool field_take_row(struct frame_pool *pool, const struct frame_zone *zone, uint32_t huge,
		    unsigned int start, struct frame_take *take)
{
	for (unsigned int i = 0; i < FRAME_ROWS; i++) {
		unsigned int row = (start + i) % FRAME_ROWS;
		_Atomic uint64_t *word = &pool->used[huge].row[row];
		uint64_t used = atomic_load_explicit(word, memory_order_relaxed);
		unsigned int held;
		unsigned int taken;
		uint64_t mask;

		if (used == ~0ull)
			continue;
		held = child_take(zone, huge, 1, (unsigned int)__builtin_popcountll(~used));
		if (!held)
			return false;
		do {
			unsigned int there = (unsigned int)__builtin_popcountll(~used);

			mask = lowest_bits(~used, there < held ? there : held);
			/* Acquire: what was done to the frames before they were given
			 * comes first. */
		} while (mask && !atomic_compare_exchange_weak_explicit(word, &used, used | mask,
									memory_order_acquire,
									memory_order_relaxed));
		taken = (unsigned int)__builtin_popcountll(mask);
		if (taken < held)
			(void)child_give(zone, huge, held - taken);
		if (!taken)
			continue;
		take->frame = huge * FRAME_PER_HUGE + row * 64;
		take->mask = mask;
		take->clean = clean_take(pool, huge, row, mask);
		return true;
	}
	return false;
}

/* A run within a row: orders 1 to 6. */
static bool row_take_run(struct frame_pool *pool, uint32_t huge, unsigned int row,
			 unsigned int order, struct frame_take *take)
{
	_Atomic uint64_t *word = &pool->used[huge].row[row];
	uint64_t used = atomic_load_explicit(word, memory_order_relaxed);
	uint64_t mask;
	unsigned int bit;

	do {
		uint64_t runs = ~used;

		for (unsigned int i = 0; i < order; i++)
			runs &= runs >> (1u << i);
		runs &= aligned_bits[order];
		if (!runs)
			return false;
		bit = (unsigned int)__builtin_ctzll(runs);
		mask = (order == 6 ? ~0ull : (1ull << (1u << order)) - 1) << bit;
	} while (!atomic_compare_exchange_weak_explicit(
		word, &used, used | mask, memory_order_acquire, memory_order_relaxed));
	take->frame = huge * FRAME_PER_HUGE + row * 64 + bit;
	take->clean = clean_take(pool, huge, row, mask) == mask;
	return true;
}

/* A run of whole rows: orders 7 and 8. */
static bool rows_take_run(struct frame_pool *pool, uint32_t huge, unsigned int row, unsigned int nr,
			  struct frame_take *take)
{
	struct frame_field *used = &pool->used[huge];
	unsigned int done;

	for (done = 0; done < nr; done++) {
		uint64_t none = 0;

		if (!atomic_compare_exchange_strong_explicit(&used->row[row + done], &none, ~0ull,
							     memory_order_acquire,
							     memory_order_relaxed))
			goto undo;
	}
	take->frame = huge * FRAME_PER_HUGE + row * 64;
	take->clean = 1;
	for (unsigned int i = 0; i < nr; i++)
		take->clean &= clean_take(pool, huge, row + i, ~0ull) == ~0ull;
	return true;
undo:
	while (done--)
		atomic_store_explicit(&used->row[row + done], 0, memory_order_release);
	return false;
}

bool field_take_run(struct frame_pool *pool, const struct frame_zone *zone, uint32_t huge,
		    unsigned int order, struct frame_take *take)
{
	unsigned int nr = 1u << order;
	unsigned int step = order <= 6 ? 1 : nr / 64;

	if (!child_take(zone, huge, nr, nr))
		return false;
	take->mask = 1;
	for (unsigned int row = 0; row < FRAME_ROWS; row += step) {
		if (order <= 6 ? row_take_run(pool, huge, row, order, take)
			       : rows_take_run(pool, huge, row, step, take))
			return true;
	}
	(void)child_give(zone, huge, nr);
	return false;
}

bool field_give_row(struct frame_pool *pool, const struct frame_zone *zone, uint32_t row_frame,
		    uint64_t mask, uint64_t clean)
{
	uint32_t huge = row_frame / FRAME_PER_HUGE;
	unsigned int row = row_frame % FRAME_PER_HUGE / 64;

	/* A frame that is given back twice is clear already. */
	MM_ASSERT((atomic_load_explicit(&pool->used[huge].row[row], memory_order_relaxed) & mask) ==
		  mask);
	if (clean)
		atomic_fetch_or_explicit(&pool->clean[huge].row[row], clean, memory_order_relaxed);
	/* Release: pairs with the acquire of who takes these bits. */
	atomic_fetch_and_explicit(&pool->used[huge].row[row], ~mask, memory_order_release);
	return child_give(zone, huge, (unsigned int)__builtin_popcountll(mask));
}

bool field_give_run(struct frame_pool *pool, const struct frame_zone *zone, uint32_t frame,
		    unsigned int order)
{
	uint32_t huge = frame / FRAME_PER_HUGE;
	unsigned int row = frame % FRAME_PER_HUGE / 64;
	unsigned int nr = 1u << order;

	if (order < 6)
		return field_give_row(pool, zone, frame & ~63u, ((1ull << nr) - 1) << frame % 64,
				      0);
	for (unsigned int i = 0; i < nr / 64; i++)
		atomic_store_explicit(&pool->used[huge].row[row + i], 0, memory_order_release);
	return child_give(zone, huge, nr);
}

bool huge_take(struct frame_pool *pool, const struct frame_zone *zone, uint32_t huge, bool *zero)
{
	struct frame_field *clean = &pool->clean[huge];
	uint32_t idle = FRAME_CHILD_IDLE;
	uint64_t all = ~0ull;

	if (!atomic_compare_exchange_strong_explicit(child_of(zone, huge), &idle,
						     FRAME_CHILD_BACKED | FRAME_CHILD_HUGE,
						     memory_order_acquire, memory_order_relaxed))
		return false;
	tree_add(zone, huge, -(uint64_t)FRAME_PER_HUGE - SUM_IDLE);
	/* All is ours now: plain loads and stores would do. */
	for (unsigned int i = 0; i < FRAME_ROWS; i++) {
		uint64_t row = atomic_load_explicit(&clean->row[i], memory_order_relaxed);

		all &= row;
		if (row)
			atomic_store_explicit(&clean->row[i], 0, memory_order_relaxed);
	}
	*zero = all == ~0ull;
	return true;
}

void huge_give(struct frame_pool *pool, const struct frame_zone *zone, uint32_t huge)
{
	(void)pool;
	MM_ASSERT(atomic_load_explicit(child_of(zone, huge), memory_order_relaxed) ==
		  (FRAME_CHILD_BACKED | FRAME_CHILD_HUGE));
	/* Release: what was done to the memory comes before it is free. */
	atomic_store_explicit(child_of(zone, huge), FRAME_CHILD_IDLE, memory_order_release);
	tree_add(zone, huge, FRAME_PER_HUGE + SUM_IDLE);
	tree_open(zone, huge);
}
