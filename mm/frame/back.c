/* SPDX-License-Identifier: BSD-2-Clause */
/* Huge frames between the host and the pool: backed on first use, discarded when
 * idle. A huge frame under way is BUSY, which everyone else takes for not free. */
#include <errno.h>
#include <time.h>

#include "mm/frame/priv.h"

/* Most huge frames in one discard: 1 GiB is far past where the system call counts. */
#define BACK_MAX_SPAN 512u

uint32_t frame_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint32_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static uint64_t back_offset(const struct frame_pool *pool, uint32_t huge)
{
	return frame_addr(pool, frame_at((uint64_t)huge * FRAME_PER_HUGE)) - pool->base;
}

/* Claims a huge frame in a state for this thread alone. */
static bool back_claim(const struct frame_zone *zone, uint32_t huge, uint32_t state, uint64_t sum)
{
	/* Acquire: the last users are done with it. */
	if (!atomic_compare_exchange_strong_explicit(child_of(zone, huge), &state, FRAME_CHILD_BUSY,
						     memory_order_acquire, memory_order_relaxed))
		return false;
	tree_add(zone, huge, -(uint64_t)FRAME_PER_HUGE - sum);
	return true;
}

static void back_publish(const struct frame_zone *zone, uint32_t huge, uint32_t state, uint64_t sum)
{
	MM_ASSERT(atomic_load_explicit(child_of(zone, huge), memory_order_relaxed) ==
		  FRAME_CHILD_BUSY);
	/* Release: what was done to the memory and the clean bits comes first. */
	atomic_store_explicit(child_of(zone, huge), state, memory_order_release);
	tree_add(zone, huge, FRAME_PER_HUGE + sum);
	if (state == FRAME_CHILD_IDLE)
		tree_open(zone, huge);
}

/* Counts one more huge frame as backed, if there may be one. Relaxed, as all of the counter. */
static bool back_charge(struct frame_pool *pool)
{
	uint32_t nr = atomic_load_explicit(&pool->nr_backed, memory_order_relaxed);

	do {
		if (nr >= pool->max_backed)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(
		&pool->nr_backed, &nr, nr + 1, memory_order_relaxed, memory_order_relaxed));
	return true;
}

int back_huge(struct frame_pool *pool, const struct frame_zone *zone, uint32_t huge)
{
	if (!back_claim(zone, huge, FRAME_CHILD_BARE, SUM_BARE))
		return -EAGAIN;
	if (!back_charge(pool))
		goto refuse;
	if (region_back(pool->region, back_offset(pool, huge), MM_HUGE_SIZE)) {
		atomic_fetch_sub_explicit(&pool->nr_backed, 1, memory_order_relaxed);
		goto refuse;
	}
	for (unsigned int i = 0; i < FRAME_ROWS; i++)
		atomic_store_explicit(&pool->clean[huge].row[i], ~0ull, memory_order_relaxed);
	back_publish(zone, huge, FRAME_CHILD_IDLE, SUM_IDLE);
	return 0;

refuse:
	back_publish(zone, huge, FRAME_CHILD_BARE, SUM_BARE);
	return -ENOMEM;
}

uint64_t frame_punch(struct frame_pool *pool, uint32_t huge)
{
	const struct frame_zone *zone = zone_at(pool, huge);
	uint64_t bytes;

	/* Claimed, so that nobody backs it meanwhile and loses what is handed out. */
	if (!zone || !back_claim(zone, huge, FRAME_CHILD_BARE, SUM_BARE))
		return 0;
	bytes = region_stored_in(pool->region, back_offset(pool, huge), MM_HUGE_SIZE);
	if (bytes && region_discard(pool->region, back_offset(pool, huge), MM_HUGE_SIZE))
		bytes = 0;
	back_publish(zone, huge, FRAME_CHILD_BARE, SUM_BARE);
	return bytes;
}

/* Discards nr huge frames that this thread has claimed. Returns how many. */
static uint32_t back_discard(struct frame_pool *pool, const struct frame_zone *zone, uint32_t first,
			     uint32_t nr)
{
	bool gone;

	if (!nr)
		return 0;
	gone = !region_discard(pool->region, back_offset(pool, first), nr * MM_HUGE_SIZE);
	for (uint32_t huge = first; huge < first + nr; huge++) {
		if (gone) {
			back_publish(zone, huge, FRAME_CHILD_BARE, SUM_BARE);
			continue;
		}
		for (unsigned int i = 0; i < FRAME_ROWS; i++)
			atomic_store_explicit(&pool->clean[huge].row[i], 0, memory_order_relaxed);
		back_publish(zone, huge, FRAME_CHILD_IDLE, SUM_IDLE);
	}
	if (!gone)
		return 0;
	atomic_fetch_sub_explicit(&pool->nr_backed, nr, memory_order_relaxed);
	return nr;
}

/* Discards idle huge frames in [first, end), those alone that have been so for age
 * ms at the time now. *left: there are others. */
static uint32_t back_sweep(struct frame_pool *pool, const struct frame_zone *zone, uint32_t first,
			   uint32_t end, uint32_t now, uint32_t age, bool *left)
{
	uint32_t start = first;
	uint32_t nr = 0;
	uint32_t discarded = 0;

	for (uint32_t huge = first; huge < end; huge++) {
		uint32_t child = atomic_load_explicit(child_of(zone, huge), memory_order_relaxed);
		uint32_t since = atomic_load_explicit(&pool->idle_ms[huge], memory_order_relaxed);
		bool due = child == FRAME_CHILD_IDLE && (!age || now - since >= age);

		if (child == FRAME_CHILD_IDLE && !due)
			*left = true;
		if (due && back_claim(zone, huge, FRAME_CHILD_IDLE, SUM_IDLE)) {
			if (!nr++)
				start = huge;
			if (nr < BACK_MAX_SPAN)
				continue;
		}
		discarded += back_discard(pool, zone, start, nr);
		nr = 0;
	}
	return discarded + back_discard(pool, zone, start, nr);
}

void idle_note(struct frame_pool *pool, const struct frame_zone *zone, struct idle_span *span,
	       uint32_t huge)
{
	if (pool->delay_ms < 0)
		return;
	if (pool->delay_ms > 0) {
		uint32_t now = frame_now_ms();

		atomic_store_explicit(&pool->idle_ms[huge], now, memory_order_relaxed);
		if (!atomic_load_explicit(&pool->idle, memory_order_relaxed)) {
			atomic_store_explicit(&pool->next_ms, now + (uint32_t)pool->delay_ms,
					      memory_order_relaxed);
			/* Release: who sees it sees the time too. */
			atomic_store_explicit(&pool->idle, true, memory_order_release);
		}
		return;
	}
	if (span->nr && huge == span->first + span->nr) {
		span->nr++;
	} else if (span->nr && huge + 1 == span->first) {
		span->first--;
		span->nr++;
	} else {
		idle_flush(pool, zone, span);
		span->first = huge;
		span->nr = 1;
	}
}

void idle_flush(struct frame_pool *pool, const struct frame_zone *zone, struct idle_span *span)
{
	bool left;

	if (span->nr)
		(void)back_sweep(pool, zone, span->first, span->first + span->nr, 0, 0, &left);
	span->nr = 0;
}

uint64_t frame_expire(struct frame_pool *pool)
{
	uint32_t age = (uint32_t)pool->delay_ms;
	uint64_t discarded = 0;
	uint32_t now;
	uint32_t next;
	bool left = false;

	/* Acquire: pairs with idle_note's release. */
	if (pool->delay_ms <= 0 || !atomic_load_explicit(&pool->idle, memory_order_acquire))
		return 0;
	now = frame_now_ms();
	next = atomic_load_explicit(&pool->next_ms, memory_order_relaxed);
	/* One thread sweeps: the one that moves the time on. */
	if ((int32_t)(now - next) < 0 ||
	    !atomic_compare_exchange_strong_explicit(&pool->next_ms, &next, now + age / 4 + 1,
						     memory_order_relaxed, memory_order_relaxed))
		return 0;
	/* Before the sweep, so that what falls idle behind it is not forgotten. */
	atomic_store_explicit(&pool->idle, false, memory_order_relaxed);
	for (unsigned int i = 0; i < pool->nr_zones; i++)
		discarded += back_sweep(pool, &pool->zone[i], pool->zone[i].first,
					pool->zone[i].end, now, age, &left);
	if (left)
		atomic_store_explicit(&pool->idle, true, memory_order_release);
	return discarded * MM_HUGE_SIZE;
}

int32_t frame_due_ms(const struct frame_pool *pool)
{
	int32_t left;

	if (pool->delay_ms <= 0 || !atomic_load_explicit(&pool->idle, memory_order_acquire))
		return -1;
	left = (int32_t)(atomic_load_explicit(&pool->next_ms, memory_order_relaxed) -
			 frame_now_ms());
	return left < 0 ? 0 : left;
}

/* Frames of a zone that CPUs hold in their rows. */
static uint64_t zone_count_held(struct frame_pool *pool, unsigned int index)
{
	uint64_t held = 0;

	for (unsigned int cpu = 0; cpu < pool->cpus; cpu++) {
		struct frame_local *local = &pool->local[cpu * pool->nr_zones + index];

		mm_lock(&local->lock);
		held += (unsigned int)__builtin_popcountll(local->free);
		mm_unlock(&local->lock);
	}
	return held;
}

uint64_t frame_count_held(struct frame_pool *pool)
{
	uint64_t held = 0;

	for (unsigned int i = 0; i < pool->nr_zones; i++)
		held += zone_count_held(pool, i);
	return held;
}

static uint64_t zone_count_out(struct frame_pool *pool, unsigned int index)
{
	const struct frame_zone *zone = &pool->zone[index];
	uint64_t held = zone_count_held(pool, index);
	uint64_t out = 0;
	uint32_t child;

	for (uint32_t huge = zone->first; huge < zone->end; huge++) {
		/* Relaxed: a number to be shown. */
		child = atomic_load_explicit(child_of(zone, huge), memory_order_relaxed);
		if (child & FRAME_CHILD_BACKED)
			out += FRAME_PER_HUGE - (child & FRAME_CHILD_FREE);
	}
	return held < out ? out - held : 0;
}

uint64_t frame_count_user(struct frame_pool *pool, uint64_t *out)
{
	uint64_t total = 0;

	*out = 0;
	for (unsigned int i = 0; i < pool->nr_zones; i++) {
		if (!pool->zone[i].user)
			continue;
		total += (uint64_t)(pool->zone[i].end - pool->zone[i].first) * FRAME_PER_HUGE;
		*out += zone_count_out(pool, i);
	}
	return total;
}

bool frame_drain(struct frame_pool *pool)
{
	bool drained = false;

	for (unsigned int i = 0; i < pool->cpus * pool->nr_zones; i++) {
		struct frame_local *local = &pool->local[i];

		mm_lock(&local->lock);
		if (local->free) {
			(void)field_give_row(pool, &pool->zone[i % pool->nr_zones], local->row,
					     local->free, local->clean);
			drained = true;
		}
		local->free = 0;
		local->clean = 0;
		mm_unlock(&local->lock);
	}
	return drained;
}

uint64_t frame_reclaim(struct frame_pool *pool)
{
	uint64_t discarded = 0;
	bool left;

	(void)frame_drain(pool);
	/* Before the sweep, so that what falls idle behind it is not forgotten. */
	atomic_store_explicit(&pool->idle, false, memory_order_relaxed);
	for (unsigned int i = 0; i < pool->nr_zones; i++) {
		const struct frame_zone *zone = &pool->zone[i];

		discarded += back_sweep(pool, zone, zone->first, zone->end, 0, 0, &left);
	}
	return discarded * MM_HUGE_SIZE;
}
