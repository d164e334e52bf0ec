/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads over malloc: objects change hands, threads come and go by the hundred, and
 * processes are forked in the middle of it. Each object says what it holds, and is
 * looked at by whoever frees it. `threads NAME` runs one case.
 */
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mm/util.h"

#define SHARED 4096

struct object {
	size_t size; /* of all of it */
	uint64_t seed;
	unsigned char bytes[];
};

static _Atomic(struct object *) shared[SHARED];
static atomic_bool stop;
static atomic_int failures;

static void fail(const char *what)
{
	fprintf(stderr, "threads: %s\n", what);
	atomic_fetch_add(&failures, 1);
}

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static size_t some_size(uint64_t r)
{
	unsigned int kind = r % 1000;

	r >>= 16;
	return sizeof(struct object) + (kind < 900   ? r % 500
					: kind < 990 ? r % 20000
					: kind < 999 ? r % 400000
						     : r % 6000000);
}

/* Only the ends of the large ones, which would take all the time. */
static void fill(struct object *o, size_t size, uint64_t seed)
{
	size_t n = size - sizeof(*o);

	o->size = size;
	o->seed = seed;
	memset(o->bytes, (int)(seed & 0xff), n < 1024 ? n : 512);
	if (n >= 1024)
		memset(o->bytes + n - 512, (int)(seed & 0xff), 512);
}

static void look(const struct object *o)
{
	size_t n = o->size - sizeof(*o);
	size_t end = n < 1024 ? n : 512;
	unsigned char byte = o->seed & 0xff;

	for (size_t i = 0; i < end; i++) {
		if (o->bytes[i] != byte || (n >= 1024 && o->bytes[n - 1 - i] != byte)) {
			fail("an object was written to by others");
			return;
		}
	}
}

/* Grown to what was asked, by way of half of it. */
static struct object *resized(size_t size, uint64_t seed)
{
	size_t half = sizeof(struct object) + size / 2;
	struct object *o = malloc(half);
	struct object *grown;

	if (!o)
		return NULL;
	/* As if it had been as large as half of it from the start. */
	fill(o, half, seed);
	grown = realloc(o, size + sizeof(*o));
	if (!grown) {
		free(o);
		return NULL;
	}
	look(grown);
	return grown;
}

static void trade_once(uint64_t *seed)
{
	uint64_t r = next(seed);
	size_t size = some_size(r);
	struct object *o;

	switch (r >> 60) {
	case 0:
		o = aligned_alloc(64, size);
		break;
	case 1:
		o = calloc(1, size);
		break;
	case 2:
		o = resized(size, r);
		break;
	default:
		o = malloc(size);
	}
	if (!o) {
		fail("no memory");
		return;
	}
	fill(o, size, r);
	/* Release what was written, acquire what another wrote. */
	o = atomic_exchange_explicit(&shared[r % SHARED], o, memory_order_acq_rel);
	if (o) {
		look(o);
		free(o);
	}
}

static void *trade(void *opaque)
{
	uint64_t seed = (uintptr_t)opaque * 0x9e3779b97f4a7c15u + 1;

	for (int i = 0; i < 60000; i++)
		trade_once(&seed);
	return NULL;
}

static void *trade_on(void *opaque)
{
	uint64_t seed = (uintptr_t)opaque * 0x9e3779b97f4a7c15u + 1;

	while (!atomic_load_explicit(&stop, memory_order_relaxed))
		trade_once(&seed);
	return NULL;
}

static void start(pthread_t *thread, void *(*fn)(void *), uintptr_t i)
{
	if (pthread_create(thread, NULL, fn, (void *)i)) {
		fail("no thread");
		exit(1);
	}
}

static void run(void *(*fn)(void *), unsigned int n)
{
	pthread_t *thread = malloc(n * sizeof(*thread));

	for (unsigned int i = 0; i < n; i++)
		start(&thread[i], fn, i + 1);
	for (unsigned int i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	free(thread);
}

static void ownership(void)
{
	run(trade, 4);
}

static pthread_barrier_t barrier;

static void *at_once(void *opaque)
{
	uint64_t seed = (uintptr_t)opaque * 0x9e3779b97f4a7c15u + 1;

	/* All of them are there before one of them goes. */
	for (int i = 0; i < 50; i++)
		trade_once(&seed);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 200; i++)
		trade_once(&seed);
	return NULL;
}

/* More threads than mm has CPUs. */
static void many(void)
{
	pthread_barrier_init(&barrier, NULL, 200);
	run(at_once, 200);
}

static long resident(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (!file || fscanf(file, "%*s %ld", &pages) != 1)
		pages = -1;
	if (file)
		fclose(file);
	return pages * 4096;
}

static void *brief(void *opaque)
{
	void *p[300];

	(void)opaque;
	for (int i = 0; i < 300; i++) {
		p[i] = malloc(1000);
		memset(p[i], 1, 1000);
	}
	for (int i = 0; i < 300; i++)
		free(p[i]);
	return NULL;
}

/* What an ended thread's magazines held, 300 KiB here, is for others to have. */
static void come_and_go(void)
{
	long before;

	for (int i = 0; i < 50; i++)
		run(brief, 2);
	before = resident();
	for (int i = 0; i < 1000; i++)
		run(brief, 2);
	if (resident() - before > 20 << 20)
		fail("ended threads keep memory");
}

static pthread_key_t key[3];
static atomic_int destroyed;

/* Runs again until the last round: this thread still allocates after that one. */
static void destroy(void *opaque)
{
	void *p = malloc(10000);
	unsigned int round = *(unsigned int *)opaque;

	free(opaque);
	free(p);
	if (round < PTHREAD_DESTRUCTOR_ITERATIONS) {
		unsigned int *again = malloc(sizeof(*again));

		*again = round + 1;
		for (int i = 0; i < 3; i++)
			pthread_setspecific(key[i], NULL);
		pthread_setspecific(key[round % 3], again);
	}
	atomic_fetch_add(&destroyed, 1);
}

static void *with_keys(void *opaque)
{
	unsigned int *round = malloc(sizeof(*round));

	(void)opaque;
	*round = 1;
	pthread_setspecific(key[0], round);
	return NULL;
}

static void destructors(void)
{
	for (int i = 0; i < 3; i++)
		pthread_key_create(&key[i], destroy);
	for (int i = 0; i < 100; i++)
		run(with_keys, 4);
	if (atomic_load(&destroyed) < 800)
		fail("destructors did not run");
}

static void tiny_stacks(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN);
	for (int i = 0; i < 50; i++) {
		if (pthread_create(&thread, &attr, brief, NULL)) {
			fail("no thread on the smallest stack");
			return;
		}
		pthread_join(thread, NULL);
	}
}

/* The child has one thread, and starts others. */
static void child(uint64_t seed)
{
	pthread_t thread;

	atomic_store(&failures, 0);
	for (int i = 0; i < 500; i++)
		trade_once(&seed);
	start(&thread, brief, 1);
	pthread_join(thread, NULL);
	malloc_trim(0);
	_exit(atomic_load(&failures) != 0);
}

static void *fork_on(void *opaque)
{
	uint64_t seed = (uintptr_t)opaque * 0x9e3779b97f4a7c15u + 1;

	for (int i = 0; i < 40; i++) {
		pid_t pid = fork();
		int status;

		if (!pid) {
			/* A grandchild, too. */
			if (i % 10 == 0 && fork() == 0)
				child(seed + 1);
			child(seed);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			fail("a child failed");
		trade_once(&seed);
	}
	return NULL;
}

static void forks(void)
{
	pthread_t thread[4];

	for (uintptr_t i = 0; i < 2; i++)
		start(&thread[i], trade_on, i + 1);
	for (uintptr_t i = 2; i < 4; i++)
		start(&thread[i], fork_on, i + 1);
	for (int i = 2; i < 4; i++)
		pthread_join(thread[i], NULL);
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
}

#define FLOOD      700 /* KiB: more than a depot keeps at first, and less than it may learn to */
#define FLOOD_SIZE 1000

static void *flood[FLOOD];

/* How many of the objects come at a higher address than the one before. Slabs hand out the lowest
 * first, a depot what was freed last. All are freed in another order than they came in. */
static int flood_once(uint64_t *seed)
{
	int up = 0;

	for (int i = 0; i < FLOOD; i++) {
		flood[i] = malloc(FLOOD_SIZE);
		up += i && flood[i] > flood[i - 1];
	}
	for (int i = FLOOD - 1; i >= 0; i--) {
		size_t k = next(seed) % (size_t)(i + 1);
		void *p = flood[k];

		flood[k] = flood[i];
		free(p);
	}
	return up;
}

/* The least of some. */
static int flood_some(uint64_t *seed)
{
	int least = FLOOD;

	for (int i = 0; i < 50; i++) {
		int up = flood_once(seed);

		least = up < least ? up : least;
	}
	return least;
}

static pthread_barrier_t beside;

static void *stand_by(void *opaque)
{
	/* Volatile: it is allocated, though nobody looks. */
	void *volatile p = malloc(FLOOD_SIZE);

	pthread_barrier_wait(&beside);
	pthread_barrier_wait(&beside);
	free(p);
	return opaque;
}

/* Half of them come at a higher address where all are in another order. */
static void depots(void)
{
	uint64_t seed = 1;
	pthread_t thread;

	if (flood_some(&seed) < FLOOD * 5 / 8)
		fail("the depot of a process with one thread keeps more than at first");
	pthread_barrier_init(&beside, NULL, 2);
	start(&thread, stand_by, 1);
	pthread_barrier_wait(&beside);
	if (flood_some(&seed) >= FLOOD * 5 / 8)
		fail("the depot of a process with threads has not learnt to keep what is asked back");
	pthread_barrier_wait(&beside);
	pthread_join(thread, NULL);
}

static const struct {
	const char *name;
	void (*fn)(void);
} cases[] = {
	{"ownership", ownership},     {"many", many},
	{"come_and_go", come_and_go}, {"destructors", destructors},
	{"tiny_stacks", tiny_stacks}, {"forks", forks},
	{"depots", depots},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(cases); i++) {
		if (strcmp(argv[1], cases[i].name))
			continue;
		cases[i].fn();
		for (int k = 0; k < SHARED; k++)
			free(atomic_load(&shared[k]));
		return atomic_load(&failures) != 0;
	}
	fprintf(stderr, "threads: a case's name would be right\n");
	return 2;
}
