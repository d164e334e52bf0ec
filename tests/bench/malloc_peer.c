/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The peers of kmalloc: the loops of kmalloc_loops.h over malloc, natively on the
 * host. LD_PRELOAD says whose malloc. Prints `NAME_pair_ns 1.23 ns` and so on;
 * the name is the program's only argument.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define loops_alloc(size) malloc(size)
#define loops_free(ptr)   free(ptr)

static uint64_t loops_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#include "tests/bench/kmalloc_loops.h"

typedef uint64_t (*loop_fn)(struct loops_scratch *scratch, uint64_t count);

static struct loops_scratch scratch[2];
static struct loops_shared shared;
static pthread_barrier_t barrier;
static unsigned int awake;
static bool failed;

static uint64_t measure(loop_fn loop, uint64_t count)
{
	uint64_t took[LOOPS_ROUNDS];

	loop(&scratch[0], count);
	for (unsigned int i = 0; i < LOOPS_ROUNDS; i++)
		took[i] = loop(&scratch[0], count);
	return loops_median(took, LOOPS_ROUNDS);
}

/* Both are awake when they begin: the second of them to come has been woken by then. */
static void meet(void)
{
	pthread_barrier_wait(&barrier);
	__atomic_fetch_add(&awake, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&awake, __ATOMIC_RELAXED) < 2)
		__asm__ volatile("pause");
}

static void *other_thread(void *arg)
{
	const struct loops_two *two = arg;

	for (unsigned int i = 0; i < LOOPS_ROUNDS; i++) {
		meet();
		if (!two->run(&scratch[1], &shared, 1))
			failed = true;
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

/* Picoseconds of one object when two threads share the work, or 0. */
static uint64_t measure_two(const struct loops_two *two)
{
	uint64_t took[LOOPS_ROUNDS];
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&thread, NULL, other_thread, (void *)two))
		return 0;
	for (unsigned int i = 0; i < LOOPS_ROUNDS; i++) {
		uint64_t start;

		loops_two_prepare(scratch, &shared);
		awake = 0;
		meet();
		start = loops_now();
		if (!two->run(&scratch[0], &shared, 0))
			failed = true;
		pthread_barrier_wait(&barrier);
		took[i] = loops_per_object(start, two->objects);
	}
	pthread_join(thread, NULL);
	loops_two_prepare(scratch, &shared);
	return failed ? 0 : loops_median(took, LOOPS_ROUNDS);
}

static void print(const char *name, const char *what, uint64_t ps)
{
	printf("%s_%s_ns %.2f ns\n", name, what, (double)ps / 1000);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "malloc";
	uint64_t batch;
	uint64_t two;

	loops_prepare(&scratch[0]);
	loops_prepare(&scratch[1]);
	print(name, "pair", measure(loops_pair, LOOPS_PAIRS));
	batch = measure(loops_batch, LOOPS_BATCHES);
	print(name, "batch64", batch);
	print(name, "scatter", measure(loops_scatter, 1));
	print(name, "churn", measure(loops_churn, LOOPS_PAIRS));
	for (unsigned int i = 0; i < LOOPS_TWO; i++) {
		two = measure_two(&loops_two[i]);
		print(name, loops_two[i].name, two);
		if (!i)
			printf("%s_smp2_speedup %.2f x\n", name,
			       two ? (double)batch / (double)two : 0.0);
	}
	return failed;
}
