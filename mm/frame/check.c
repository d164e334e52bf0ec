/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether counts, bits and states of huge frames agree, while no call is under way. */
#include "mm/frame/priv.h"

#ifdef MM_CHECK

#include "mm/host/limit.h"

static unsigned int row_bits(const struct frame_field *field)
{
	unsigned int bits = 0;

	for (unsigned int i = 0; i < FRAME_ROWS; i++)
		bits += (unsigned int)__builtin_popcountll(
			atomic_load_explicit(&field->row[i], memory_order_relaxed));
	return bits;
}

/* Tells whether no frame that is in use is said to be clean. */
static bool rows_are_clean(const struct frame_pool *pool, uint32_t huge)
{
	for (unsigned int i = 0; i < FRAME_ROWS; i++) {
		uint64_t used =
			atomic_load_explicit(&pool->used[huge].row[i], memory_order_relaxed);

		if (used & atomic_load_explicit(&pool->clean[huge].row[i], memory_order_relaxed))
			return false;
	}
	return true;
}

/* Adds what of a huge frame is handed out, or held by CPUs, to *used. */
static const char *check_huge(const struct frame_pool *pool, uint32_t huge, uint32_t child,
			      uint64_t *used)
{
	unsigned int bits = row_bits(&pool->used[huge]);
	unsigned int free = child & FRAME_CHILD_FREE;

	switch (child & ~FRAME_CHILD_FREE) {
	case 0:
		if (free != FRAME_PER_HUGE || bits)
			return limit_why("huge frame %u has no memory, %u free frames and %u used",
					 huge, free, bits);
		return NULL;
	case FRAME_CHILD_BACKED | FRAME_CHILD_HUGE:
		if (free || bits)
			return limit_why("huge frame %u is handed out whole, and %u are free, %u "
					 "used by themselves",
					 huge, free, bits);
		*used += FRAME_PER_HUGE;
		return NULL;
	case FRAME_CHILD_BACKED:
		if (free + bits != FRAME_PER_HUGE)
			return limit_why("huge frame %u counts %u free frames, and bits of %u used",
					 huge, free, bits);
		if (!rows_are_clean(pool, huge))
			return limit_why("huge frame %u has clean frames that are in use", huge);
		*used += bits;
		return NULL;
	default:
		return limit_why("huge frame %u is in state 0x%x at rest", huge, child);
	}
}

/* A tree's sum is a hint while others work; at rest it is exact. */
static const char *check_tree(const struct frame_pool *pool, const struct frame_zone *zone,
			      uint32_t tree, uint64_t *used, uint32_t *backed)
{
	uint64_t sum = 0;
	uint64_t hint;

	for (unsigned int i = 0; i < FRAME_CHILDREN; i++) {
		uint32_t huge = (zone->first_tree + tree) * FRAME_CHILDREN + i;
		uint32_t child =
			atomic_load_explicit(&zone->tree[tree].child[i], memory_order_relaxed);
		const char *why;

		if (huge < zone->first || huge >= zone->end)
			continue;
		why = check_huge(pool, huge, child, used);
		if (why)
			return why;
		sum += child & FRAME_CHILD_FREE;
		sum += child == FRAME_CHILD_IDLE ? SUM_IDLE : 0;
		sum += child == FRAME_CHILD_BARE ? SUM_BARE : 0;
		*backed += !!(child & FRAME_CHILD_BACKED);
	}
	hint = atomic_load_explicit(&zone->tree[tree].sum, memory_order_relaxed);
	return hint == sum ? NULL
			   : limit_why("tree %u of zone %u says 0x%llx, its huge frames 0x%llx",
				       tree, (unsigned int)(zone - pool->zone),
				       (unsigned long long)hint, (unsigned long long)sum);
}

/* What CPUs hold is taken from the fields, and each bit by one of them. */
static const char *check_local(const struct frame_pool *pool, unsigned int index)
{
	const struct frame_local *local = &pool->local[index];
	uint64_t row;

	if (atomic_load_explicit(&local->lock.held, memory_order_relaxed))
		return limit_why("the frames of CPU %u are locked at rest", index / pool->nr_zones);
	if (local->clean & ~local->free)
		return limit_why("CPU %u has clean frames that it does not hold",
				 index / pool->nr_zones);
	if (!local->free)
		return NULL;
	row = atomic_load_explicit(
		&pool->used[local->row / FRAME_PER_HUGE].row[local->row % FRAME_PER_HUGE / 64],
		memory_order_relaxed);
	if (local->free & ~row)
		return limit_why("CPU %u holds frames that are free", index / pool->nr_zones);
	for (unsigned int i = 0; i < index; i++) {
		if (pool->local[i].row == local->row && pool->local[i].free & local->free)
			return limit_why("CPUs %u and %u hold the same frames", i / pool->nr_zones,
					 index / pool->nr_zones);
	}
	return NULL;
}

const char *frame_check(struct frame_pool *pool, uint64_t *out)
{
	uint32_t backed = 0;
	uint32_t said;
	const char *why = NULL;

	*out = 0;
	for (unsigned int i = 0; i < pool->nr_zones; i++) {
		for (uint32_t tree = 0; !why && tree < pool->zone[i].nr_trees; tree++)
			why = check_tree(pool, &pool->zone[i], tree, out, &backed);
	}
	for (unsigned int i = 0; !why && i < pool->cpus * pool->nr_zones; i++)
		why = check_local(pool, i);
	if (why)
		return why;
	*out -= frame_count_held(pool);
	said = atomic_load_explicit(&pool->nr_backed, memory_order_relaxed);
	return said == backed
		       ? NULL
		       : limit_why("%u huge frames are said to be backed, %u are", said, backed);
}

#endif
