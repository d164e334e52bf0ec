/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops that measure an allocator, the same for the guest's kmalloc and for a
 * host's malloc. The includer defines before it includes this header
 *   loops_alloc(size)  an object of size bytes, or NULL
 *   loops_free(ptr)
 *   loops_now()        a clock, nanoseconds
 * and has uint32_t and uint64_t. Every loop returns picoseconds for one
 * allocation together with its free, or 0 when an allocation failed.
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

/* How much of each loop a round does: a few milliseconds of a fast allocator. */
#define LOOPS_PAIRS   1000000
#define LOOPS_BATCHES 16384
#define LOOPS_ROUNDS  9

#endif
