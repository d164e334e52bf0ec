/* SPDX-License-Identifier: BSD-2-Clause */
/* Slabs of a heap whose free frames lie apart: of the least order, beside those of the usual one. */
#include <errno.h>
#include <stdlib.h>

#include "mm/util.h"
#include "tests/unit/mm/util.h"

#define FRAMES (8 * MIB / MM_FRAME_SIZE)

static uint64_t run[FRAMES];
static uint64_t object[FRAMES * 512];

/* Takes each frame there is. */
static size_t take_frames(struct mm_heap *heap)
{
	size_t nr = 0;

	while (nr < FRAMES && mm_pages_alloc(heap, 0, 0, MM_NODE_ANY, 0, 1, &run[nr]) == 1)
		nr++;
	return nr;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a & ~MM_ADDR_FLAGS;
	uint64_t y = *(const uint64_t *)b & ~MM_ADDR_FLAGS;

	return x < y ? -1 : x > y;
}

/* Takes all frames, then frees those that are not a multiple of step frames from the base; of
 * what is left free no two frames are one run, if step is 2. Returns how many were freed. */
static size_t scatter(struct mm_heap *heap, size_t step)
{
	size_t nr = take_frames(heap);
	size_t freed = 0;

	qsort(run, nr, sizeof(*run), compare);
	for (size_t i = 0; i < nr; i++) {
		if (i % step == 0)
			continue;
		util_free_run(heap, run[i], 0);
		run[i] = 0;
		freed++;
	}
	return freed;
}

static void gather(struct mm_heap *heap)
{
	for (size_t i = 0; i < FRAMES; i++) {
		if (run[i])
			util_free_run(heap, run[i], 0);
		run[i] = 0;
	}
}

/* Allocates all that there is, n at a time. */
static size_t take_objects(struct mm_heap *heap, int cache, unsigned int flags, size_t n)
{
	size_t nr = 0;
	long got;

	while ((got = mm_alloc_bulk(heap, 0, cache, MM_NODE_ANY, flags, 0, 0, n, object + nr)) > 0)
		nr += (size_t)got;
	assert_int_equal(got, -ENOMEM);
	return nr;
}

static void give_objects(struct mm_heap *heap, int cache, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		util_free(heap, cache, object[i], 0);
}

static void each_size_up_to_a_page_has_the_last_frame(void **state)
{
	static const size_t sizes[] = {8,   16,  32,  64,   96,   128,  192,  256,  300,  512,
				       600, 744, 920, 1024, 1100, 2000, 2048, 2500, 3000, 4096};
	struct mm_config config = util_config(8 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];
		int cache = mm_cache_create(heap, "least", size, 0, MM_CACHE_NOMERGE);
		size_t free = scatter(heap, 2);
		size_t each = MM_FRAME_SIZE / ((size + 7) & ~7ul);
		size_t nr = take_objects(heap, cache, 0, 1 + i * 20);
		struct mm_slabinfo info;

		assert_int_equal(nr, free * each);
		assert_int_equal(util_in_use(heap), FRAMES);
		assert_int_equal(mm_slabinfo(heap, cache, &info), 0);
		assert_int_equal(info.num_slabs, free);
		assert_int_equal(info.active_slabs, free);
		assert_int_equal(info.num_objs, nr);
		assert_int_equal(info.active_objs, nr);
		for (size_t k = 0; k < nr; k++)
			memset(util_host(heap, object[k]), (int)k, size);
		for (size_t k = 0; k < nr; k++)
			assert_int_equal(*(uint8_t *)util_host(heap, object[k]), k & 0xff);
		util_free_at(heap, cache, (object[0] & ~MM_ADDR_FLAGS) + 4, -EINVAL);
		util_check(heap);
		give_objects(heap, cache, nr);
		util_check(heap);
		gather(heap);
		assert_int_equal(mm_cache_destroy(heap, cache), 0);
		assert_int_equal(util_in_use(heap), 0);
	}
	mm_heap_destroy(heap);
}

static void what_needs_a_run_of_two_is_refused(void **state)
{
	struct mm_config config = util_config(8 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	int cache = mm_cache_create(heap, "two", 4104, 0, MM_CACHE_NOMERGE);
	uint64_t addr;

	(void)state;
	(void)scatter(heap, 2);
	assert_int_equal(mm_alloc_bulk(heap, 0, cache, MM_NODE_ANY, 0, 0, 0, 1, &addr), -ENOMEM);
	gather(heap);
	/* Three frames of four hold one run of two. */
	(void)scatter(heap, 4);
	assert_int_equal(take_objects(heap, cache, 0, 100), FRAMES / 4);
	util_check(heap);
	give_objects(heap, cache, FRAMES / 4);
	gather(heap);
	mm_heap_destroy(heap);
}

/* What is said of a cache whose slabs are of both orders. */
static void both_orders_are_counted(void **state)
{
	struct mm_config config = util_config(8 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	int cache = mm_cache_create(heap, "both", 1024, 0, MM_CACHE_NOMERGE);
	struct mm_slabinfo info;
	struct mm_stats stats;
	size_t nr;

	(void)state;
	/* One slab of the usual order, then what the rest has. */
	object[0] = util_alloc(heap, cache, 0);
	nr = scatter(heap, 2) * 4;
	for (size_t i = 1; i < 32 + 40; i++)
		object[i] = util_alloc(heap, cache, 0);
	assert_true(nr > 80);
	assert_int_equal(mm_slabinfo(heap, cache, &info), 0);
	assert_int_equal(info.objperslab, 32);
	assert_int_equal(info.pagesperslab, 8);
	assert_int_equal(info.num_slabs, 1 + 10);
	assert_int_equal(info.num_objs, 32 + 40);
	assert_int_equal(mm_stats(heap, cache, &stats), 0);
	assert_int_equal(stats.slabs, 1 + 10);
	assert_int_equal(stats.frames_in_use, 8 + 10);
	assert_int_equal(stats.frames_cached, 0);
	util_check(heap);
	/* Empty ones are kept up to as many frames as ever. */
	for (size_t i = 0; i < 32 + 40; i++)
		util_free(heap, cache, object[i], 0);
	assert_int_equal(mm_stats(heap, cache, &stats), 0);
	assert_int_equal(stats.frames_in_use, 0);
	assert_in_range(stats.frames_cached, 1, 8);
	util_check(heap);
	assert_int_equal(mm_cache_shrink(heap, cache), stats.frames_cached);
	assert_int_equal(mm_slabinfo(heap, cache, &info), 0);
	assert_int_equal(info.num_slabs, 0);
	assert_int_equal(info.num_objs, 0);
	util_check(heap);
	gather(heap);
	assert_int_equal(mm_cache_destroy(heap, cache), 0);
	mm_heap_destroy(heap);
}

static void runs_are_taken_again_when_there_are_some(void **state)
{
	struct mm_config config = util_config(8 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	int cache = mm_cache_create(heap, "again", 512, 0, MM_CACHE_NOMERGE);
	struct mm_slabinfo info;

	(void)state;
	(void)scatter(heap, 2);
	for (size_t i = 0; i < 8; i++)
		object[i] = util_alloc(heap, cache, 0);
	gather(heap);
	for (size_t i = 8; i < 8 + 64; i++)
		object[i] = util_alloc(heap, cache, 0);
	assert_int_equal(mm_slabinfo(heap, cache, &info), 0);
	assert_int_equal(info.num_slabs, 2);
	assert_int_equal(info.num_objs, 8 + 64);
	give_objects(heap, cache, 8 + 64);
	mm_heap_destroy(heap);
}

/* Red zones, poison, quarantine and random order in slabs that hold little. */
static void debug_modes_hold(void **state)
{
	static const unsigned int modes[] = {
		MM_DEBUG_SANITY | MM_DEBUG_REDZONE | MM_DEBUG_POISON | MM_DEBUG_OWNER,
		MM_HARDEN_WIPE | MM_HARDEN_QUARANTINE | MM_HARDEN_RANDOM};
	static const size_t sizes[] = {24, 600, 2000, 4000};
	struct mm_bad bad;
	size_t nr_bad;
	uint64_t addr;

	(void)state;
	for (size_t m = 0; m < ARRAY_SIZE(modes); m++) {
		struct mm_config config = util_config(8 * MIB, 1);
		struct mm_heap *heap;

		config.debug = modes[m];
		heap = util_heap(&config);
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			int cache = mm_cache_create(heap, "debugged", sizes[i], 0, 0);
			size_t free = scatter(heap, 2);
			size_t nr = take_objects(heap, cache, MM_ZERO, 30);

			assert_true(nr >= free);
			util_check(heap);
			for (size_t k = 0; k < nr; k++)
				memset(util_host(heap, object[k]), 1, sizes[i]);
			for (size_t k = 0; k + 1 < nr; k++)
				util_free(heap, cache, object[k], 0);
			util_check(heap);
			addr = object[nr - 1] & ~MM_ADDR_FLAGS;
			if (modes[m] & MM_DEBUG_REDZONE) {
				*((uint8_t *)util_host(heap, addr) + sizes[i]) = 0;
				(void)mm_free_bulk(heap, 0, cache, 0, 1, &addr, &bad, &nr_bad);
				assert_int_equal(nr_bad, 1);
				assert_int_equal(bad.status, -EUCLEAN);
			} else {
				util_free(heap, cache, addr, 0);
			}
			util_check(heap);
			gather(heap);
			assert_int_equal(mm_cache_destroy(heap, cache), 0);
		}
		mm_heap_destroy(heap);
	}
}

static void pinned_objects_wait_in_small_slabs(void **state)
{
	struct mm_config config = util_config(8 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	int cache = mm_cache_create(heap, "pinned", 2048, 0, MM_CACHE_NOMERGE);
	struct mm_bad bad;
	size_t nr_bad;
	uint64_t page;

	(void)state;
	(void)scatter(heap, 2);
	object[0] = util_alloc(heap, cache, 0);
	object[1] = util_alloc(heap, cache, 0);
	page = object[0] & ~(MM_FRAME_SIZE - 1);
	assert_int_equal(mm_pin(heap, 1, &page), 1);
	give_objects(heap, cache, 2);
	util_check(heap);
	assert_int_equal(mm_cache_shrink(heap, cache), 0);
	assert_int_equal(mm_unpin(heap, 1, &page, &bad, &nr_bad), 1);
	assert_int_equal(mm_cache_shrink(heap, cache), 1);
	util_check(heap);
	gather(heap);
	mm_heap_destroy(heap);
}

/* A node's single frames come before another node's runs, and after THISNODE nothing does. */
static void a_node_s_last_frames_are_its_own(void **state)
{
	struct mm_config config = {
		.range = {{.base = UTIL_BASE, .size = 4 * MIB, .node = 0, .host_node = -1},
			  {.base = UTIL_BASE + 4 * MIB,
			   .size = 4 * MIB,
			   .node = 1,
			   .host_node = -1}},
		.nr_ranges = 2,
		.cpus = 1,
		.reclaim_delay_ms = -1,
	};
	struct mm_heap *heap = util_heap(&config);
	int cache = mm_cache_create(heap, "noded", 4096, 0, MM_CACHE_NOMERGE);
	size_t frames = 4 * MIB / MM_FRAME_SIZE;
	size_t nr = 0;

	(void)state;
	for (size_t i = 0; i < frames; i++)
		assert_int_equal(mm_pages_alloc(heap, 0, 0, 0, MM_THISNODE, 1, &run[i]), 1);
	qsort(run, frames, sizeof(*run), compare);
	for (size_t i = 1; i < frames; i += 2) {
		util_free_run(heap, run[i], 0);
		run[i] = 0;
	}
	while (nr < frames / 2 + 10 &&
	       mm_alloc_bulk(heap, 0, cache, 0, 0, 0, 0, 1, &object[nr]) == 1) {
		assert_int_equal((object[nr] & ~MM_ADDR_FLAGS) < UTIL_BASE + 4 * MIB,
				 nr < frames / 2);
		nr++;
	}
	assert_int_equal(nr, frames / 2 + 10);
	assert_int_equal(mm_alloc_bulk(heap, 0, cache, 0, MM_THISNODE, 0, 0, 1, &object[nr]),
			 -ENOMEM);
	util_check(heap);
	give_objects(heap, cache, nr);
	gather(heap);
	assert_int_equal(mm_cache_destroy(heap, cache), 0);
	assert_int_equal(util_in_use(heap), 0);
	mm_heap_destroy(heap);
}

/* Expects so many free runs of two orders, and none of any other. */
static void expect_free(struct mm_heap *heap, unsigned int a, uint64_t nr_a, unsigned int b,
			uint64_t nr_b)
{
	uint64_t nr[MM_MAX_ORDER + 1];

	mm_free_runs(heap, nr);
	for (unsigned int order = 0; order <= MM_MAX_ORDER; order++)
		assert_int_equal(nr[order], order == a ? nr_a : order == b ? nr_b : 0);
}

static void free_runs_are_counted_by_order(void **state)
{
	struct mm_config config = util_config(8 * MIB, 2);
	struct mm_heap *heap = util_heap(&config);
	struct mm_bad bad;
	size_t nr_bad;
	uint64_t page;
	uint64_t addr;

	(void)state;
	expect_free(heap, 10, 2, 0, 0);
	/* Of four frames the last three: one, and two together. */
	(void)scatter(heap, 4);
	expect_free(heap, 0, FRAMES / 4, 1, FRAMES / 4);
	gather(heap);
	expect_free(heap, 10, 2, 0, 0);
	page = util_run(heap, 9, 0) & ~MM_ADDR_FLAGS;
	expect_free(heap, 10, 1, 9, 1);
	/* Freed, and not free before its pin has gone. */
	assert_int_equal(mm_pin(heap, 1, &page), 1);
	util_free_run(heap, page, 0);
	expect_free(heap, 10, 1, 9, 1);
	assert_int_equal(mm_unpin(heap, 1, &page, &bad, &nr_bad), 1);
	expect_free(heap, 10, 2, 0, 0);
	/* An empty slab is kept until it is asked for. */
	addr = util_alloc(heap, 1, 0);
	util_free(heap, 1, addr, 0);
	assert_int_equal(mm_alloc_bulk(heap, 0, 1, MM_NODE_ANY, 0, 0, 0, 1, &addr), 1);
	util_free(heap, 1, addr, 0);
	(void)mm_reclaim(heap);
	expect_free(heap, 10, 2, 0, 0);
	mm_heap_destroy(heap);

	/* What guards a run is nobody's. */
	config.debug = MM_HARDEN_GUARD;
	heap = util_heap(&config);
	addr = util_run(heap, 8, 0);
	expect_free(heap, 10, 1, 9, 1);
	util_free_run(heap, addr, 0);
	expect_free(heap, 10, 2, 0, 0);
	mm_heap_destroy(heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_size_up_to_a_page_has_the_last_frame),
		cmocka_unit_test(what_needs_a_run_of_two_is_refused),
		cmocka_unit_test(both_orders_are_counted),
		cmocka_unit_test(runs_are_taken_again_when_there_are_some),
		cmocka_unit_test(debug_modes_hold),
		cmocka_unit_test(pinned_objects_wait_in_small_slabs),
		cmocka_unit_test(free_runs_are_counted_by_order),
		cmocka_unit_test(a_node_s_last_frames_are_its_own),
	};

	return cmocka_run_group_tests_name("mm_slab_scarce", tests, NULL, NULL);
}
