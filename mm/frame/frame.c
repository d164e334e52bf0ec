/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm/frame/frame.h"

#include <errno.h>
#include <string.h>

#include "mm/frame/priv.h"

/* Calls of one CPU between two looks at the clock. */
#define EXPIRE_TICKS 256u

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
		.kind = order == 0   ? FRAME_KIND_SINGLE
			: order <= 3 ? FRAME_KIND_SMALL
				     : FRAME_KIND_LARGE,
		.take = &take,
	};
	size_t got = 0;

	MM_ASSERT_HELD(&local->lock);
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
		(void)frame_expire(pool);
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

static __attribute__((noinline)) long pool_get(struct frame_pool *pool, unsigned int cpu,
					       unsigned int order, unsigned int list,
					       unsigned int flags, size_t n, uint64_t *out)
{
	unsigned int nr = flags & MM_THISNODE ? pool->near[list] : pool->reach[list];
	size_t got = 0;

	cpu = pool_cpu(pool, cpu);
	for (unsigned int i = 0; i < nr && got < n; i++) {
		unsigned int zone = pool->order[list][i];

		if (flags & MM_DMA32 && !pool->zone[zone].dma32)
			continue;
		got += zone_get(pool, cpu, zone, order, n - got, out + got);
	}
	return got ? (long)got : -ENOMEM;
}

long frame_get_bulk(struct frame_pool *pool, unsigned int cpu, unsigned int order, int node,
		    unsigned int flags, size_t n, uint64_t *out)
{
	unsigned int list = node == MM_NODE_ANY ? MM_MAX_NODES : (unsigned int)node;

	/* A node without memory has no zone of its own to be first. */
	if (!order && n == 1 && cpu < pool->cpus && !(flags & MM_DMA32) && pool->near[list] &&
	    zone_get_single(pool_local(pool, cpu, pool->order[list][0]), out))
		return 1;
	return pool_get(pool, cpu, order, list, flags, n, out);
}

/* Gives frames of one row back to a CPU's own row, if they fit in. */
static bool local_put(struct frame_local *local, uint32_t row, uint64_t mask)
{
	MM_ASSERT_HELD(&local->lock);
	/* A frame that is given back twice is there already. */
	MM_ASSERT(local->row != row || !(local->free & mask));
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
			       const frame_t *frame)
{
	const uint64_t first = (uint64_t)zone->first * FRAME_PER_HUGE;
	const uint64_t nr = (uint64_t)zone->end * FRAME_PER_HUGE - first;
	size_t i = 0;

	while (i < n && frame[i].nr - first < nr) {
		uint32_t row = (uint32_t)frame[i].nr & ~63u;
		uint64_t mask = 0;

		do {
			mask |= 1ull << frame[i].nr % 64;
		} while (++i < n && (frame[i].nr & ~63ull) == row);
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
			 struct idle_span *span, unsigned int order, frame_t frame)
{
	uint32_t huge = (uint32_t)(frame.nr / FRAME_PER_HUGE);

	if (order < FRAME_HUGE_ORDER) {
		if (field_give_run(pool, zone, (uint32_t)frame.nr, order))
			idle_note(pool, zone, span, huge);
		return;
	}
	for (uint32_t i = 0; i < 1u << (order - FRAME_HUGE_ORDER); i++) {
		huge_give(pool, zone, huge + i);
		idle_note(pool, zone, span, huge + i);
	}
}

static __attribute__((noinline)) void pool_put(struct frame_pool *pool, unsigned int cpu,
					       unsigned int order, size_t n, const frame_t *frame)
{
	const struct frame_zone *zone = NULL;
	struct idle_span span = {0};

	cpu = pool_cpu(pool, cpu);
	for (size_t i = 0; i < n;) {
		unsigned int index = frame_zone_of(pool, frame[i]);
		struct frame_local *local = pool_local(pool, cpu, index);

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

void frame_put_bulk(struct frame_pool *pool, unsigned int cpu, unsigned int order, size_t n,
		    const frame_t *frame)
{
	if (!order && n == 1 && cpu < pool->cpus &&
	    zone_put_single(pool_local(pool, cpu, frame_zone_of(pool, *frame)),
			    (uint32_t)frame->nr))
		return;
	pool_put(pool, cpu, order, n, frame);
}

bool frame_is_backed(const struct frame_pool *pool, uint32_t huge)
{
	const struct frame_zone *zone = zone_at(pool, huge);

	/* Relaxed: a state of some moment. */
	return zone && atomic_load_explicit(child_of(zone, huge), memory_order_relaxed) &
			       FRAME_CHILD_BACKED;
}
