/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm/frame.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "mm/frame_impl.h"

/* Trees looked at for partly used huge frames before an untouched one is opened. */
#define SEEK_NEAR 32u
/* Calls of one CPU between two looks at the clock. */
#define EXPIRE_TICKS 256u

/* What to look for, in order of preference; ANY trusts no hint and leaves nothing
 * out. */
enum seek {
	SEEK_PARTIAL,
	SEEK_IDLE,
	SEEK_BARE,
	SEEK_ANY
};

struct search {
	struct frame_pool *pool;
	const struct frame_zone *zone;
	struct frame_local *local;
	uint32_t owner; /* this CPU's mark on trees */
	unsigned int order;
	bool busy; /* something was in another thread's hands: worth another try */
	bool zero; /* orders 9 and 10 */
	struct frame_take *take;
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
		if (huge == s->local->huge)
			row = s->local->row % FRAME_PER_HUGE / 64 + 1;
		if (!field_take_row(s->pool, s->zone, huge, row, s->take))
			return 0;
	}
	s->local->huge = huge;
	return 1;
}

static bool seek_fits(const struct search *s, enum seek what, uint32_t child)
{
	uint32_t there = child & FRAME_CHILD_FREE;

	switch (what) {
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

/* Order 10: a pair of which each is idle or, where bare will do, bare. */
static bool seek_fits_pair(enum seek what, uint32_t a, uint32_t b)
{
	bool idle = a == FRAME_CHILD_IDLE && b == FRAME_CHILD_IDLE;
	bool whole = (a == FRAME_CHILD_IDLE || a == FRAME_CHILD_BARE) &&
		     (b == FRAME_CHILD_IDLE || b == FRAME_CHILD_BARE);

	return what == SEEK_IDLE ? idle : whole;
}

/* 1: taken; 0: nothing there; -ENOMEM: the host has no memory. */
static int seek_tree(struct search *s, uint32_t tree, enum seek what)
{
	_Atomic uint32_t *child = s->zone->tree[tree].child;
	uint32_t first = (s->zone->first_tree + tree) * FRAME_CHILDREN;
	unsigned int step = s->order > FRAME_HUGE_ORDER ? 2 : 1;
	bool bare = what >= SEEK_BARE;

	for (unsigned int i = 0; i < FRAME_CHILDREN; i += step) {
		uint32_t value = atomic_load_explicit(&child[i], memory_order_relaxed);
		uint32_t next = step > 1 ? atomic_load_explicit(&child[i + 1], memory_order_relaxed)
					 : 0;
		int ret;

		if ((value | next) & FRAME_CHILD_BUSY)
			s->busy = true;
		if (step > 1 ? !seek_fits_pair(what, value, next) : !seek_fits(s, what, value))
			continue;
		if (s->order >= FRAME_HUGE_ORDER) {
			ret = seek_huge(s, first + i, bare);
		} else {
			if (value == FRAME_CHILD_BARE &&
			    back_huge(s->pool, s->zone, first + i) == -ENOMEM)
				return -ENOMEM;
			ret = seek_field(s, first + i);
		}
		if (ret)
			return ret;
		/* Someone was faster; a single frame fails for no other reason. */
		if (!s->order || s->order >= FRAME_HUGE_ORDER)
			s->busy = true;
	}
	return 0;
}

static bool seek_hint(const struct frame_tree *tree, enum seek what)
{
	uint64_t sum = atomic_load_explicit(&tree->sum, memory_order_relaxed);
	uint32_t idle = (uint32_t)(sum >> 32) & 0xffff;
	uint32_t bare = (uint32_t)(sum >> 48);

	switch (what) {
	case SEEK_PARTIAL:
		return (int32_t)((uint32_t)sum - FRAME_PER_HUGE * (idle + bare)) > 0;
	case SEEK_IDLE:
		return idle;
	case SEEK_BARE:
		return bare;
	default:
		return true;
	}
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
		const struct frame_tree *tree = &zone->tree[index];
		uint32_t owner = atomic_load_explicit(&tree->owner, memory_order_relaxed);
		int ret;

		if ((!steal && owner && owner != s->owner) || !seek_hint(tree, what))
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

/* Takes a row (order 0) or a run from a zone: 1, 0 (none) or -ENOMEM (no memory). */
static int seek_zone(struct search *s)
{
	struct frame_local *local = s->local;
	const uint32_t nr = s->zone->nr_trees;
	uint32_t near = nr < SEEK_NEAR ? nr : SEEK_NEAR;
	int ret;

	if (s->order < FRAME_HUGE_ORDER) {
		if (local->huge != UINT32_MAX && seek_field(s, local->huge))
			return 1;
		ret = seek_trees(s, SEEK_PARTIAL, false, local->tree, 1);
		if (ret)
			return ret;
		ret = seek_trees(s, SEEK_PARTIAL, false, local->seek, near);
		if (ret)
			return ret;
		local->seek = (local->seek + near) % nr;
	}
	ret = seek_trees(s, SEEK_IDLE, false, local->tree, near);
	if (!ret)
		ret = seek_trees(s, SEEK_BARE, false, local->tree, nr);
	for (int what = SEEK_PARTIAL; !ret && what < SEEK_ANY; what++)
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

/* Hands out from the row a CPU holds. */
static size_t local_take(struct frame_local *local, size_t n, uint64_t *out)
{
	uint64_t free = local->free;
	size_t got = 0;

	while (free && got < n) {
		uint64_t bit = free & -free;

		out[got++] = (local->row + (unsigned int)__builtin_ctzll(free)) |
			     (local->clean & bit ? FRAME_ZERO : 0);
		free &= ~bit;
	}
	local->free = free;
	local->clean &= free;
	return got;
}

static struct frame_local *pool_local(struct frame_pool *pool, unsigned int cpu, unsigned int zone)
{
	return &pool->local[cpu * pool->nr_zones + zone];
}

/* A division costs as much as a frame does; most callers need none. */
static unsigned int pool_cpu(const struct frame_pool *pool, unsigned int cpu)
{
	return cpu < pool->cpus ? cpu : cpu % pool->cpus;
}

/* The rest of zone_get, when the CPU's row does not do. With its lock held. */
static __attribute__((noinline)) size_t zone_get_more(struct frame_pool *pool,
						      struct frame_local *local, unsigned int cpu,
						      unsigned int zone, unsigned int order,
						      size_t n, uint64_t *out)
{
	struct frame_take take = {0};
	struct search search = {
		.pool = pool,
		.zone = &pool->zone[zone],
		.local = local,
		.owner = cpu + 1,
		.order = order,
		.take = &take,
	};
	size_t got = 0;

	while (got < n && seek_zone(&search) > 0) {
		if (order) {
			out[got++] = take.frame | (take.clean ? FRAME_ZERO : 0);
			continue;
		}
		local->row = take.frame;
		local->free = take.mask;
		local->clean = take.clean;
		got += local_take(local, n - got, out + got);
	}
	return got;
}

static size_t zone_get(struct frame_pool *pool, unsigned int cpu, unsigned int zone,
		       unsigned int order, size_t n, uint64_t *out)
{
	struct frame_local *local = pool_local(pool, cpu, zone);
	size_t got = 0;

	mm_lock(&local->lock);
	if (!order)
		got = local_take(local, n, out);
	if (got < n)
		got += zone_get_more(pool, local, cpu, zone, order, n - got, out + got);
	if (++local->ticks >= EXPIRE_TICKS || order >= FRAME_HUGE_ORDER) {
		local->ticks = 0;
		idle_expire(pool);
	}
	mm_unlock(&local->lock);
	return got;
}

/* One frame of the row a CPU holds, if there is one: the commonest call by far. */
static bool zone_get_single(struct frame_local *local, uint64_t *out)
{
	uint64_t free;
	uint64_t bit;

	mm_lock(&local->lock);
	free = local->free;
	bit = free & -free;
	if (!free || ++local->ticks >= EXPIRE_TICKS) {
		mm_unlock(&local->lock);
		return false;
	}
	*out = (local->row + (unsigned int)__builtin_ctzll(free)) |
	       (local->clean & bit ? FRAME_ZERO : 0);
	local->free = free ^ bit;
	local->clean &= ~bit;
	mm_unlock(&local->lock);
	return true;
}

long frame_get_bulk(struct frame_pool *pool, unsigned int cpu, unsigned int order, int node,
		    unsigned int flags, size_t n, uint64_t *out)
{
	unsigned int list = node == MM_NODE_ANY ? MM_MAX_NODES : (unsigned int)node;
	unsigned int nr = flags & MM_THISNODE ? pool->near[list] : pool->nr_zones;
	size_t got = 0;

	cpu = pool_cpu(pool, cpu);
	for (unsigned int i = 0; i < nr && got < n; i++) {
		unsigned int zone = pool->order[list][i];

		if (flags & MM_DMA32 && !pool->zone[zone].dma32)
			continue;
		if (!order && n == 1 && zone_get_single(pool_local(pool, cpu, zone), out))
			return 1;
		got += zone_get(pool, cpu, zone, order, n - got, out + got);
	}
	return got ? (long)got : -ENOMEM;
}

/* Gives frames of one row back to a CPU's own row, if they fit in. */
static bool local_put(struct frame_local *local, uint32_t row, uint64_t mask)
{
	if (local->row == row) {
		local->free |= mask;
		return true;
	}
	if (local->free)
		return false;
	local->row = row;
	local->free = mask;
	local->clean = 0;
	return true;
}

/* Gives single frames of a zone back: to the CPU's row, else to the field. Returns how
 * many, at the first that is of another zone. */
static size_t zone_put_singles(struct frame_pool *pool, struct frame_local *local,
			       const struct frame_zone *zone, struct idle_span *span, size_t n,
			       const uint64_t *frame)
{
	const uint64_t first = (uint64_t)zone->first * FRAME_PER_HUGE;
	const uint64_t nr = (uint64_t)zone->end * FRAME_PER_HUGE - first;
	size_t i = 0;

	while (i < n && frame[i] - first < nr) {
		uint32_t row = (uint32_t)frame[i] & ~63u;
		uint64_t mask = 0;

		do {
			mask |= 1ull << frame[i] % 64;
		} while (++i < n && (frame[i] & ~63ull) == row);
		if (!local_put(local, row, mask) && field_give_row(pool, zone, row, mask, 0))
			idle_note(pool, zone, span, row / FRAME_PER_HUGE);
	}
	return i;
}

/* One frame to the CPU's own row. */
static bool zone_put_single(struct frame_local *local, uint32_t frame)
{
	bool done;

	mm_lock(&local->lock);
	done = local_put(local, frame & ~63u, 1ull << frame % 64);
	mm_unlock(&local->lock);
	return done;
}

static void zone_put_run(struct frame_pool *pool, const struct frame_zone *zone,
			 struct idle_span *span, unsigned int order, uint64_t frame)
{
	uint32_t huge = (uint32_t)(frame / FRAME_PER_HUGE);

	if (order < FRAME_HUGE_ORDER) {
		if (field_give_run(pool, zone, (uint32_t)frame, order))
			idle_note(pool, zone, span, huge);
		return;
	}
	for (uint32_t i = 0; i < 1u << (order - FRAME_HUGE_ORDER); i++) {
		huge_give(pool, zone, huge + i);
		idle_note(pool, zone, span, huge + i);
	}
}

void frame_put_bulk(struct frame_pool *pool, unsigned int cpu, unsigned int order, size_t n,
		    const uint64_t *frame)
{
	const struct frame_zone *zone = NULL;
	struct idle_span span = {0};

	cpu = pool_cpu(pool, cpu);
	for (size_t i = 0; i < n;) {
		unsigned int index = frame_zone_of(pool, frame[i]);
		struct frame_local *local = pool_local(pool, cpu, index);

		if (!order && n == 1 && zone_put_single(local, (uint32_t)frame[0]))
			return;
		if (zone != &pool->zone[index]) {
			if (span.nr)
				idle_flush(pool, zone, &span);
			zone = &pool->zone[index];
		}
		if (order) {
			zone_put_run(pool, zone, &span, order, frame[i++]);
			continue;
		}
		mm_lock(&local->lock);
		i += zone_put_singles(pool, local, zone, &span, n - i, frame + i);
		mm_unlock(&local->lock);
	}
	if (span.nr)
		idle_flush(pool, zone, &span);
}
