/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops that measure an allocator, the same for the guest's kmalloc and for a
 * host's malloc. The includer defines before it includes this header
 *   loops_alloc(size)  an object of size bytes, or NULL
 *   loops_free(ptr)
 *   loops_now()        a clock, nanoseconds
 * and has bool, uint32_t and uint64_t. Every loop returns picoseconds for one
 * allocation together with its free, or 0 when an allocation failed; those that two
 * threads run at once (loops_two) leave the time to the includer.
 *
 * Each object's first word is written, so that none is handed out untouched, and
 * each passes through a compiler barrier, so that no pair can be elided.
 */
#ifndef KMALLOC_LOOPS_H
#define KMALLOC_LOOPS_H

#define LOOPS_SIZE    64
#define LOOPS_BATCH   64
#define LOOPS_SCATTER 100000
#define LOOPS_CHURN   1024 /* objects alive in the churn loop */
#define LOOPS_RING    1024 /* objects on their way from one thread to the other */
#define LOOPS_LOOK    32   /* objects between two looks at the other thread's index */
#define LOOPS_TABLE   1024 /* slots that two threads exchange objects in */

/* How much of each loop a round does: a few milliseconds of a fast allocator. */
#define LOOPS_PAIRS     1000000
#define LOOPS_BATCHES   16384
#define LOOPS_HANDOVERS (1u << 20)
#define LOOPS_ROUNDS    9

/* A thread's own scratch: too big for a guest's stack, and outside the allocator
 * that is measured. */
struct loops_scratch {
	uint64_t *object[LOOPS_SCATTER];
	uint32_t order[LOOPS_SCATTER];
	uint32_t seed;
};

static inline void loops_touch(uint64_t *object, uint64_t value)
{
	*object = value;
	__asm__ volatile("" : : "r"(object) : "memory");
}

/* Marsaglia's xorshift32: the same order for every allocator and every run. */
static inline uint32_t loops_random(struct loops_scratch *scratch)
{
	scratch->seed ^= scratch->seed << 13;
	scratch->seed ^= scratch->seed >> 17;
	scratch->seed ^= scratch->seed << 5;
	return scratch->seed;
}

/* Fills order[] with a fixed permutation (Fisher and Yates). */
static void loops_prepare(struct loops_scratch *scratch)
{
	uint32_t j;
	uint32_t t;

	scratch->seed = 2463534242u;
	for (uint32_t i = 0; i < LOOPS_SCATTER; i++)
		scratch->order[i] = i;
	for (uint32_t i = LOOPS_SCATTER - 1; i > 0; i--) {
		j = loops_random(scratch) % (i + 1);
		t = scratch->order[i];
		scratch->order[i] = scratch->order[j];
		scratch->order[j] = t;
	}
}

static uint64_t loops_per_object(uint64_t start, uint64_t objects)
{
	return (loops_now() - start) * 1000 / objects;
}

/* One object at a time: allocated, written, freed. */
static uint64_t loops_pair(struct loops_scratch *scratch, uint64_t pairs)
{
	uint64_t start = loops_now();
	uint64_t *object;

	(void)scratch;
	for (uint64_t i = 0; i < pairs; i++) {
		object = loops_alloc(LOOPS_SIZE);
		if (!object)
			return 0;
		loops_touch(object, i);
		loops_free(object);
	}
	return loops_per_object(start, pairs);
}

/* LOOPS_BATCH objects allocated, then freed first in, first out. */
static uint64_t loops_batch(struct loops_scratch *scratch, uint64_t batches)
{
	uint64_t start = loops_now();
	uint64_t **object = scratch->object;

	for (uint64_t i = 0; i < batches; i++) {
		for (unsigned int k = 0; k < LOOPS_BATCH; k++) {
			object[k] = loops_alloc(LOOPS_SIZE);
			if (!object[k])
				return 0;
			loops_touch(object[k], i);
		}
		for (unsigned int k = 0; k < LOOPS_BATCH; k++)
			loops_free(object[k]);
	}
	return loops_per_object(start, batches * LOOPS_BATCH);
}

/* LOOPS_SCATTER objects allocated, then freed in the order of the permutation. */
static uint64_t loops_scatter(struct loops_scratch *scratch, uint64_t rounds)
{
	uint64_t start = loops_now();

	for (uint64_t i = 0; i < rounds; i++) {
		for (uint32_t k = 0; k < LOOPS_SCATTER; k++) {
			scratch->object[k] = loops_alloc(LOOPS_SIZE);
			if (!scratch->object[k])
				return 0;
			loops_touch(scratch->object[k], k);
		}
		for (uint32_t k = 0; k < LOOPS_SCATTER; k++)
			loops_free(scratch->object[scratch->order[k]]);
	}
	return loops_per_object(start, rounds * LOOPS_SCATTER);
}

/* LOOPS_CHURN objects of 8 to 1024 bytes alive; each turn frees one picked at
 * random and allocates another size in its place. */
static uint64_t loops_churn(struct loops_scratch *scratch, uint64_t turns)
{
	uint64_t start;
	uint64_t took = 0;

	for (uint32_t k = 0; k < LOOPS_CHURN; k++)
		scratch->object[k] = 0;
	start = loops_now();
	for (uint64_t i = 0; i < turns; i++) {
		uint32_t r = loops_random(scratch);
		uint64_t **slot = &scratch->object[r % LOOPS_CHURN];

		loops_free(*slot);
		*slot = loops_alloc(8 + (r >> 10) % 1017);
		if (!*slot)
			goto out;
		loops_touch(*slot, i);
	}
	took = loops_per_object(start, turns);
out:
	for (uint32_t k = 0; k < LOOPS_CHURN; k++)
		loops_free(scratch->object[k]);
	return took;
}

/* What two threads share: its parts lie on lines of their own. */
struct loops_shared {
	_Alignas(64) uint64_t *ring[LOOPS_RING];
	_Alignas(64) uint32_t head; /* objects that were put into the ring */
	_Alignas(64) uint32_t tail; /* objects that were taken out */
	_Alignas(64) uint64_t *table[LOOPS_TABLE];
};

/* The size of the next object: 8 to 1024 bytes, or always the same, of which the compiler knows. */
static inline __attribute__((always_inline)) uint32_t loops_size(uint32_t random, bool mixed)
{
	return mixed ? 8 + random % 1017 : LOOPS_SIZE;
}

/* Reads what the other thread has written, as whoever is handed an object does. */
static inline void loops_look(const uint64_t *object)
{
	__asm__ volatile("" : : "r"(*object) : "memory");
}

/* Waits until the index that the other thread writes is another than `seen`. Acquire: what it did
 * to the ring, and to the objects, before it wrote that. */
static uint32_t loops_wait(const uint32_t *index, uint32_t seen)
{
	uint32_t is;

	while ((is = __atomic_load_n(index, __ATOMIC_ACQUIRE)) == seen)
		__asm__ volatile("pause");
	return is;
}

/* Allocates n objects for the other thread, which has to free them. n is a multiple of LOOPS_LOOK,
 * as is the length of the ring. */
static inline __attribute__((always_inline)) bool
loops_produce(struct loops_scratch *scratch, struct loops_shared *shared, uint32_t n, bool mixed)
{
	uint32_t tail = 0;
	bool well = true;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t size = loops_size(mixed ? loops_random(scratch) : 0, mixed);
		uint64_t *object = loops_alloc(size);

		if (object)
			loops_touch(object, i);
		else
			well = false;
		if (i - tail == LOOPS_RING)
			tail = loops_wait(&shared->tail, tail);
		shared->ring[i % LOOPS_RING] = object;
		/* Release: the ring and the objects, up to here. */
		if ((i + 1) % LOOPS_LOOK == 0)
			__atomic_store_n(&shared->head, i + 1, __ATOMIC_RELEASE);
	}
	return well;
}

static void loops_consume(struct loops_shared *shared, uint32_t n)
{
	uint32_t head = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t *object;

		if (i == head)
			head = loops_wait(&shared->head, head);
		object = shared->ring[i % LOOPS_RING];
		if (object)
			loops_look(object);
		loops_free(object);
		/* Release: what was read of the ring was read. */
		if ((i + 1) % LOOPS_LOOK == 0)
			__atomic_store_n(&shared->tail, i + 1, __ATOMIC_RELEASE);
	}
}

/* Puts n new objects into slots picked at random, and frees what comes out. */
static inline __attribute__((always_inline)) bool
loops_swap(struct loops_scratch *scratch, struct loops_shared *shared, uint32_t n, bool mixed)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t r = loops_random(scratch);
		uint64_t *object = loops_alloc(loops_size(r >> 10, mixed));

		if (!object)
			return false;
		loops_touch(object, i);
		/* Both orders: the object goes with what was written to it, and so comes the other.
		 */
		object = __atomic_exchange_n(&shared->table[r % LOOPS_TABLE], object,
					     __ATOMIC_ACQ_REL);
		if (object)
			loops_look(object);
		loops_free(object);
	}
	return true;
}

/* What thread `who`, 0 or 1, of two does. False: an allocation failed. */
static bool loops_two_batch(struct loops_scratch *scratch, struct loops_shared *shared,
			    unsigned int who)
{
	(void)shared;
	(void)who;
	return loops_batch(scratch, LOOPS_BATCHES) != 0;
}

static bool loops_two_handover(struct loops_scratch *scratch, struct loops_shared *shared,
			       unsigned int who)
{
	if (!who)
		return loops_produce(scratch, shared, LOOPS_HANDOVERS, false);
	loops_consume(shared, LOOPS_HANDOVERS);
	return true;
}

static bool loops_two_handover_mixed(struct loops_scratch *scratch, struct loops_shared *shared,
				     unsigned int who)
{
	if (!who)
		return loops_produce(scratch, shared, LOOPS_HANDOVERS, true);
	loops_consume(shared, LOOPS_HANDOVERS);
	return true;
}

static bool loops_two_exchange(struct loops_scratch *scratch, struct loops_shared *shared,
			       unsigned int who)
{
	(void)who;
	return loops_swap(scratch, shared, LOOPS_HANDOVERS / 2, false);
}

static bool loops_two_exchange_mixed(struct loops_scratch *scratch, struct loops_shared *shared,
				     unsigned int who)
{
	(void)who;
	return loops_swap(scratch, shared, LOOPS_HANDOVERS / 2, true);
}

/* The loops that two threads run at once. */
static const struct loops_two {
	const char *name;
	bool (*run)(struct loops_scratch *scratch, struct loops_shared *shared, unsigned int who);
	uint64_t objects; /* of both together */
} loops_two[] = {
	{"two_batch64", loops_two_batch, 2ull * LOOPS_BATCHES *LOOPS_BATCH},
	{"handover", loops_two_handover, LOOPS_HANDOVERS},
	{"handover_mixed", loops_two_handover_mixed, LOOPS_HANDOVERS},
	{"exchange", loops_two_exchange, LOOPS_HANDOVERS},
	{"exchange_mixed", loops_two_exchange_mixed, LOOPS_HANDOVERS},
};

#define LOOPS_TWO (sizeof(loops_two) / sizeof(loops_two[0]))

/* Before the two begin, and after they have ended: nothing is on its way. */
static void loops_two_prepare(struct loops_scratch scratch[2], struct loops_shared *shared)
{
	shared->head = 0;
	shared->tail = 0;
	for (unsigned int i = 0; i < LOOPS_TABLE; i++) {
		loops_free(shared->table[i]);
		shared->table[i] = 0;
	}
	/* The two are to pick slots in orders of their own. */
	scratch[0].seed = 2463534242u;
	scratch[1].seed = 88172645u;
}

/* Sorts n measurements in place and returns the middle one. */
static uint64_t loops_median(uint64_t *value, unsigned int n)
{
	unsigned int j;

	for (unsigned int i = 1; i < n; i++) {
		uint64_t v = value[i];

		for (j = i; j > 0 && value[j - 1] > v; j--)
			value[j] = value[j - 1];
		value[j] = v;
	}
	return value[n / 2];
}

#endif
