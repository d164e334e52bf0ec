/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory back to the host: at once, later, by a timer. */
#include <time.h>

#include "tests/unit/mm/util.h"

static void empty_memory_goes_back(void **state)
{
	struct mm_config config = util_config(64 * MIB, 2);
	struct mm_heap *heap;
	uint64_t addr[8];
	struct mm_bad bad[8];
	size_t nr_bad;

	(void)state;
	/* At once. */
	config.reclaim_delay_ms = 0;
	heap = util_heap(&config);
	assert_int_equal(mm_pages_alloc(heap, 0, 9, 0, 0, 8, addr), 8);
	assert_int_equal(util_backed(heap), 8 * 512);
	for (int i = 0; i < 8; i++)
		addr[i] &= ~MM_ADDR_FLAGS;
	assert_int_equal(mm_pages_free(heap, 1, 8, addr, bad, &nr_bad), 8);
	assert_int_equal(util_backed(heap), 0);
	mm_heap_destroy(heap);

	/* Never, but when told. */
	config.reclaim_delay_ms = -1;
	heap = util_heap(&config);
	addr[0] = util_run(heap, 5, 0);
	addr[1] = util_run(heap, 9, 0);
	util_free_run(heap, addr[0], 0);
	util_free_run(heap, addr[1], 0);
	assert_int_equal(util_backed(heap), 2 * 512);
	assert_int_equal(mm_reclaim(heap), 2 * MM_HUGE_SIZE);
	assert_int_equal(util_backed(heap), 0);

	/* Not what is half used. */
	addr[0] = util_run(heap, 0, 0);
	memset(util_host(heap, addr[0]), 0x77, MM_FRAME_SIZE);
	assert_int_equal(mm_reclaim(heap), 0);
	assert_int_equal(util_backed(heap), 512);
	assert_int_equal(*(uint8_t *)util_host(heap, addr[0]), 0x77);
	mm_heap_destroy(heap);
}

static void delayed_memory_goes_back_in_later_calls(void **state)
{
	struct mm_config config = util_config(64 * MIB, 1);
	struct mm_heap *heap;

	(void)state;
	config.reclaim_delay_ms = 1;
	heap = util_heap(&config);
	util_free_run(heap, util_run(heap, 10, 0), 0);
	assert_int_equal(util_backed(heap), 2 * 512);
	/* Time passes by itself; each pair uses another huge frame and looks. */
	while (util_backed(heap) > 512) {
		uint64_t one = util_run(heap, 0, 0);

		util_free_run(heap, util_run(heap, 0, 0), 0);
		util_free_run(heap, one, 0);
	}
	mm_heap_destroy(heap);
}

static void wait_ms(int ms)
{
	struct timespec time = {.tv_nsec = ms * 1000000L};

	while (nanosleep(&time, &time))
		;
}

static void a_timer_gives_back_what_a_resting_guest_left(void **state)
{
	struct mm_config config = util_config(64 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	struct mm_stats stats;
	uint64_t run;
	uint64_t object;
	int due;

	(void)state;
	assert_int_equal(mm_reclaim_due_ms(heap), -1);
	util_free_run(heap, util_run(heap, 9, 0), 0);
	assert_int_equal(mm_reclaim_expired(heap), 0);
	mm_heap_destroy(heap);

	config.reclaim_delay_ms = 30;
	heap = util_heap(&config);
	/* Nothing to give: the time after which to look again. */
	assert_int_equal(mm_reclaim_due_ms(heap), 100);
	run = util_run(heap, 9, 0);
	due = mm_reclaim_due_ms(heap);
	assert_true(due > 30 && due <= 100);
	util_free_run(heap, run, 0);
	due = mm_reclaim_due_ms(heap);
	assert_true(due >= 0 && due <= 30);
	while (util_backed(heap)) {
		wait_ms(mm_reclaim_due_ms(heap));
		(void)mm_reclaim_expired(heap);
	}

	/* An empty slab and a row keep a huge frame each; only a rest ends that. */
	object = util_alloc(heap, 4, 0);
	run = util_run(heap, 0, 0);
	util_free(heap, 4, object, 0);
	util_free_run(heap, run, 0);
	assert_int_equal(mm_stats(heap, 0, &stats), 0);
	assert_int_equal(stats.frames_in_use, 0);
	assert_true(stats.frames_cached > 1);
	assert_true(stats.frames_backed > 0);
	while (util_backed(heap)) {
		wait_ms(mm_reclaim_due_ms(heap));
		(void)mm_reclaim_expired(heap);
	}
	assert_int_equal(mm_stats(heap, 0, &stats), 0);
	assert_int_equal(stats.frames_cached, 0);
	/* That was no activity of the guest's. */
	assert_int_equal(mm_reclaim_due_ms(heap), 100);
	assert_int_equal(mm_reclaim_expired(heap), 0);
	mm_heap_destroy(heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_memory_goes_back),
		cmocka_unit_test(delayed_memory_goes_back_in_later_calls),
		cmocka_unit_test(a_timer_gives_back_what_a_resting_guest_left),
	};

	return cmocka_run_group_tests_name("mm_reclaim", tests, NULL, NULL);
}
