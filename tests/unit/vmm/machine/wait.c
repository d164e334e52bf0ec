/* SPDX-License-Identifier: BSD-2-Clause */
/* WAIT and WAKE among threads, on words of RAM. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vmm/machine/memory.h"
#include "vmm/machine/wait.h"

#define ROUNDS  2000
#define PLAYERS 4
#define WORD    64ull

static _Alignas(64) _Atomic uint32_t words[1024];
static struct memory mem = {
	.ram = (uint8_t *)words, .ram_size = sizeof(words), .ram_low = sizeof(words)};
static struct wait_queue queue;

static int setup(void **state)
{
	(void)state;
	words[WORD / 4] = 0;
	return wait_queue_init(&queue);
}

static int teardown(void **state)
{
	(void)state;
	wait_queue_destroy(&queue);
	return 0;
}

static void test_returns_at_once(void **state)
{
	uint64_t events = 0;

	(void)state;
	assert_int_equal(wait_queue_wait(&queue, &mem, WORD, 1, 0, &events), 0);
	assert_int_equal(wait_queue_wait(&queue, &mem, WORD, 0, 1000, &events), -ETIMEDOUT);
	assert_int_equal(wait_queue_wait(&queue, &mem, WORD + 1, 0, 0, &events), -EFAULT);
	assert_int_equal(wait_queue_wait(&queue, &mem, sizeof(words), 0, 0, &events), -EFAULT);
	assert_int_equal(wait_queue_wait(&queue, &mem, UINT64_MAX - 3, 0, 0, &events), -EFAULT);
	assert_int_equal(wait_queue_wake(&queue, WORD, 1), 0);
	assert_null(queue.first);
}

static void test_event_is_not_missed(void **state)
{
	uint64_t events = 0;

	(void)state;
	/* It came before the wait: no sleep, once. */
	wait_queue_event(&queue);
	assert_int_equal(wait_queue_wait(&queue, &mem, WORD, 0, 0, &events), 0);
	assert_int_equal(wait_queue_wait(&queue, &mem, WORD, 0, 1000, &events), -ETIMEDOUT);
	wait_queue_close(&queue);
	assert_int_equal(wait_queue_wait(&queue, &mem, WORD, 0, 0, &events), 0);
}

/* Players pass a turn round; a wake that is lost stops the game for ever. */
static void *play(void *arg)
{
	uint32_t me = (uint32_t)(uintptr_t)arg;
	uint32_t turn;
	uint64_t events = 0;

	for (int i = 0; i < ROUNDS; i++) {
		while ((turn = words[WORD / 4]) % PLAYERS != me)
			wait_queue_wait(&queue, &mem, WORD, turn, 0, &events);
		words[WORD / 4] = turn + 1;
		wait_queue_wake(&queue, WORD, UINT32_MAX);
	}
	return NULL;
}

static void test_no_wake_is_lost(void **state)
{
	pthread_t player[PLAYERS];

	(void)state;
	for (uintptr_t i = 0; i < PLAYERS; i++)
		assert_int_equal(pthread_create(&player[i], NULL, play, (void *)i), 0);
	for (uintptr_t i = 0; i < PLAYERS; i++)
		pthread_join(player[i], NULL);
	assert_int_equal(words[WORD / 4], PLAYERS * ROUNDS);
	assert_null(queue.first);
}

static void *sleep_once(void *arg)
{
	uint64_t events = 0;

	return (void *)(intptr_t)wait_queue_wait(&queue, &mem, *(uint64_t *)arg, 0, 0, &events);
}

/* Tells whether n sleepers are on the list. */
static int sleepers(void)
{
	struct {
		void *next;
	} * w;
	int n = 0;

	pthread_mutex_lock(&queue.lock);
	for (w = (void *)queue.first; w; w = w->next)
		n++;
	pthread_mutex_unlock(&queue.lock);
	return n;
}

static void test_wakes_count_of_the_word(void **state)
{
	uint64_t here = WORD;
	uint64_t there = WORD + 4;
	pthread_t t[4];
	void *ret;

	(void)state;
	words[WORD / 4 + 1] = 0;
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, sleep_once, i ? &here : &there);
	while (sleepers() < 4)
		sched_yield();
	assert_int_equal(wait_queue_wake(&queue, here, 2), 2);
	assert_int_equal(sleepers(), 2);
	assert_int_equal(wait_queue_wake(&queue, here, 9), 1);
	assert_int_equal(sleepers(), 1);
	wait_queue_close(&queue);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &ret);
		assert_null(ret);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_returns_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_event_is_not_missed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_wake_is_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wakes_count_of_the_word, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
