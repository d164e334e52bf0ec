/* SPDX-License-Identifier: BSD-2-Clause */
/* What frame.c (searching), field.c (bits and counts) and back.c (backing)
 * share and nobody else needs. */
#ifndef MM_FRAME_PRIV_H
#define MM_FRAME_PRIV_H

#include "mm/frame/frame.h"

/* Terms of a tree's sum. */
#define SUM_IDLE (1ull << 32)
#define SUM_BARE (1ull << 48)

/* Huge frames that fell idle side by side in one call. */
struct idle_span {
	uint32_t first, nr;
};

/* What was taken: a run at frame, or order 0: the bits mask of the row at frame. */
struct frame_take {
	uint32_t frame;
	uint64_t mask;
	uint64_t clean;
};

/* A search for a row (order 0) or a run in one zone. */
struct search {
	struct frame_pool *pool;
	const struct frame_zone *zone;
	struct frame_local *local;
	uint32_t owner; /* this CPU's mark on trees */
	unsigned int order;
	enum frame_kind kind;
	bool busy; /* something was in another thread's hands: worth another try */
	bool zero; /* orders 9 and 10 */
	struct frame_take *take;
};

/* Takes a row or a run: 1, 0 (there is none) or -ENOMEM (the host has no memory). With
 * the CPU's lock held. */
int seek_zone(struct search *s);

/* The zone of a huge frame; NULL: it lies between ranges. */
static inline const struct frame_zone *zone_at(const struct frame_pool *pool, uint32_t huge)
{
	for (unsigned int i = 0; i < pool->nr_zones; i++) {
		if (huge >= pool->zone[i].first && huge < pool->zone[i].end)
			return &pool->zone[i];
	}
	return NULL;
}

static inline struct frame_tree *tree_of(const struct frame_zone *zone, uint32_t huge)
{
	return &zone->tree[huge / FRAME_CHILDREN - zone->first_tree];
}

static inline _Atomic uint32_t *child_of(const struct frame_zone *zone, uint32_t huge)
{
	return &tree_of(zone, huge)->child[huge % FRAME_CHILDREN];
}

static inline void tree_add(const struct frame_zone *zone, uint32_t huge, uint64_t delta)
{
	/* Relaxed: the sum is a hint, nothing is read on the strength of it. */
	atomic_fetch_add_explicit(&tree_of(zone, huge)->sum, delta, memory_order_relaxed);
}

/* Notes that a tree has a backed huge frame with room in it. Relaxed, as its sum; mostly
 * the bit is set already. */
static inline void tree_open(const struct frame_zone *zone, uint32_t huge)
{
	uint32_t index = huge / FRAME_CHILDREN - zone->first_tree;
	_Atomic uint64_t *word = &zone->open[index / 64];
	uint64_t bit = 1ull << index % 64;

	if (!(atomic_load_explicit(word, memory_order_relaxed) & bit))
		atomic_fetch_or_explicit(word, bit, memory_order_relaxed);
}

/* Field operations of one backed huge frame: take up to a row, a run of order 1-8,
 * or nothing (false). */
bool field_take_row(struct frame_pool *pool, const struct frame_zone *zone, uint32_t huge,
		    unsigned int start, struct frame_take *take);
bool field_take_run(struct frame_pool *pool, const struct frame_zone *zone, uint32_t huge,
		    unsigned int order, struct frame_take *take);
/* Gives bits of a row back, of which clean are still known to be zero. True if the
 * huge frame fell idle. */
bool field_give_row(struct frame_pool *pool, const struct frame_zone *zone, uint32_t row_frame,
		    uint64_t mask, uint64_t clean);
bool field_give_run(struct frame_pool *pool, const struct frame_zone *zone, uint32_t frame,
		    unsigned int order);

/* Takes an idle huge frame whole and tells if it is all zero; gives it back. */
bool huge_take(struct frame_pool *pool, const struct frame_zone *zone, uint32_t huge, bool *zero);
void huge_give(struct frame_pool *pool, const struct frame_zone *zone, uint32_t huge);

/* Backs a bare huge frame, which becomes idle. 0; -EAGAIN: it is not bare any more;
 * -ENOMEM: the host has no memory. */
int back_huge(struct frame_pool *pool, const struct frame_zone *zone, uint32_t huge);
/* Notes that a huge frame fell idle in this call, or discards what was noted. */
void idle_note(struct frame_pool *pool, const struct frame_zone *zone, struct idle_span *span,
	       uint32_t huge);
void idle_flush(struct frame_pool *pool, const struct frame_zone *zone, struct idle_span *span);

#endif
