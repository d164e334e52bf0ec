/* SPDX-License-Identifier: BSD-2-Clause */
/* The buckets of times: each begins where it says, none is missing, and none is wide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "virtio/blk/latency.h"

static void a_bucket_begins_where_it_says(void **state)
{
	(void)state;
	for (unsigned int b = 0; b < BLK_LATENCY_BUCKETS; b++) {
		assert_int_equal(blk_latency_bucket(blk_latency_from(b)), b);
		if (b)
			assert_int_equal(blk_latency_bucket(blk_latency_from(b) - 1), b - 1);
	}
}

static void a_bucket_is_an_eighth_wide(void **state)
{
	(void)state;
	for (unsigned int b = 8; b < BLK_LATENCY_BUCKETS; b++) {
		uint64_t from = blk_latency_from(b);

		assert_true((blk_latency_from(b + 1) - from) * 8 <= from);
	}
}

static void what_lasts_for_ever_is_in_the_last_one(void **state)
{
	(void)state;
	assert_int_equal(blk_latency_bucket(0), 0);
	assert_int_equal(blk_latency_bucket(UINT64_MAX), BLK_LATENCY_BUCKETS - 1);
	assert_true(blk_latency_from(BLK_LATENCY_BUCKETS - 1) > 120000000000ull);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bucket_begins_where_it_says),
		cmocka_unit_test(a_bucket_is_an_eighth_wide),
		cmocka_unit_test(what_lasts_for_ever_is_in_the_last_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
