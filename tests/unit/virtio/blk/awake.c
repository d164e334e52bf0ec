/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When an I/O thread keeps CPUs from halting. The driver here is as slow as a wake-up, or as fast
 * as one that need not wait for any.
 */
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "mm/host/clock.h"
#include "tests/unit/virtio/blk/fixture.h"

#define MS 1000000ll
/* us that a driver takes to its next request, where CPUs halt, and where they do not. */
#define HALTED 1000
#define AWAKE  100
/* ms, and requests: more than a turn of a trial has, less than from one trial to the next. */
#define STEADY_MS       700
#define STEADY_REQUESTS 300
#define TRIAL           4 /* changes that it has, and one that may follow */
#define PATIENCE        (100000 * MS)

static atomic_bool awake;
static atomic_uint changes;

static void keep_awake(void *opaque, bool on)
{
	assert_ptr_equal(opaque, &d);
	/* It asks once, and lets go once. */
	assert_true(atomic_exchange(&awake, on) != on);
	atomic_fetch_add(&changes, 1);
}

static int setup(void **state)
{
	atomic_store(&awake, false);
	atomic_store(&changes, 0);
	disk_setup(state);
	d.engine_config.keep_awake = keep_awake;
	d.engine_config.awake_opaque = &d;
	d.engine_config.awake_at = 1500;
	return 0;
}

/* However it ends, it has let go. */
static int teardown(void **state)
{
	(void)disk_teardown(state);
	assert_false(atomic_load(&awake));
	return 0;
}

/* A request after the other, until a trial has been and nothing changes any more. Tells whether
 * CPUs are awake then. gains: whether that makes the driver faster. */
static bool settled(bool gains)
{
	const int64_t begin = monotonic_ns();
	unsigned int requests = 0;
	unsigned int seen = 0;
	int64_t since = begin;

	do {
		assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE, 4096), OK);
		requests++;
		usleep(gains && atomic_load(&awake) ? AWAKE : HALTED);
		if (atomic_load(&changes) != seen) {
			seen = atomic_load(&changes);
			since = monotonic_ns();
			requests = 0;
		}
		assert_true(monotonic_ns() - begin < PATIENCE);
	} while (seen < TRIAL || requests < STEADY_REQUESTS ||
		 monotonic_ns() - since < STEADY_MS * MS);
	return atomic_load(&awake);
}

static void where_it_pays_they_are_kept_until_the_requests_end(void **state)
{
	const struct timespec ms = {.tv_nsec = MS};
	struct io_engine_stats stats;
	int64_t begin;

	(void)state;
	disk_start(&d);
	assert_true(settled(true));
	io_engine_get_stats(d.engine, &stats);
	assert_int_equal(stats.awake_begun, (atomic_load(&changes) + 1) / 2);
	begin = monotonic_ns();
	while (atomic_load(&awake)) {
		assert_true(monotonic_ns() - begin < PATIENCE);
		nanosleep(&ms, NULL);
	}
}

static void where_it_does_not_they_are_not(void **state)
{
	(void)state;
	d.engine_config.awake_at = 5000;
	disk_start(&d);
	assert_false(settled(false));
}

static void a_thread_that_ends_lets_go(void **state)
{
	(void)state;
	disk_start(&d);
	assert_true(settled(true));
}

static void nothing_is_tried_for_a_few_requests(void **state)
{
	(void)state;
	disk_start(&d);
	for (unsigned int i = 0; i < 50; i++)
		assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE, 4096), OK);
	assert_int_equal(atomic_load(&changes), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(where_it_pays_they_are_kept_until_the_requests_end,
						setup, teardown),
		cmocka_unit_test_setup_teardown(where_it_does_not_they_are_not, setup, teardown),
		cmocka_unit_test_setup_teardown(a_thread_that_ends_lets_go, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_tried_for_a_few_requests, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
