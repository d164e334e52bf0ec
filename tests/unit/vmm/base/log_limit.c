/* SPDX-License-Identifier: BSD-2-Clause */
/* How many lines of one source are printed, however many come. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "vmm/base/log_limit.h"

#define BURST  8u
#define PERIOD LOG_LIMIT_PERIOD_MS

/* How many of n lines at one time are printed; adds to *dropped what is told. */
static unsigned int flood(struct log_limit *limit, unsigned int n, uint64_t at, uint64_t *dropped)
{
	unsigned int printed = 0;
	uint64_t told;

	while (n--) {
		if (!log_limit_take(limit, at, &told))
			continue;
		printed++;
		*dropped += told;
	}
	return printed;
}

static void a_burst_then_one_each_period(void **state)
{
	const uint64_t start = 12345;
	struct log_limit limit;
	uint64_t dropped = 0;

	(void)state;
	assert_int_equal(log_limit_init(&limit, "disk", BURST), 0);
	assert_int_equal(flood(&limit, BURST, start, &dropped), BURST);
	assert_int_equal(limit.dropped, 0);
	assert_int_equal(flood(&limit, 10000, start + PERIOD - 1, &dropped), 0);
	assert_true(limit.dropped > 0);
	assert_int_equal(dropped, 0);
	/* Each later line tells what was left out since the one before. */
	for (unsigned int i = 1; i < 100; i++) {
		assert_int_equal(flood(&limit, 10000, start + i * PERIOD, &dropped), 1);
		assert_int_equal(dropped, i * 10000ull - i + 1);
	}
	log_limit_fini(&limit);
}

static void quiet_earns_a_burst_again_and_no_more(void **state)
{
	struct log_limit limit;
	uint64_t dropped = 0;
	uint64_t at = 5 * PERIOD;

	(void)state;
	assert_int_equal(log_limit_init(&limit, "disk", BURST), 0);
	assert_int_equal(flood(&limit, 1000, at, &dropped), BURST);
	at += 3 * PERIOD;
	assert_int_equal(flood(&limit, 1000, at, &dropped), 3);
	at += 1000000ull * PERIOD;
	assert_int_equal(flood(&limit, 1000, at, &dropped), BURST);
	assert_int_equal(flood(&limit, 1000, at + PERIOD - 1, &dropped), 0);
	/* The clock may stand still, and a line now and then is always printed. */
	at += 1000 * PERIOD;
	assert_int_equal(flood(&limit, 1, at, &dropped), 1);
	assert_int_equal(flood(&limit, 1, at + 2 * PERIOD, &dropped), 1);
	log_limit_fini(&limit);
}

/* What a function prints on stderr. */
static void printed(void (*print)(struct log_limit *), struct log_limit *limit, char *text,
		    size_t room)
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	size_t n;

	assert_non_null(file);
	fflush(stderr);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	print(limit);
	fflush(stderr);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	rewind(file);
	n = fread(text, 1, room - 1, file);
	text[n] = '\0';
	fclose(file);
}

static unsigned int lines_of(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void note_many(struct log_limit *limit)
{
	for (unsigned int i = 0; i < 50000; i++)
		log_limit_note(limit, "line %u\n", i);
}

static void settle_at_once(struct log_limit *limit)
{
	log_limit_settle(limit, false);
}

static void settle_in_the_end(struct log_limit *limit)
{
	log_limit_settle(limit, true);
}

/* However slow this machine is, this takes far less than a thousand periods. */
static void a_flood_prints_few_lines_and_their_number(void **state)
{
	struct log_limit limit;
	unsigned long long left_out;
	static char text[65536];
	unsigned int lines;

	(void)state;
	assert_int_equal(log_limit_init(&limit, "disk", BURST), 0);
	printed(note_many, &limit, text, sizeof(text));
	lines = lines_of(text);
	assert_in_range(lines, BURST, 1000);
	assert_memory_equal(text, "slabvisor: disk: line 0?\n", 25);
	assert_true(limit.dropped > 0);
	printed(settle_in_the_end, &limit, text, sizeof(text));
	assert_int_equal(
		sscanf(text, "slabvisor: disk: %llu more messages were left out", &left_out), 1);
	if (lines == BURST)
		assert_int_equal(left_out, 50000 - BURST);
	assert_int_equal(limit.dropped, 0);
	printed(settle_in_the_end, &limit, text, sizeof(text));
	assert_string_equal(text, "");
	log_limit_fini(&limit);
}

static void the_number_is_told_when_a_line_may_be_printed(void **state)
{
	struct log_limit limit;
	uint64_t dropped = 0;
	char text[256];

	(void)state;
	assert_int_equal(log_limit_init(&limit, "disk", BURST), 0);
	/* Periods that are yet to come. */
	assert_int_equal(flood(&limit, 1000, UINT64_MAX / 2, &dropped), BURST);
	printed(settle_at_once, &limit, text, sizeof(text));
	assert_string_equal(text, "");
	assert_true(limit.dropped > 0);
	/* One that is over. */
	limit.since_ms = 0;
	printed(settle_at_once, &limit, text, sizeof(text));
	assert_string_equal(text, "slabvisor: disk: 992 more messages were left out, which came "
				  "too fast\n");
	assert_int_equal(limit.dropped, 0);
	log_limit_fini(&limit);
}

/* Several threads read the clock and come here in any order. */
static void an_older_clock_earns_nothing(void **state)
{
	struct log_limit limit;
	uint64_t dropped = 0;

	(void)state;
	assert_int_equal(log_limit_init(&limit, "disk", BURST), 0);
	assert_int_equal(flood(&limit, 1000, 5 * PERIOD, &dropped), BURST);
	assert_int_equal(flood(&limit, 1000, 5 * PERIOD - 1, &dropped), 0);
	assert_int_equal(flood(&limit, 1000, 0, &dropped), 0);
	log_limit_fini(&limit);
}

#define THREADS 4u

static void *flood_thread(void *arg)
{
	static _Thread_local uint64_t dropped;
	unsigned int n;

	n = flood(arg, 10000, 7, &dropped);
	return (void *)(uintptr_t)(n * 1000000ull + dropped);
}

static void threads_share_a_burst(void **state)
{
	pthread_t thread[THREADS];
	struct log_limit limit;
	uintptr_t sum = 0;
	void *n;

	(void)state;
	assert_int_equal(log_limit_init(&limit, "disk", BURST), 0);
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, flood_thread, &limit), 0);
	for (unsigned int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(thread[i], &n), 0);
		sum += (uintptr_t)n;
	}
	assert_int_equal(sum / 1000000, BURST);
	assert_int_equal(limit.dropped, THREADS * 10000 - BURST);
	log_limit_fini(&limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_then_one_each_period),
		cmocka_unit_test(quiet_earns_a_burst_again_and_no_more),
		cmocka_unit_test(a_flood_prints_few_lines_and_their_number),
		cmocka_unit_test(the_number_is_told_when_a_line_may_be_printed),
		cmocka_unit_test(an_older_clock_earns_nothing),
		cmocka_unit_test(threads_share_a_burst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
