/* SPDX-License-Identifier: BSD-2-Clause */
/* What a heap costs beside its own memory is no more than it was said to. */
#include <stdlib.h>
#include <sys/mman.h>

#include "mm/heap.h"
#include "tests/unit/mm/util.h"

#define SIZE   (32 * MIB)
#define FRAMES (SIZE / MM_FRAME_SIZE)
#define BATCH  512u

/* Bytes of an array that the host has memory for. */
static uint64_t resident(const void *array, uint64_t size)
{
	uint64_t pages = (size + MM_FRAME_SIZE - 1) / MM_FRAME_SIZE;
	uint64_t bytes = 0;
	unsigned char *in = calloc(pages, 1);

	assert_non_null(in);
	assert_int_equal(mincore((void *)(uintptr_t)array, size, in), 0);
	for (uint64_t i = 0; i < pages; i++)
		bytes += in[i] & 1 ? MM_FRAME_SIZE : 0;
	free(in);
	return bytes;
}

/* All of what mm_heap_metadata() sums up. */
static uint64_t metadata_of(const struct mm_heap *heap)
{
	const struct frame_pool *pool = &heap->frames;
	const struct slab_set *set = &heap->slabs;
	uint64_t frames = (uint64_t)pool->nr_huge * FRAME_PER_HUGE;
	uint64_t sum = sizeof(*heap);

	sum += resident(set->slab, (frames + 1) * sizeof(*set->slab));
	sum += resident(set->held, (frames + 1) * sizeof(*set->held));
	sum += resident(set->of, frames * sizeof(*set->of));
	sum += resident(set->cache, (set->max + 1) * sizeof(*set->cache));
	sum += resident(set->lists, (set->max + 1) * pool->nr_zones * sizeof(*set->lists));
	for (unsigned int cpu = 0; cpu < heap->config.cpus; cpu++) {
		sum += resident(set->cpu[cpu].active, (set->max + 1) * sizeof(uint32_t));
		sum += resident(set->cpu[cpu].count, (set->max + 1) * sizeof(struct slab_count));
	}
	sum += resident(set->cpu, heap->config.cpus * sizeof(*set->cpu));
	if (set->debug)
		sum += resident(set->debug, frames * SLAB_DEBUG_FRAME);
	sum += resident(heap->map.byte, heap->map.bytes);
	sum += resident(heap->map.count, heap->config.cpus * sizeof(*heap->map.count));
	sum += resident(heap->pins.word, frames * sizeof(*heap->pins.word));
	sum += resident(heap->pins.block,
			((frames >> PIN_BLOCK_ORDER) + 1) * sizeof(*heap->pins.block));
	sum += resident(pool->used, pool->nr_huge * sizeof(*pool->used));
	sum += resident(pool->clean, pool->nr_huge * sizeof(*pool->clean));
	sum += resident(pool->idle_ms, pool->nr_huge * sizeof(*pool->idle_ms));
	sum += resident(pool->trees, pool->nr_trees * sizeof(*pool->trees));
	sum += resident(pool->open, pool->nr_open_words * sizeof(*pool->open));
	sum += resident(pool->local, pool->cpus * pool->nr_zones * sizeof(*pool->local));
	return sum;
}

/* Makes of a heap what costs most: all of it objects of 8 bytes, each page pinned, an object of
 * each freed meanwhile. */
static void fill(struct mm_heap *heap)
{
	int cache = mm_cache_create(heap, "small", 8, 8, MM_CACHE_NOMERGE);
	uint64_t addr[BATCH];
	uint64_t base = mm_heap_base(heap);
	uint64_t first[1];
	struct mm_bad bad[1];
	uint64_t pages = 0;
	size_t nr_bad;

	while (mm_cache_create(heap, "many", 8, 8, MM_CACHE_NOMERGE) > 0)
		;
	while (mm_alloc_bulk(heap, 0, cache, MM_NODE_ANY, 0, 0, 0, BATCH, addr) > 0)
		;
	for (uint64_t i = 0; i < FRAMES; i++) {
		first[0] = base + i * MM_FRAME_SIZE;
		assert_int_equal(mm_pin(heap, 1, first), 1);
		pages += mm_free_bulk(heap, 0, cache, 0, 1, first, bad, &nr_bad) == 1;
	}
	assert_int_equal(pages, FRAMES);
}

static void holds(unsigned int debug)
{
	struct mm_config config = util_config(SIZE, 4);
	struct mm_heap *heap;
	uint64_t most;
	uint64_t had;

	config.debug = debug;
	config.pin_quota = FRAMES;
	most = mm_heap_metadata(&config);
	heap = util_heap(&config);
	assert_true(metadata_of(heap) < most / 2);
	fill(heap);
	had = metadata_of(heap);
	if (had > most || had < most / 4 * 3)
		fail_msg("%llu bytes, said: %llu", (unsigned long long)had,
			 (unsigned long long)most);
	mm_heap_reset(heap);
	assert_true(metadata_of(heap) < most / 2);
	mm_heap_destroy(heap);
}

static void a_heap_of_the_dearest_objects_costs_what_was_said(void **state)
{
	(void)state;
	holds(0);
}

static void one_that_is_debugged_does_too(void **state)
{
	struct mm_config config = util_config(SIZE, 4);
	uint64_t plain = mm_heap_metadata(&config);

	(void)state;
	holds(MM_DEBUG_OWNER);
	/* No more than the heap, and what it costs anyway. */
	config.debug = MM_DEBUG_OWNER;
	assert_true(mm_heap_metadata(&config) <= plain + SIZE + SIZE / 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_heap_of_the_dearest_objects_costs_what_was_said),
		cmocka_unit_test(one_that_is_debugged_does_too),
	};

	return cmocka_run_group_tests_name("mm_metadata", tests, NULL, NULL);
}
