/* SPDX-License-Identifier: BSD-2-Clause */
/* The CPU time of who serves control sockets: a burst, and a share in the long run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vmm/qmp/budget.h"

#define MS 1000000ll

static void a_burst_is_at_hand_and_no_more(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b, 0);
	/* What is saved does not grow. */
	assert_int_equal(budget_wait_ms(&b, 3600 * 1000 * MS), 0);
	assert_int_equal(b.left_ns, BUDGET_BURST_NS);
	budget_spend(&b, BUDGET_BURST_NS - 1);
	assert_int_equal(budget_wait_ms(&b, 3600 * 1000 * MS), 0);
	budget_spend(&b, 1);
	assert_true(budget_wait_ms(&b, 3600 * 1000 * MS) > 0);
}

static void who_waited_as_long_as_told_may_go_on(void **state)
{
	struct budget b;
	int64_t now = 0;
	int wait;

	(void)state;
	budget_init(&b, now);
	budget_spend(&b, BUDGET_BURST_NS + 7 * MS);
	wait = budget_wait_ms(&b, now);
	assert_true(wait >= 700 && wait <= 900);
	now += wait * MS / 2;
	assert_true(budget_wait_ms(&b, now) > 0);
	now += wait * MS / 2 + MS;
	assert_int_equal(budget_wait_ms(&b, now), 0);
}

/* Whoever spends all the time that it is given has used its share of the clock. */
static void the_share_is_kept_in_the_long_run(void **state)
{
	const int64_t end = 100 * 1000 * MS;
	struct budget b;
	int64_t used = 0;
	int64_t now = 0;

	(void)state;
	budget_init(&b, now);
	while (now < end) {
		int wait = budget_wait_ms(&b, now);

		if (wait) {
			now += wait * MS;
			continue;
		}
		budget_spend(&b, 30000);
		used += 30000;
		now += 30000;
	}
	assert_true(used <= end / BUDGET_SHARE + BUDGET_BURST_NS + MS);
	assert_true(used >= end / BUDGET_SHARE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_is_at_hand_and_no_more),
		cmocka_unit_test(who_waited_as_long_as_told_may_go_on),
		cmocka_unit_test(the_share_is_kept_in_the_long_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
