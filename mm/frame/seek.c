/* SPDX-License-Identifier: BSD-2-Clause */
/* Searching the trees of a zone for frames, best fit first. */
#include <errno.h>
#include <sched.h>

#include "mm/frame/priv.h"

/* Trees with partly used huge frames that are looked at before an untouched huge frame
 * is opened. */
#define SEEK_NEAR 32u
/* The same, for those that have been left idle. */
#define SEEK_FAR 1024u

/* Free frames, in runs of the order asked for, that make a huge frame worth a search. */
#define SEEK_COMFORT 16u

/* What to look for, in order of preference; ANY trusts no hint and leaves nothing
 * out. */
enum seek {
	SEEK_KIND, /* partly used, and by the same kind */
	SEEK_IDLE,
	SEEK_BARE,
	SEEK_PARTIAL,
	SEEK_ANY
};

/* Takes a huge frame whole, idle or (if bare) backed for this. */
static int seek_hold(struct search *s, uint32_t huge, bool bare, bool *zero)
{
	int err;

	for (;;) {
		if (huge_take(s->pool, s->zone, huge, zero))
			return 1;
		if (!bare)
			return 0;
		err = back_huge(s->pool, s->zone, huge);
		if (err)
			return err == -ENOMEM ? err : 0;
	}
}

static int seek_huge(struct search *s, uint32_t huge, bool bare)
{
	bool zero[2] = {true, true};
	int ret;

	ret = seek_hold(s, huge, bare, &zero[0]);
	if (ret <= 0)
		return ret;
	if (s->order > FRAME_HUGE_ORDER) {
		ret = seek_hold(s, huge + 1, bare, &zero[1]);
		if (ret <= 0) {
			huge_give(s->pool, s->zone, huge);
			return ret;
		}
	}
	s->local->whole = huge;
	s->take->frame = huge * FRAME_PER_HUGE;
	s->take->mask = 1;
	s->take->clean = zero[0] && zero[1];
	return 1;
}

static int seek_field(struct search *s, uint32_t huge)
{
	unsigned int row = 0;

	if (s->order) {
		if (!field_take_run(s->pool, s->zone, huge, s->order, s->take))
			return 0;
	} else {
		if (huge == s->local->huge[s->kind])
			row = s->local->row % FRAME_PER_HUGE / 64 + 1;
		if (!field_take_row(s->pool, s->zone, huge, row, s->take))
			return 0;
	}
	s->local->huge[s->kind] = huge;
	return 1;
}

static bool seek_fits(const struct search *s, enum seek what, uint32_t child)
{
	uint32_t there = child & FRAME_CHILD_FREE;

	switch (what) {
	case SEEK_KIND:
	case SEEK_PARTIAL:
		return child & FRAME_CHILD_BACKED && there != FRAME_PER_HUGE &&
		       there >= 1u << s->order;
	case SEEK_IDLE:
		return child == FRAME_CHILD_IDLE;
	case SEEK_BARE:
		return child == FRAME_CHILD_BARE;
	default:
		return there &&
		       there >= (s->order < FRAME_HUGE_ORDER ? 1u << s->order : FRAME_PER_HUGE);
	}
}

static bool seek_whole(uint32_t child)
{
	return child == FRAME_CHILD_IDLE || child == FRAME_CHILD_BARE;
}

/* Order 10: a pair of which each is idle or, where bare will do, bare. */
static bool seek_fits_pair(enum seek what, uint32_t a, uint32_t b)
{
	bool idle = a == FRAME_CHILD_IDLE && b == FRAME_CHILD_IDLE;

	return what == SEEK_IDLE ? idle : seek_whole(a) && seek_whole(b);
}

/* Relaxed: a hint; a wrong one costs room, nothing else. */
static enum frame_kind tree_kind(const struct search *s, uint32_t tree, unsigned int child)
{
	return (enum frame_kind)atomic_load_explicit(&s->zone->tree[tree].kind[child],
						     memory_order_relaxed);
}

/* 1: taken; 0: nothing there; -ENOMEM: the host has no memory. */
static int seek_tree(struct search *s, uint32_t tree, enum seek what)
{
	_Atomic uint32_t *child = s->zone->tree[tree].child;
	uint32_t first = (s->zone->first_tree + tree) * FRAME_CHILDREN;
	unsigned int step = s->order > FRAME_HUGE_ORDER ? 2 : 1;
	bool bare = what == SEEK_BARE || what == SEEK_ANY;
	unsigned int start = 0;

	/* Those before the one taken last are taken, as a rule. */
	if (s->order >= FRAME_HUGE_ORDER &&
	    first == s->local->whole / FRAME_CHILDREN * FRAME_CHILDREN)
		start = s->local->whole % FRAME_CHILDREN & ~(step - 1);
	for (unsigned int k = 0; k < FRAME_CHILDREN; k += step) {
		unsigned int i = (start + k) % FRAME_CHILDREN;
		uint32_t value = atomic_load_explicit(&child[i], memory_order_relaxed);
		uint32_t next = step > 1 ? atomic_load_explicit(&child[i + 1], memory_order_relaxed)
					 : 0;
		int ret;

		if ((value | next) & FRAME_CHILD_BUSY)
			s->busy = true;
		if (step > 1 ? !seek_fits_pair(what, value, next) : !seek_fits(s, what, value))
			continue;
		if (what == SEEK_KIND && tree_kind(s, tree, i) != s->kind)
			continue;
		if (s->order >= FRAME_HUGE_ORDER) {
			ret = seek_huge(s, first + i, bare);
		} else {
			if (value == FRAME_CHILD_BARE &&
			    back_huge(s->pool, s->zone, first + i) == -ENOMEM)
				return -ENOMEM;
			ret = seek_field(s, first + i);
			/* Whoever opens it says what for. */
			if (ret && what != SEEK_KIND && seek_whole(value))
				atomic_store_explicit(&s->zone->tree[tree].kind[i],
						      (uint8_t)s->kind, memory_order_relaxed);
		}
		if (ret)
			return ret;
		/* Someone was faster; a single frame fails for no other reason. */
		if (!s->order || s->order >= FRAME_HUGE_ORDER)
			s->busy = true;
	}
	return 0;
}

/* Free frames of a tree that are in partly used huge frames, by its hint. */
static uint32_t tree_partial(const struct frame_tree *tree)
{
	uint64_t sum = atomic_load_explicit(&tree->sum, memory_order_relaxed);
	int32_t partial =
		(int32_t)((uint32_t)sum - FRAME_PER_HUGE * ((uint32_t)(sum >> 32 & 0xffff) +
							    (uint32_t)(sum >> 48)));

	return partial < 0 ? 0 : (uint32_t)partial;
}

static bool seek_hint(const struct frame_tree *tree, enum seek what)
{
	uint64_t sum = atomic_load_explicit(&tree->sum, memory_order_relaxed);

	switch (what) {
	case SEEK_KIND:
	case SEEK_PARTIAL:
		return tree_partial(tree);
	case SEEK_IDLE:
		return sum >> 32 & 0xffff;
	case SEEK_BARE:
		return sum >> 48;
	default:
		return true;
	}
}

/* The fuller, the better, but for what is so full that a search would be worth little. */
static uint32_t seek_rank(const struct search *s, uint32_t there)
{
	uint32_t comfort = SEEK_COMFORT << s->order;

	return there < comfort ? UINT32_MAX / 2 - there : there;
}

/* Takes from the partly used huge frame of a tree that fits best: 1 or 0. */
static int seek_best_child(struct search *s, uint32_t tree)
{
	_Atomic uint32_t *child = s->zone->tree[tree].child;
	uint32_t first = (s->zone->first_tree + tree) * FRAME_CHILDREN;
	uint32_t least = UINT32_MAX;
	unsigned int best = 0;

	for (unsigned int i = 0; i < FRAME_CHILDREN; i++) {
		uint32_t value = atomic_load_explicit(&child[i], memory_order_relaxed);
		uint32_t rank = seek_rank(s, value & FRAME_CHILD_FREE);

		if (rank < least && seek_fits(s, SEEK_KIND, value) &&
		    tree_kind(s, tree, i) == s->kind) {
			least = rank;
			best = i;
		}
	}
	return least == UINT32_MAX ? 0 : seek_field(s, first + best);
}

/* The first open tree from one on, or the zone's number of trees. */
static uint32_t seek_open(const struct frame_zone *zone, uint32_t from)
{
	uint64_t bits;

	for (; from < zone->nr_trees; from = (from | 63) + 1) {
		bits = atomic_load_explicit(&zone->open[from / 64], memory_order_relaxed) >>
		       from % 64;
		if (bits)
			return from + (unsigned int)__builtin_ctzll(bits);
	}
	return zone->nr_trees;
}

/* Tells by its hint if a tree has backed huge frames with room. */
static bool tree_has_room(const struct frame_tree *tree)
{
	return tree_partial(tree) || seek_hint(tree, SEEK_IDLE);
}

/* Forgets a tree that has no room, unless it has by now. */
static void seek_close(const struct frame_zone *zone, uint32_t index)
{
	_Atomic uint64_t *word = &zone->open[index / 64];

	atomic_fetch_and_explicit(word, ~(1ull << index % 64), memory_order_relaxed);
	if (tree_has_room(&zone->tree[index]))
		atomic_fetch_or_explicit(word, 1ull << index % 64, memory_order_relaxed);
}

/* A walk over the open trees that come next, round the zone, `left` of them at most. */
struct walk {
	const struct frame_zone *zone;
	uint32_t start, next;
	uint32_t left;
	bool wrapped;
};

/* Passes over those where nothing of the wanted sort is, and closes those with no room. */
static bool walk_next(struct walk *walk, enum seek what, uint32_t *index)
{
	const struct frame_zone *zone = walk->zone;

	while (walk->left) {
		*index = seek_open(zone, walk->next);
		if (*index == zone->nr_trees) {
			if (walk->wrapped)
				return false;
			walk->wrapped = true;
			walk->next = 0;
			continue;
		}
		if (walk->wrapped && *index >= walk->start)
			return false;
		walk->next = *index + 1;
		walk->left--;
		if (seek_hint(&zone->tree[*index], what))
			return true;
		if (!tree_has_room(&zone->tree[*index]))
			seek_close(zone, *index);
	}
	return false;
}

/* Trees of other CPUs are left to them. */
static bool seek_foreign(const struct search *s, uint32_t index)
{
	uint32_t owner = atomic_load_explicit(&s->zone->tree[index].owner, memory_order_relaxed);

	return owner && owner != s->owner;
}

/* The open tree whose partly used huge frames are fullest, or UINT32_MAX. */
static uint32_t seek_best_tree(const struct search *s, uint32_t start)
{
	struct walk walk = {.zone = s->zone, .start = start, .next = start, .left = SEEK_NEAR};
	uint32_t least = UINT32_MAX;
	uint32_t best = UINT32_MAX;
	uint32_t index;

	while (walk_next(&walk, SEEK_KIND, &index)) {
		uint32_t partial = tree_partial(&s->zone->tree[index]);
		uint32_t rank = seek_rank(s, partial);

		if (partial >= 1u << s->order && rank < least && !seek_foreign(s, index)) {
			least = rank;
			best = index;
		}
	}
	return best;
}

/* Makes a tree this CPU's own, so that others keep off it while they can. */
static void seek_settle(struct search *s, uint32_t tree)
{
	struct frame_local *local = s->local;
	uint32_t mine = s->owner;
	uint32_t nobody = 0;

	if (local->tree == tree)
		return;
	/* Relaxed: ownership is a preference. */
	if (!atomic_compare_exchange_strong_explicit(&s->zone->tree[tree].owner, &nobody, mine,
						     memory_order_relaxed, memory_order_relaxed) &&
	    nobody != mine)
		return;
	atomic_compare_exchange_strong_explicit(&s->zone->tree[local->tree].owner, &mine, 0,
						memory_order_relaxed, memory_order_relaxed);
	local->tree = tree;
}

static int seek_trees(struct search *s, enum seek what, bool steal, uint32_t start, uint32_t nr)
{
	const struct frame_zone *zone = s->zone;

	for (uint32_t i = 0; i < nr; i++) {
		uint32_t index = (start + i) % zone->nr_trees;
		int ret;

		if ((!steal && seek_foreign(s, index)) || !seek_hint(&zone->tree[index], what))
			continue;
		ret = seek_tree(s, index, what);
		if (ret) {
			if (ret > 0)
				seek_settle(s, index);
			return ret;
		}
	}
	return 0;
}

/* In partly used huge frames of the kind asked for: 1, or 0. */
static int seek_opened(struct search *s)
{
	struct frame_local *local = s->local;
	struct walk walk = {
		.zone = s->zone, .start = local->seek, .next = local->seek, .left = SEEK_NEAR};
	uint32_t index;

	if (local->huge[s->kind] != UINT32_MAX && seek_field(s, local->huge[s->kind]))
		return 1;
	index = seek_best_tree(s, local->seek);
	if (index != UINT32_MAX && seek_best_child(s, index)) {
		seek_settle(s, index);
		return 1;
	}
	if (seek_trees(s, SEEK_KIND, false, local->tree, 1))
		return 1;
	while (walk_next(&walk, SEEK_KIND, &index)) {
		if (seek_foreign(s, index) || !seek_best_child(s, index))
			continue;
		seek_settle(s, index);
		return 1;
	}
	/* The next search looks at others, if there are any. */
	local->seek = walk.left ? local->seek : walk.next % s->zone->nr_trees;
	return 0;
}

/* In idle huge frames: 1, or 0. */
static int seek_idle(struct search *s)
{
	const uint32_t start = s->local->tree;
	struct walk walk = {.zone = s->zone, .start = start, .next = start, .left = SEEK_FAR};
	uint32_t index;

	while (walk_next(&walk, SEEK_IDLE, &index)) {
		if (seek_foreign(s, index) || seek_tree(s, index, SEEK_IDLE) <= 0)
			continue;
		seek_settle(s, index);
		return 1;
	}
	return 0;
}

int seek_zone(struct search *s)
{
	struct frame_local *local = s->local;
	const uint32_t nr = s->zone->nr_trees;
	int ret;

	MM_ASSERT_HELD(&local->lock);
	if (s->order < FRAME_HUGE_ORDER && seek_opened(s))
		return 1;
	if (seek_idle(s))
		return 1;
	ret = seek_trees(s, SEEK_BARE, false, local->tree, nr);
	for (int what = SEEK_KIND; !ret && what < SEEK_ANY; what++)
		ret = seek_trees(s, what, true, local->tree, nr);
	while (!ret) {
		s->busy = false;
		ret = seek_trees(s, SEEK_ANY, true, 0, nr);
		if (!ret && !s->busy)
			return 0;
		if (!ret)
			sched_yield();
	}
	return ret;
}
