/* SPDX-License-Identifier: BSD-2-Clause */
/* Nodes for user space: their runs go to who names them, and nothing else does. */
#include <errno.h>
#include <stdbool.h>

#include "tests/unit/mm/util.h"

#define SIZE   (8 * MIB)
#define FRAMES (SIZE / MM_FRAME_SIZE)
#define USER   2 /* the node */

/* Node 0, which crosses 4 GiB; the user node, below and above it. */
static struct mm_config config_of(void)
{
	struct mm_config config = {
		.range = {{.base = UTIL_BASE - 2 * SIZE, .size = SIZE, .host_node = -1},
			  {.base = UTIL_BASE - SIZE, .size = SIZE, .node = USER, .host_node = -1},
			  {.base = UTIL_BASE, .size = SIZE, .node = USER, .host_node = -1},
			  {.base = UTIL_BASE + SIZE, .size = SIZE, .host_node = -1}},
		.nr_ranges = 4,
		.user_nodes = 1u << USER,
		.cpus = 2,
		.reclaim_delay_ms = -1,
		.pin_quota = 1 << 20,
	};

	return config;
}

static bool is_user(uint64_t addr)
{
	return addr - (UTIL_BASE - SIZE) < 2 * SIZE;
}

/* Takes what there is of a node, run by run. Returns how many frames; *user: of them, those of the
 * user node. */
static uint64_t take_all(struct mm_heap *heap, unsigned int order, int node, unsigned int flags,
			 uint64_t *user)
{
	uint64_t frames = 0;
	uint64_t addr;

	*user = 0;
	while (mm_pages_alloc(heap, 0, order, node, flags, 1, &addr) == 1) {
		frames += 1u << order;
		*user += is_user(addr) ? 1u << order : 0;
	}
	return frames;
}

static void who_names_it_is_given_its_frames_and_no_others(void **state)
{
	struct mm_config config = config_of();
	uint64_t user;

	(void)state;
	for (unsigned int order = 0; order <= MM_MAX_ORDER; order++)
		for (unsigned int flags = 0; flags <= MM_THISNODE; flags += MM_THISNODE) {
			struct mm_heap *heap = util_heap(&config);

			assert_int_equal(take_all(heap, order, USER, flags, &user), 2 * FRAMES);
			assert_int_equal(user, 2 * FRAMES);
			util_check(heap);
			mm_heap_destroy(heap);
		}
}

static void nobody_else_is_given_its_frames(void **state)
{
	static const int node[] = {MM_NODE_ANY, 0, 1};
	struct mm_config config = config_of();
	uint64_t user;

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		for (unsigned int order = 0; order <= MM_MAX_ORDER; order++) {
			struct mm_heap *heap = util_heap(&config);

			assert_int_equal(take_all(heap, order, node[i], 0, &user), 2 * FRAMES);
			assert_int_equal(user, 0);
			mm_heap_destroy(heap);
		}
}

static void what_is_low_is_found_there_too(void **state)
{
	struct mm_config config = config_of();
	struct mm_heap *heap = util_heap(&config);
	uint64_t user;

	(void)state;
	assert_int_equal(take_all(heap, 0, USER, MM_DMA32, &user), FRAMES);
	assert_int_equal(user, FRAMES);
	assert_int_equal(take_all(heap, 0, MM_NODE_ANY, MM_DMA32, &user), FRAMES);
	assert_int_equal(user, 0);
	mm_heap_destroy(heap);
}

static void it_has_no_objects(void **state)
{
	struct mm_config config = config_of();
	struct mm_heap *heap = util_heap(&config);
	uint64_t objects = 0;
	uint64_t addr;

	(void)state;
	assert_int_equal(mm_alloc_bulk(heap, 0, 4, USER, 0, 0, 0, 1, &addr), -EINVAL);
	assert_int_equal(mm_alloc_bulk(heap, 0, 4, USER, MM_THISNODE, 0, 0, 1, &addr), -EINVAL);
	while (mm_alloc_bulk(heap, 0, MM_CLASS_4k + 1, MM_NODE_ANY, 0, 0, 0, 1, &addr) == 1) {
		assert_false(is_user(addr));
		objects++;
	}
	assert_int_equal(objects, 2 * FRAMES);
	assert_int_equal(mm_alloc_bulk(heap, 1, 1, 0, 0, 0, 0, 1, &addr), -ENOMEM);
	mm_heap_destroy(heap);
}

static void its_frames_are_counted_apart(void **state)
{
	struct mm_config config = config_of();
	struct mm_heap *heap = util_heap(&config);
	struct mm_stats stats;
	uint64_t addr[3];

	(void)state;
	assert_int_equal(mm_stats(heap, 0, &stats), 0);
	assert_int_equal(stats.user_frames_total, 2 * FRAMES);
	assert_int_equal(stats.frames_total, 4 * FRAMES);
	assert_int_equal(stats.user_frames_in_use, 0);
	/* A single one, the rest of whose row the CPU keeps; a run; a run that is whole. */
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(mm_pages_alloc(heap, i & 1, (unsigned int[]){0, 3, 9}[i], USER, 0,
						1, &addr[i]),
				 1);
	(void)util_run(heap, 2, 0);
	(void)util_alloc(heap, 1, 0);
	assert_int_equal(mm_stats(heap, 0, &stats), 0);
	assert_int_equal(stats.user_frames_in_use, 1 + 8 + 512);
	assert_true(stats.frames_in_use > 1 + 8 + 512 + 4);
	for (unsigned int i = 0; i < 3; i++)
		util_free_run(heap, addr[i], 0);
	assert_int_equal(mm_stats(heap, 0, &stats), 0);
	assert_int_equal(stats.user_frames_in_use, 0);
	assert_int_equal(mm_stats(heap, 4, &stats), 0);
	assert_int_equal(stats.user_frames_total, 0);
	mm_heap_destroy(heap);
}

static void its_empty_memory_goes_back_and_so_does_all_at_a_reset(void **state)
{
	struct mm_config config = config_of();
	struct mm_heap *heap = util_heap(&config);
	struct mm_stats stats;
	uint64_t addr;

	(void)state;
	assert_int_equal(mm_pages_alloc(heap, 0, 9, USER, 0, 1, &addr), 1);
	util_free_run(heap, addr, 0);
	assert_int_equal(mm_reclaim(heap), MM_HUGE_SIZE);
	assert_int_equal(mm_pages_alloc(heap, 0, 9, USER, 0, 1, &addr), 1);
	mm_heap_reset(heap);
	assert_int_equal(mm_stats(heap, 0, &stats), 0);
	assert_int_equal(stats.user_frames_in_use, 0);
	assert_int_equal(stats.frames_backed, 0);
	util_check(heap);
	mm_heap_destroy(heap);
}

static void a_heap_may_be_for_user_space_alone(void **state)
{
	struct mm_config config = config_of();
	struct mm_heap *heap;
	uint64_t addr;

	(void)state;
	config.user_nodes |= 1;
	heap = util_heap(&config);
	assert_int_equal(mm_pages_alloc(heap, 0, 0, MM_NODE_ANY, 0, 1, &addr), -ENOMEM);
	assert_int_equal(mm_alloc_bulk(heap, 0, 4, MM_NODE_ANY, 0, 0, 0, 1, &addr), -ENOMEM);
	assert_int_equal(mm_pages_alloc(heap, 0, 0, 0, 0, 1, &addr), 1);
	assert_false(is_user(addr));
	mm_heap_destroy(heap);
	config.user_nodes = 1u << MM_MAX_NODES;
	assert_int_equal(mm_heap_create(&config, &heap, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_names_it_is_given_its_frames_and_no_others),
		cmocka_unit_test(nobody_else_is_given_its_frames),
		cmocka_unit_test(what_is_low_is_found_there_too),
		cmocka_unit_test(it_has_no_objects),
		cmocka_unit_test(its_frames_are_counted_apart),
		cmocka_unit_test(its_empty_memory_goes_back_and_so_does_all_at_a_reset),
		cmocka_unit_test(a_heap_may_be_for_user_space_alone),
	};

	return cmocka_run_group_tests_name("mm_frame_user", tests, NULL, NULL);
}
