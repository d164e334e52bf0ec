/* SPDX-License-Identifier: BSD-2-Clause */
/* All caches of a heap together: made, forgotten, drained. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "mm/slab/debug.h"

const uint32_t mm_class_size[MM_CLASSES] = MM_CLASS_SIZES;

static int cache_make_classes(struct slab_set *set)
{
	static const char *const name[MM_CLASSES] = MM_CLASS_NAMES;

	for (unsigned int i = 0; i < MM_CLASSES; i++) {
		uint32_t size = mm_class_size[i];
		int number;

		/* Aligned to the largest power of two that divides the size, with a red zone
		 * behind the object, too. */
		number = slab_cache_create(set, name[i], size, size & -size, 0);
		if (number != (int)i + 1)
			return -ENOMEM;
	}
	return 0;
}

uint32_t slab_caches(uint64_t frames)
{
	uint64_t caches = frames / 4;

	return caches < MM_PM_FAR      ? MM_PM_FAR
	       : caches < MM_CACHE_MAX ? (uint32_t)caches
				       : MM_CACHE_MAX;
}

/* What CPUs have of each cache. */
static int cpus_create(struct slab_set *set)
{
	for (unsigned int i = 0; i < set->config->cpus; i++) {
		struct slab_cpu *cpu = &set->cpu[i];

		cpu->active = region_meta_alloc((set->max + 1) * sizeof(*cpu->active));
		cpu->count = region_meta_alloc((set->max + 1) * sizeof(*cpu->count));
		if (!cpu->active || !cpu->count)
			return -ENOMEM;
	}
	return 0;
}

static void cpus_destroy(struct slab_set *set)
{
	for (unsigned int i = 0; set->cpu && i < set->config->cpus; i++) {
		struct slab_cpu *cpu = &set->cpu[i];

		region_meta_free(cpu->count, (set->max + 1) * sizeof(*cpu->count));
		region_meta_free(cpu->active, (set->max + 1) * sizeof(*cpu->active));
	}
}

int slab_set_create(struct slab_set *set, const struct mm_config *config, struct frame_pool *pool,
		    struct page_map *map, struct pin_set *pins)
{
	uint64_t frames = frame_pool_numbers(pool);
	bool debug = debug_is_wanted(config);

	set->config = config;
	set->frames = pool;
	set->map = map;
	set->pins = pins;
	set->nr_slabs = 1;
	set->slab = region_meta_alloc((frames + 1) * sizeof(*set->slab));
	set->of = region_meta_alloc(frames * sizeof(*set->of));
	set->max = slab_caches(frames);
	set->cache = region_meta_alloc((set->max + 1) * sizeof(*set->cache));
	set->lists =
		region_meta_alloc((size_t)(set->max + 1) * pool->nr_zones * sizeof(*set->lists));
	set->cpu = region_meta_alloc(set->config->cpus * sizeof(*set->cpu));
	set->held = region_meta_alloc((frames + 1) * sizeof(*set->held));
	if (debug)
		set->debug = region_meta_alloc(frames * SLAB_DEBUG_FRAME);
	if (!set->slab || !set->of || !set->cache || !set->lists || !set->cpu || !set->held ||
	    (debug && !set->debug) || cpus_create(set) || cache_make_classes(set)) {
		slab_set_destroy(set);
		return -ENOMEM;
	}
	for (unsigned int cpu = 0; cpu < set->config->cpus; cpu++) {
		/* If there is none, the order is merely not secret. */
		if (getrandom(&set->cpu[cpu].seed, sizeof(set->cpu[cpu].seed), GRND_NONBLOCK) < 0)
			set->cpu[cpu].seed = cpu;
		set->cpu[cpu].seed |= 1;
	}
	return 0;
}

void slab_set_destroy(struct slab_set *set)
{
	uint64_t frames = frame_pool_numbers(set->frames);

	cpus_destroy(set);
	region_meta_free(set->lists,
			 (size_t)(set->max + 1) * set->frames->nr_zones * sizeof(*set->lists));
	region_meta_free(set->cache, (set->max + 1) * sizeof(*set->cache));
	region_meta_free(set->debug, frames * SLAB_DEBUG_FRAME);
	region_meta_free(set->held, (frames + 1) * sizeof(*set->held));
	region_meta_free(set->cpu, set->config->cpus * sizeof(*set->cpu));
	region_meta_free(set->of, frames * sizeof(*set->of));
	region_meta_free(set->slab, (frames + 1) * sizeof(*set->slab));
	memset(set, 0, sizeof(*set));
}

void slab_set_reset(struct slab_set *set)
{
	uint64_t frames = frame_pool_numbers(set->frames);

	if (set->debug)
		region_meta_clear(set->debug, frames * SLAB_DEBUG_FRAME);
	region_meta_clear(set->held, (frames + 1) * sizeof(*set->held));
	region_meta_clear(set->slab, (frames + 1) * sizeof(*set->slab));
	region_meta_clear(set->of, frames * sizeof(*set->of));
	set->spare = 0;
	set->nr_slabs = 1;
	for (unsigned int cpu = 0; cpu < set->config->cpus; cpu++)
		region_meta_clear(set->cpu[cpu].active,
				  (set->max + 1) * sizeof(*set->cpu[cpu].active));
	for (unsigned int i = 1; i <= slab_top(set); i++) {
		struct slab_cache *cache = &set->cache[i];
		uint64_t allocated;
		uint64_t freed;

		if (!cache->list)
			continue;
		memset(cache->list, 0, set->frames->nr_zones * sizeof(*cache->list));
		atomic_store_explicit(&cache->nr_slabs, 0, memory_order_relaxed);
		atomic_store_explicit(&cache->nr_least, 0, memory_order_relaxed);
		allocated = slab_cache_sum(set, i, &freed);
		atomic_fetch_add_explicit(&set->cpu[0].count[i].freed, allocated - freed,
					  memory_order_relaxed);
		if (i > MM_CLASSES)
			atomic_store_explicit(&cache->live, false, memory_order_relaxed);
	}
}

void slab_set_drain(struct slab_set *set)
{
	MM_ASSERT_NONE_HELD();
	for (int cache = 1; cache <= (int)slab_top(set); cache++)
		(void)slab_cache_shrink(set, cache);
	(void)frame_drain(set->frames);
}
