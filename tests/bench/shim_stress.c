/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that allocate objects of mixed sizes, free some, keep some until they end, and exchange
 * some through a table that all of them share: whoever gets an object frees it. What is in the
 * table outlives the threads, of which each round starts new ones.
 *
 * Usage: shim_stress [rounds]
 */
#include "tests/bench/shim_hand.h"

#define THREADS 2
#define SLOTS   1024
#define TURNS   50000 /* of each thread in a round */
#define OWN     4096  /* objects that a thread has, and exchanges and frees */
#define KEPT    4     /* one in so many is kept until the end */

static uint32_t rounds = 120;
static uint64_t *table[SLOTS];

static struct worker {
	_Alignas(128) uint64_t *own[OWN];
	uint64_t *kept[TURNS / KEPT];
	uint32_t seed;
	pthread_t thread;
} worker[THREADS];

/* Mostly small, half of them below 256 bytes; one in 128 up to 32 KiB, one in 4096 up to 1 MiB. */
static uint64_t size_of(uint32_t r)
{
	uint32_t size = 16 + ((r & 0x3ff) * (r >> 10 & 0x3ff) >> 10);

	if (r >> 25)
		return size;
	return r >> 20 & 31 ? size * 32ull : size * 1024ull;
}

static void *run(void *arg)
{
	struct worker *w = arg;

	for (uint32_t i = 0; i < TURNS; i++) {
		uint32_t r = hand_random(&w->seed);
		uint64_t *object = hand_make(size_of(hand_random(&w->seed)));

		if (i % KEPT == 0) {
			w->kept[i / KEPT] = object;
		} else if (r & 1) {
			uint64_t **at = &w->own[(r >> 1) % OWN];

			hand_free(*at);
			*at = object;
		} else {
			/* Both orders: what is in the object goes with it. */
			hand_free(__atomic_exchange_n(&table[(r >> 1) % SLOTS], object,
						      __ATOMIC_ACQ_REL));
		}
	}
	for (uint32_t i = 0; i < TURNS / KEPT; i++)
		hand_free(w->kept[i]);
	for (uint32_t i = 0; i < OWN; i++) {
		hand_free(w->own[i]);
		w->own[i] = NULL;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		rounds = (uint32_t)strtoul(argv[1], NULL, 0);
	for (uint32_t i = 0; i < THREADS; i++)
		worker[i].seed = 2463534242u + i;
	for (uint32_t round = 0; round < rounds; round++) {
		for (uint32_t i = 0; i < THREADS; i++)
			hand_start(&worker[i].thread, run, &worker[i]);
		for (uint32_t i = 0; i < THREADS; i++)
			pthread_join(worker[i].thread, NULL);
	}
	for (uint32_t i = 0; i < SLOTS; i++)
		hand_free(table[i]);
	printf("%u rounds of %u threads, %u objects by each\n", rounds, THREADS, TURNS);
	return 0;
}
