/* SPDX-License-Identifier: BSD-2-Clause */
/* How long a loop takes, on hosts that do other things beside: the loop and its time are this
 * file's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mm/util.h"
#include "vmm/program/ring_judge.h"
#include "vmm/program/ring_probe.h"

#define NATIVE   3.0
#define EMULATED 510.0
#define TRIP     40000.0 /* into the guest and back */

struct host {
	double iteration;
	const double *others; /* what is taken of a run by others, one after the other */
	unsigned int nr_others;
	unsigned int runs;
	unsigned int fails_at; /* 0: never */
};

static int loop(void *arg, uint32_t count, double *ns)
{
	struct host *host = arg;

	if (++host->runs == host->fails_at)
		return -EIO;
	*ns = TRIP + count * host->iteration;
	if (host->runs <= host->nr_others)
		*ns += host->others[host->runs - 1];
	return 0;
}

static double judged(struct host *host)
{
	double ns = -1;

	assert_int_equal(ring_judge(loop, host, &ns), 0);
	return ns;
}

static void a_quiet_host_is_judged_at_once(void **state)
{
	struct host native = {.iteration = NATIVE}, emulated = {.iteration = EMULATED};

	(void)state;
	assert_true(judged(&native) < RING_PROBE_NATIVE_NS);
	assert_true(native.runs < 16);
	assert_true(judged(&emulated) > EMULATED * 0.9);
	assert_true(emulated.runs < 16);
}

/* Runs of the long loop lose so much each, those of the short one nothing, for as long as a burst
 * lasts. */
static void who_is_disturbed_is_not_taken_for_slow(void **state)
{
	double others[64];
	struct host host = {.iteration = NATIVE, .others = others};

	(void)state;
	for (double taken = TRIP / 10; taken < TRIP * 20; taken *= 1.5) {
		host.runs = 0;
		host.nr_others = ARRAY_SIZE(others);
		for (unsigned int i = 0; i < ARRAY_SIZE(others); i++)
			others[i] = i % 2 ? 0 : taken * (1 + i % 3);
		if (judged(&host) >= RING_PROBE_NATIVE_NS)
			fail_msg("%.0f ns taken: slow", taken);
	}
}

/* Each run loses as much or as little as another, or nothing, as beside a load that never rests. */
static void who_is_always_disturbed_is_not_taken_for_slow(void **state)
{
	double others[256];
	struct host host = {.iteration = NATIVE, .others = others, .nr_others = ARRAY_SIZE(others)};
	uint32_t seed = 1;
	unsigned int wrong = 0;

	(void)state;
	for (unsigned int n = 0; n < 100000; n++) {
		host.runs = 0;
		for (unsigned int i = 0; i < ARRAY_SIZE(others); i++) {
			seed = seed * 1664525 + 1013904223;
			others[i] = seed >> 30 ? (seed >> 8) % 1000 * (TRIP / 200) : 0;
		}
		wrong += judged(&host) >= RING_PROBE_NATIVE_NS;
	}
	if (wrong)
		fail_msg("%u of 100000 were slow", wrong);
}

static void who_emulates_is_slow_under_load_as_well(void **state)
{
	double others[200];
	struct host host = {.iteration = EMULATED, .others = others};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(others); i++)
		others[i] = i % 2 ? 0 : TRIP * (i % 7);
	host.nr_others = ARRAY_SIZE(others);
	assert_true(judged(&host) >= RING_PROBE_NATIVE_NS);
}

static void an_error_ends_it(void **state)
{
	double ns;

	(void)state;
	for (unsigned int at = 1; at < 10; at++) {
		struct host host = {.iteration = EMULATED, .fails_at = at};

		assert_int_equal(ring_judge(loop, &host, &ns), -EIO);
		assert_int_equal(host.runs, at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quiet_host_is_judged_at_once),
		cmocka_unit_test(who_is_disturbed_is_not_taken_for_slow),
		cmocka_unit_test(who_is_always_disturbed_is_not_taken_for_slow),
		cmocka_unit_test(who_emulates_is_slow_under_load_as_well),
		cmocka_unit_test(an_error_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
