/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Servers as Larson and Krishnan saw them ("Memory Allocation for Long-Running Server
 * Applications", ISMM 1998): each thread replaces objects picked at random by others of new sizes,
 * and then hands all of them on to a thread that goes on when it has ended. So an object is freed
 * by another thread than it was allocated by, as a rule by a later one of the same chain, and
 * threads come and go all the time.
 *
 * Usage: shim_chain [generations]
 */
#include <semaphore.h>

#include "tests/bench/shim_hand.h"

#define CHAINS  2
#define OBJECTS 5000
#define TURNS   20000 /* objects that a thread replaces */

static uint32_t generations = 800;

struct chain {
	_Alignas(128) uint64_t *object[OBJECTS];
	uint32_t seed;
	uint32_t generation;
	pthread_t thread; /* the one at hand */
	sem_t over;
};

static struct chain chain[CHAINS];

static void *run(void *arg)
{
	struct chain *c = arg;
	uint32_t seed = c->seed;
	pthread_t next;

	if (c->generation)
		pthread_join(c->thread, NULL);
	c->thread = pthread_self();
	for (uint32_t i = 0; i < TURNS; i++) {
		uint64_t **at = &c->object[hand_random(&seed) % OBJECTS];

		hand_free(*at);
		*at = hand_make(16 + hand_random(&seed) % 985);
	}
	c->seed = seed;
	if (++c->generation < generations)
		hand_start(&next, run, c);
	else
		sem_post(&c->over);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t first;

	if (argc > 1)
		generations = (uint32_t)strtoul(argv[1], NULL, 0);
	for (uint32_t i = 0; i < CHAINS; i++) {
		chain[i].seed = 2463534242u + i;
		sem_init(&chain[i].over, 0, 0);
		hand_start(&first, run, &chain[i]);
	}
	for (uint32_t i = 0; i < CHAINS; i++) {
		sem_wait(&chain[i].over);
		pthread_join(chain[i].thread, NULL);
		for (uint32_t k = 0; k < OBJECTS; k++)
			hand_free(chain[i].object[k]);
	}
	printf("%u chains of %u threads, %u objects replaced by each\n", CHAINS, generations,
	       TURNS);
	return 0;
}
