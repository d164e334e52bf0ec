/* SPDX-License-Identifier: BSD-2-Clause */
/* What huge frames say that they are used for. */
#include "tests/unit/mm/util.h"

static struct mm_huge look(struct mm_heap *heap, uint64_t addr)
{
	struct mm_huge huge;

	assert_int_equal(mm_huge_look(heap, (addr - UTIL_BASE) / MM_HUGE_SIZE, 1, &huge), 1);
	return huge;
}

static void a_huge_frame_tells_its_use(void **state)
{
	struct mm_config config = util_config(64 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	struct mm_huge all[64];
	struct mm_slabinfo info;
	struct mm_bad bad;
	size_t nr_bad;
	uint64_t object;
	uint64_t run;
	gpa_t page;

	(void)state;
	assert_int_equal(mm_huge_count(heap), 32);
	assert_int_equal(mm_huge_look(heap, 0, 64, all), 32);
	for (int i = 0; i < 32; i++)
		assert_false(all[i].backed);
	assert_int_equal(mm_huge_look(heap, 32, 1, all), 0);
	assert_int_equal(mm_huge_look(heap, UINT64_MAX, 2, all), 0);

	run = util_run(heap, 9, 0);
	assert_true(look(heap, run).backed);
	assert_int_equal(look(heap, run).run_frames, 512);
	assert_int_equal(look(heap, run).slab_frames, 0);
	page = run & ~MM_ADDR_FLAGS;
	assert_int_equal(mm_pin(heap, 1, &page), 1);
	assert_int_equal(look(heap, run).pinned_frames, 1);
	assert_int_equal(mm_unpin(heap, 1, &page, &bad, &nr_bad), 1);
	assert_int_equal(look(heap, run).pinned_frames, 0);

	/* Objects of 4096 bytes: their slab is in a huge frame of its own. */
	assert_int_equal(mm_alloc_bulk(heap, 0, MM_CLASS_4k + 1, MM_NODE_ANY, 0, 0, 0, 1, &object),
			 1);
	object &= ~MM_ADDR_FLAGS;
	assert_true(look(heap, object).slab_frames >= 1);
	assert_int_equal(look(heap, object).run_frames, 0);
	assert_int_equal(mm_slabinfo(heap, MM_CLASS_4k + 1, &info), 0);
	assert_int_equal(info.allocated, 1);
	assert_int_equal(info.freed, 0);

	util_free_run(heap, run, 0);
	assert_int_equal(look(heap, run).run_frames, 0);
	assert_true(look(heap, run).backed);
	mm_reclaim(heap);
	assert_false(look(heap, run).backed);
	mm_heap_destroy(heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_huge_frame_tells_its_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
