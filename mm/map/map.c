/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm/map/map.h"

#include <errno.h>

uint64_t mm_page_map_bytes(uint64_t size)
{
	return ((size >> MM_FRAME_SHIFT) + MM_FRAME_SIZE - 1) & ~(MM_FRAME_SIZE - 1);
}

int map_create(struct page_map *map, const struct mm_config *config, const struct frame_pool *pool)
{
	map->config = config;
	map->cpus = config->cpus;
	map->base = pool->base;
	map->size = pool->region->size;
	map->host = pool->region->host;
	map->first = (pool->base - pool->origin) >> MM_FRAME_SHIFT;
	map->bytes = mm_page_map_bytes(map->size);
	if (config->reserve)
		map->shown = (_Atomic uint8_t *)(map->host + config->reserve - map->bytes);
	map->byte = region_meta_alloc(map->bytes);
	map->count = region_meta_alloc(map->cpus * sizeof(*map->count));
	if (map->byte && map->count)
		return 0;
	map_destroy(map);
	return -ENOMEM;
}

void map_destroy(struct page_map *map)
{
	region_meta_free(map->count, map->cpus * sizeof(*map->count));
	region_meta_free((void *)map->byte, map->bytes);
	map->count = NULL;
	map->byte = NULL;
}

void map_sum(const struct page_map *map, struct map_sum *sum)
{
	*sum = (struct map_sum){0};
	for (unsigned int cpu = 0; cpu < map->cpus; cpu++) {
		const struct map_count *count = &map->count[cpu];

		sum->given += atomic_load_explicit(&count->given, memory_order_relaxed);
		sum->taken += atomic_load_explicit(&count->taken, memory_order_relaxed);
		sum->errors += atomic_load_explicit(&count->errors, memory_order_relaxed);
	}
}

void map_reset(struct page_map *map)
{
	struct map_sum sum;

	map_sum(map, &sum);
	atomic_fetch_add_explicit(&map->count[0].taken, sum.given - sum.taken,
				  memory_order_relaxed);
	region_meta_clear((void *)map->byte, map->bytes);
	/* It stays the window's memory, which others map. */
	if (map->shown)
		map_store(map->shown, map->size >> MM_FRAME_SHIFT, MM_PM_NONE);
}

bool map_in_range(const struct page_map *map, gpa_t addr)
{
	for (unsigned int i = 0; i < map->config->nr_ranges; i++) {
		const struct mm_range *range = &map->config->range[i];

		if (addr - range->base < range->size)
			return true;
	}
	return false;
}

void map_refuse(struct page_map *map, unsigned int cpu, struct mm_bad *bad, size_t *nr_bad,
		size_t index, int status)
{
	atomic_fetch_add_explicit(&map->count[map_cpu(map, cpu)].errors, 1, memory_order_relaxed);
	bad[*nr_bad].index = (uint32_t)index;
	bad[*nr_bad].status = status;
	(*nr_bad)++;
}
