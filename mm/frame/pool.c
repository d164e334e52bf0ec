/* SPDX-License-Identifier: BSD-2-Clause */
/* Making and unmaking a frame pool. */
#include <errno.h>
#include <string.h>

#include "mm/frame/priv.h"

#define POOL_4G (1ull << 32)

static void pool_add_zone(struct frame_pool *pool, const struct mm_range *range, uint64_t start,
			  uint64_t end)
{
	struct frame_zone *zone = &pool->zone[pool->nr_zones];

	if (start >= end)
		return;
	zone->node = range->node;
	zone->user = pool->user_nodes >> range->node & 1;
	zone->dma32 = end <= POOL_4G;
	zone->first = (uint32_t)((start - pool->origin) / MM_HUGE_SIZE);
	zone->end = (uint32_t)((end - pool->origin) / MM_HUGE_SIZE);
	zone->first_tree = zone->first / FRAME_CHILDREN;
	zone->nr_trees = (zone->end - 1) / FRAME_CHILDREN - zone->first_tree + 1;
	pool->nr_trees += zone->nr_trees;
	pool->nr_open_words += (zone->nr_trees + 63) / 64;
	pool->nr_zones++;
}

/* Tells whether a zone serves who asks for a list: one that is for user space the list of its node
 * alone, and that list has no others. */
static bool pool_serves(const struct frame_pool *pool, const struct frame_zone *zone,
			unsigned int list)
{
	bool user = list < MM_MAX_NODES && pool->user_nodes >> list & 1;

	return zone->user || user ? zone->node == (int)list : true;
}

/* Zones on the node first; within each half, those above 4 GiB first, so that low
 * memory is left for those who need it. */
static void pool_order(struct frame_pool *pool, unsigned int list)
{
	unsigned int nr = 0;

	for (int near = 1; near >= 0; near--) {
		for (int low = 0; low <= 1; low++) {
			for (unsigned int i = 0; i < pool->nr_zones; i++) {
				const struct frame_zone *zone = &pool->zone[i];
				bool here = list == MM_MAX_NODES || zone->node == (int)list;

				if (here == near && zone->dma32 == low &&
				    pool_serves(pool, zone, list))
					pool->order[list][nr++] = (uint8_t)i;
			}
		}
		if (near)
			pool->near[list] = (uint8_t)nr;
	}
	pool->reach[list] = (uint8_t)nr;
}

/* Makes all of a zone free, and what is backed of it idle. */
static void pool_fill_zone(struct frame_pool *pool, unsigned int index)
{
	const struct frame_zone *zone = &pool->zone[index];

	for (uint32_t word = 0; word < (zone->nr_trees + 63) / 64; word++)
		atomic_init(&zone->open[word], 0);
	for (uint32_t tree = 0; tree < zone->nr_trees; tree++) {
		uint64_t sum = 0;

		for (unsigned int i = 0; i < FRAME_CHILDREN; i++) {
			uint32_t huge = (zone->first_tree + tree) * FRAME_CHILDREN + i;
			_Atomic uint32_t *child = &zone->tree[tree].child[i];
			uint32_t old = atomic_load_explicit(child, memory_order_relaxed);

			if (huge < zone->first || huge >= zone->end)
				continue;
			if (old & FRAME_CHILD_BACKED) {
				atomic_init(child, FRAME_CHILD_IDLE);
				sum += FRAME_PER_HUGE + SUM_IDLE;
				tree_open(zone, huge);
			} else {
				atomic_init(child, FRAME_CHILD_BARE);
				sum += FRAME_PER_HUGE + SUM_BARE;
			}
		}
		atomic_init(&zone->tree[tree].sum, sum);
		atomic_init(&zone->tree[tree].owner, 0);
	}
	for (unsigned int cpu = 0; cpu < pool->cpus; cpu++) {
		struct frame_local *local = &pool->local[cpu * pool->nr_zones + index];

		memset(local, 0, sizeof(*local));
		/* CPUs begin apart. */
		local->tree = (uint32_t)((uint64_t)zone->nr_trees * cpu / pool->cpus);
		local->seek = local->tree;
		for (unsigned int kind = 0; kind < FRAME_KINDS; kind++)
			local->huge[kind] = UINT32_MAX;
		local->row = UINT32_MAX;
	}
}

int frame_pool_create(struct frame_pool *pool, const struct mm_config *config,
		      struct region *region)
{
	memset(pool, 0, sizeof(*pool));
	pool->region = region;
	pool->base = config->range[0].base - config->reserve;
	pool->max_backed = config->backed_max ? (uint32_t)(config->backed_max / MM_HUGE_SIZE)
					      : UINT32_MAX;
	pool->origin = pool->base & ~(FRAME_TREE_SIZE - 1);
	pool->nr_huge = (uint32_t)((pool->base - pool->origin + region->size) / MM_HUGE_SIZE);
	pool->cpus = config->cpus;
	pool->delay_ms = config->reclaim_delay_ms;
	pool->user_nodes = config->user_nodes;
	for (unsigned int i = 0; i < config->nr_ranges; i++) {
		const struct mm_range *range = &config->range[i];
		uint64_t end = range->base + range->size;
		uint64_t low_end = end < POOL_4G ? end : POOL_4G;
		uint64_t high = range->base > POOL_4G ? range->base : POOL_4G;

		pool_add_zone(pool, range, range->base, low_end);
		pool_add_zone(pool, range, high, end);
	}
	for (unsigned int list = 0; list <= MM_MAX_NODES; list++)
		pool_order(pool, list);

	pool->used = region_meta_alloc(pool->nr_huge * sizeof(*pool->used));
	pool->clean = region_meta_alloc(pool->nr_huge * sizeof(*pool->clean));
	pool->idle_ms = region_meta_alloc(pool->nr_huge * sizeof(*pool->idle_ms));
	pool->trees = region_meta_alloc(pool->nr_trees * sizeof(*pool->trees));
	pool->open = region_meta_alloc(pool->nr_open_words * sizeof(*pool->open));
	pool->local = region_meta_alloc(pool->cpus * pool->nr_zones * sizeof(*pool->local));
	if (!pool->used || !pool->clean || !pool->idle_ms || !pool->trees || !pool->open ||
	    !pool->local) {
		frame_pool_destroy(pool);
		return -ENOMEM;
	}
	for (unsigned int i = 0, tree = 0, word = 0; i < pool->nr_zones; i++) {
		pool->zone[i].tree = &pool->trees[tree];
		pool->zone[i].open = &pool->open[word];
		tree += pool->zone[i].nr_trees;
		word += (pool->zone[i].nr_trees + 63) / 64;
		pool_fill_zone(pool, i);
	}
	return 0;
}

void frame_pool_destroy(struct frame_pool *pool)
{
	region_meta_free(pool->local, pool->cpus * pool->nr_zones * sizeof(*pool->local));
	region_meta_free(pool->open, pool->nr_open_words * sizeof(*pool->open));
	region_meta_free(pool->trees, pool->nr_trees * sizeof(*pool->trees));
	region_meta_free(pool->idle_ms, pool->nr_huge * sizeof(*pool->idle_ms));
	region_meta_free(pool->clean, pool->nr_huge * sizeof(*pool->clean));
	region_meta_free(pool->used, pool->nr_huge * sizeof(*pool->used));
	pool->used = pool->clean = NULL;
	pool->idle_ms = NULL;
	pool->trees = NULL;
	pool->open = NULL;
	pool->local = NULL;
}

void frame_pool_reset(struct frame_pool *pool)
{
	region_meta_clear(pool->used, pool->nr_huge * sizeof(*pool->used));
	region_meta_clear(pool->clean, pool->nr_huge * sizeof(*pool->clean));
	for (unsigned int i = 0; i < pool->nr_zones; i++)
		pool_fill_zone(pool, i);
	(void)frame_reclaim(pool);
}

uint64_t frame_pool_metadata(const struct frame_pool *pool)
{
	return pool->nr_huge *
		       (sizeof(*pool->used) + sizeof(*pool->clean) + sizeof(*pool->idle_ms)) +
	       pool->nr_trees * sizeof(*pool->trees) + pool->nr_open_words * sizeof(*pool->open) +
	       pool->cpus * pool->nr_zones * sizeof(*pool->local);
}
