/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an I/O thread learns of polls, on a clock of the test's: requests that end as soon, and
 * cost as much, as the test says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "virtio/io/learn.h"

#define US     1000ll
#define MS     1000000ll
#define SECOND (1000 * MS)

/* Of a request, without polls and with them: ns until it ends, and of CPU time. */
struct model {
	int64_t ns[2], cpu[2];
	unsigned int chances; /* of each request */
};

/* Those that were measured of threads that were left alone, at depth 1. */
static const struct model wake_ups_cost = {{150 * US, 105 * US}, {60 * US, 86 * US}, 2};
/* Both on one CPU, which a poll takes from who is to ask next. */
static const struct model polls_cost = {{86 * US, 106 * US}, {60 * US, 100 * US}, 2};

static struct io_learn learn;
static int64_t now, cpu, polled; /* polled: requests */
static uint64_t random_state;

static int setup(void **state)
{
	(void)state;
	learn = (struct io_learn){.begin_at = 1100, .stay_at = 1030};
	now = 5 * SECOND;
	cpu = 0;
	polled = 0;
	random_state = 1;
	return 0;
}

/* Up to a third more or less. */
static int64_t noisy(int64_t ns)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return ns * (int64_t)(667 + (random_state >> 33) % 667) / 1000;
}

static void request(const struct model *m)
{
	const bool polls = io_learn_says(&learn);

	now += noisy(m->ns[polls]);
	cpu += noisy(m->cpu[polls]);
	polled += polls;
	learn.done++;
	learn.chances += m->chances;
	if (io_learn_due(&learn))
		(void)io_learn_look(&learn, now, cpu);
}

static void go_on(const struct model *m, int64_t ns)
{
	const int64_t end = now + ns;

	while (now < end)
		request(m);
}

static void it_sleeps_before_anything_is_known(void **state)
{
	(void)state;
	assert_false(io_learn_says(&learn));
}

static void polls_that_pay_are_found_in_a_second(void **state)
{
	(void)state;
	go_on(&wake_ups_cost, SECOND);
	assert_true(learn.does);
}

static void polls_that_take_the_drivers_cpu_are_not_begun(void **state)
{
	(void)state;
	go_on(&polls_cost, 60 * SECOND);
	assert_false(learn.does);
}

static void nor_are_those_that_bring_little(void **state)
{
	const struct model m = {{100 * US, 92 * US}, {60 * US, 61 * US}, 2};

	(void)state;
	go_on(&m, 60 * SECOND);
	assert_false(learn.does);
}

static void nor_those_that_cost_more_cpu_time_than_they_save(void **state)
{
	/* A fast wake-up: a fifth is saved, by ten times the CPU time. */
	const struct model m = {{100 * US, 83 * US}, {8 * US, 80 * US}, 2};

	(void)state;
	go_on(&m, 60 * SECOND);
	assert_false(learn.does);
}

static void trials_take_little_of_the_time(void **state)
{
	int64_t before;

	(void)state;
	go_on(&polls_cost, 40 * SECOND);
	before = polled;
	go_on(&polls_cost, 100 * SECOND);
	assert_true(polled > before);
	/* Some 300 ms of 16 s. */
	assert_true(polled - before < 3 * (100 * SECOND / polls_cost.ns[false]) / 100);
}

static void what_is_learnt_stays_while_it_is_true(void **state)
{
	(void)state;
	go_on(&wake_ups_cost, SECOND);
	for (int i = 0; i < 100; i++) {
		go_on(&wake_ups_cost, SECOND);
		assert_true(learn.does);
	}
}

static void a_load_that_comes_ends_polls_in_three_seconds(void **state)
{
	/* The poll gets half of a CPU, and is in the driver's way. */
	const struct model load = {{210 * US, 330 * US}, {60 * US, 180 * US}, 2};

	(void)state;
	go_on(&wake_ups_cost, 60 * SECOND);
	assert_true(learn.does);
	go_on(&load, 3 * SECOND);
	assert_false(learn.does);
}

static void polls_begin_again_in_three_when_it_is_gone(void **state)
{
	const struct model load = {{210 * US, 330 * US}, {60 * US, 180 * US}, 2};

	(void)state;
	go_on(&load, 60 * SECOND);
	assert_false(learn.does);
	go_on(&wake_ups_cost, 3 * SECOND);
	assert_true(learn.does);
}

static void what_costs_more_has_to_bring_more(void **state)
{
	(void)state;
	/* Requests end 1.43 times as soon. */
	learn.begin_at = 1500;
	learn.stay_at = 1450;
	go_on(&wake_ups_cost, 60 * SECOND);
	assert_false(learn.does);
	learn.begin_at = 1300;
	learn.stay_at = 1250;
	go_on(&wake_ups_cost, 60 * SECOND);
	assert_true(learn.does);
}

static void while_something_else_is_tried_nothing_is_learnt(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++) {
		now += 150 * US;
		learn.done++;
		learn.chances += 2;
		if (io_learn_due(&learn))
			io_learn_skip(&learn, now, now / 2);
		assert_false(io_learn_says(&learn));
	}
	assert_false(learn.trying);
	/* What follows is no pause. */
	cpu = now / 2;
	go_on(&wake_ups_cost, SECOND);
	assert_true(learn.does);
}

static void one_turn_that_something_spoils_decides_nothing(void **state)
{
	struct model slow = polls_cost;

	(void)state;
	slow.ns[false] *= 4;
	/* The second turn of the first trial is one without polls. */
	while (!learn.trying || learn.turn != 1)
		request(&polls_cost);
	while (learn.trying && learn.turn == 1)
		request(&slow);
	while (learn.trying)
		request(&polls_cost);
	assert_false(learn.does);
}

static void what_a_trial_says_against_the_ones_before_is_asked_again(void **state)
{
	struct model spoilt = wake_ups_cost;

	(void)state;
	/* For as long as one trial lasts polls look bad. */
	spoilt.ns[true] *= 2;
	go_on(&wake_ups_cost, 3 * SECOND);
	assert_true(learn.does);
	while (!learn.trying)
		request(&wake_ups_cost);
	while (learn.trying)
		request(&spoilt);
	assert_true(learn.doubted);
	assert_true(learn.does);
	go_on(&wake_ups_cost, 2 * SECOND);
	assert_false(learn.doubted);
	assert_true(learn.does);
}

static void a_disk_of_no_certain_speed_is_not_tried_all_the_time(void **state)
{
	struct model slow = polls_cost;

	(void)state;
	for (int i = 0; i < 2; i++)
		slow.ns[i] *= 3;
	for (int i = 0; i < 100; i++) {
		go_on(&polls_cost, SECOND);
		go_on(&slow, SECOND);
	}
	assert_false(learn.does);
	assert_true(polled < 100 * SECOND / polls_cost.ns[false] / 12);
}

static void nothing_is_tried_with_many_requests_under_way(void **state)
{
	struct model deep = wake_ups_cost;

	(void)state;
	deep.chances = 0;
	go_on(&deep, 20 * SECOND);
	assert_int_equal(polled, 0);
	assert_false(learn.does);
}

static void nor_while_little_is_asked_for(void **state)
{
	const struct model seldom = {{10 * MS, 9 * MS}, {60 * US, 200 * US}, 2};

	(void)state;
	go_on(&seldom, 100 * SECOND);
	assert_int_equal(polled, 0);
}

static void who_pauses_is_not_tried_more_often(void **state)
{
	int64_t before;

	(void)state;
	go_on(&polls_cost, 40 * SECOND);
	before = polled;
	for (int i = 0; i < 100; i++) {
		now += 20 * SECOND;
		go_on(&polls_cost, SECOND);
	}
	assert_true(polled - before < 3 * (100 * SECOND / polls_cost.ns[false]) / 100);
}

static void a_pause_ends_a_trial_and_is_no_measurement(void **state)
{
	(void)state;
	for (unsigned int turn = 0; turn < 2 * IO_LEARN_PAIRS; turn++) {
		setup(NULL);
		while (!learn.trying || learn.turn != turn)
			request(&wake_ups_cost);
		now += 10 * SECOND;
		while (learn.done + 1 < IO_LEARN_LOOK)
			request(&wake_ups_cost);
		request(&wake_ups_cost);
		assert_false(learn.trying);
		assert_false(learn.does);
		go_on(&wake_ups_cost, SECOND);
		assert_true(learn.does);
	}
}

static void a_change_is_told(void **state)
{
	unsigned int changes = 0;
	unsigned int told = 0;
	bool polls = false;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		now += wake_ups_cost.ns[io_learn_says(&learn)];
		learn.done++;
		learn.chances += 2;
		if (io_learn_due(&learn))
			told += io_learn_look(&learn, now, now / 2);
		changes += polls != io_learn_says(&learn);
		polls = io_learn_says(&learn);
	}
	assert_true(changes > 3);
	assert_int_equal(told, changes);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_sleeps_before_anything_is_known),
		TEST(polls_that_pay_are_found_in_a_second),
		TEST(polls_that_take_the_drivers_cpu_are_not_begun),
		TEST(nor_are_those_that_bring_little),
		TEST(nor_those_that_cost_more_cpu_time_than_they_save),
		TEST(trials_take_little_of_the_time),
		TEST(what_is_learnt_stays_while_it_is_true),
		TEST(a_load_that_comes_ends_polls_in_three_seconds),
		TEST(polls_begin_again_in_three_when_it_is_gone),
		TEST(what_costs_more_has_to_bring_more),
		TEST(while_something_else_is_tried_nothing_is_learnt),
		TEST(one_turn_that_something_spoils_decides_nothing),
		TEST(what_a_trial_says_against_the_ones_before_is_asked_again),
		TEST(a_disk_of_no_certain_speed_is_not_tried_all_the_time),
		TEST(nothing_is_tried_with_many_requests_under_way),
		TEST(nor_while_little_is_asked_for),
		TEST(who_pauses_is_not_tried_more_often),
		TEST(a_pause_ends_a_trial_and_is_no_measurement),
		TEST(a_change_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
