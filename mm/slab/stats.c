/* SPDX-License-Identifier: BSD-2-Clause */
/* What caches say of themselves, summed when asked for from counters and lists that are there. */
#include <errno.h>
#include <string.h>

#include "mm/slab/slab.h"

uint64_t slab_cache_sum(struct slab_set *set, unsigned int number, uint64_t *freed)
{
	uint64_t allocated = 0;

	*freed = 0;
	for (unsigned int cpu = 0; cpu < set->config->cpus; cpu++) {
		struct slab_count *count = &set->cpu[cpu].count[number];

		allocated += atomic_load_explicit(&count->allocated, memory_order_relaxed);
		*freed += atomic_load_explicit(&count->freed, memory_order_relaxed);
	}
	return allocated;
}

/* Slabs, and what they come to. */
struct slab_sum {
	uint64_t slabs, frames, slots;
};

/* All of a cache. Slabs come and go meanwhile, so each number is of its own moment. */
static struct slab_sum slab_cache_all(const struct slab_cache *cache)
{
	uint64_t least = atomic_load_explicit(&cache->nr_least, memory_order_relaxed);
	uint64_t slabs = atomic_load_explicit(&cache->nr_slabs, memory_order_relaxed);
	uint64_t usual = slabs > least ? slabs - least : 0;

	return (struct slab_sum){
		.slabs = slabs,
		.frames = (usual << cache->usual.order) + (least << cache->least.order),
		.slots = usual * cache->usual.cap + least * cache->least.cap,
	};
}

/* Those that hold no object: on its lists, or active on CPUs. */
static struct slab_sum slab_cache_empty(struct slab_set *set, unsigned int number)
{
	struct slab_cache *cache = &set->cache[number];
	struct slab_sum empty = {0};

	for (unsigned int zone = 0; zone < set->frames->nr_zones; zone++) {
		struct slab_list *list = &cache->list[zone];

		mm_lock(&list->lock);
		empty.slabs += list->nr_empty;
		empty.frames += list->empty_frames;
		mm_unlock(&list->lock);
	}
	for (unsigned int i = 0; i < set->config->cpus; i++) {
		struct slab_cpu *cpu = &set->cpu[i];
		struct slab *slab;

		mm_lock(&cpu->lock);
		slab = &set->slab[cpu->active[number]];
		if (cpu->active[number]) {
			mm_lock(&slab->lock);
			empty.slabs += !slab->used;
			empty.frames += slab->used ? 0 : 1ull << slab->order;
			mm_unlock(&slab->lock);
		}
		mm_unlock(&cpu->lock);
	}
	return empty;
}

uint64_t slab_activity(struct slab_set *set)
{
	uint64_t sum = 0;

	for (unsigned int number = 1; number <= slab_top(set); number++) {
		uint64_t freed;

		sum += slab_cache_sum(set, number, &freed);
		sum += freed;
	}
	return sum;
}

/* With the set's lock held, in the rest. Adds what a cache number says to the sums. Numbers out of
 * use count nothing, but for what their cache did while it lived. */
static void stats_add_cache(struct slab_set *set, unsigned int number, struct mm_stats *stats)
{
	struct slab_cache *cache = &set->cache[number];
	struct slab_sum all = slab_cache_all(cache);
	uint64_t freed;
	uint64_t allocated;

	MM_ASSERT_HELD(&set->lock);
	allocated = slab_cache_sum(set, number, &freed);
	stats->objects_allocated += allocated;
	stats->bytes_allocated += allocated * cache->object_size;
	stats->objects_freed += freed;
	stats->slabs += all.slabs;
	if (all.slabs)
		stats->frames_cached += slab_cache_empty(set, number).frames;
}

static void stats_all(struct slab_set *set, struct mm_stats *stats)
{
	uint64_t past = atomic_load_explicit(&set->past, memory_order_relaxed);

	stats->objects_allocated = past;
	stats->objects_freed = past;
	stats->bytes_allocated = atomic_load_explicit(&set->past_bytes, memory_order_relaxed);
	stats->findings = atomic_load_explicit(&set->findings, memory_order_relaxed);
	for (unsigned int i = 1; i <= slab_top(set); i++)
		stats_add_cache(set, i, stats);
}

static void stats_cache(struct slab_set *set, const struct slab_cache *cache, unsigned int number,
			struct mm_stats *stats)
{
	stats_add_cache(set, number, stats);
	stats->frames_in_use = slab_cache_all(cache).frames;
	stats->frames_in_use -= stats->frames_cached < stats->frames_in_use ? stats->frames_cached
									    : stats->frames_in_use;
	stats->object_size = cache->object_size;
	stats->slot_size = cache->slot_size;
	stats->objects_per_slab = cache->usual.cap;
	stats->frames_per_slab = 1u << cache->usual.order;
	stats->errors = atomic_load_explicit(&cache->errors, memory_order_relaxed);
	memcpy(stats->name, cache->name, sizeof(stats->name));
}

int slab_stats(struct slab_set *set, int number, struct mm_stats *stats)
{
	const struct slab_cache *cache = NULL;
	int ret = 0;

	memset(stats, 0, sizeof(*stats));
	/* A number that a new cache takes while it is looked at would have its lists, locks
	 * included, made anew meanwhile. */
	mm_lock(&set->lock);
	if (number)
		cache = slab_cache_get(set, number);
	if (cache)
		stats_cache(set, cache, (unsigned int)number, stats);
	else if (number)
		ret = -ENOENT;
	else
		stats_all(set, stats);
	mm_unlock(&set->lock);
	stats->objects_active = stats->objects_allocated - stats->objects_freed;
	return ret;
}

int slab_info(struct slab_set *set, int number, struct mm_slabinfo *info)
{
	struct slab_cache *cache;
	struct slab_sum all;
	uint64_t empty;

	/* The cache stays while it is looked at. */
	mm_lock(&set->lock);
	cache = slab_cache_get(set, number);
	if (!cache) {
		mm_unlock(&set->lock);
		return -ENOENT;
	}
	memset(info, 0, sizeof(*info));
	all = slab_cache_all(cache);
	info->num_slabs = all.slabs;
	empty = slab_cache_empty(set, (unsigned int)number).slabs;
	info->active_slabs = empty < info->num_slabs ? info->num_slabs - empty : 0;
	info->num_objs = all.slots;
	info->allocated = slab_cache_sum(set, (unsigned int)number, &info->freed);
	info->active_objs = info->allocated - info->freed;
	info->objsize = cache->slot_size;
	info->objperslab = cache->usual.cap;
	info->pagesperslab = 1u << cache->usual.order;
	info->aliases = cache->aliases;
	memcpy(info->name, cache->name, sizeof(info->name));
	mm_unlock(&set->lock);
	return 0;
}
