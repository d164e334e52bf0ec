/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the hostile programs share: numbers that follow from a seed, and a way to end. The same
 * seed and count make the same attack, but for what threads do to each other.
 */
#ifndef TESTS_ATTACK_H
#define TESTS_ATTACK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define KIB 1024ull
#define MIB (1024 * KIB)

/* What was promised does not hold: says so, and where the numbers came from. */
#define must(what, ...)                                                                          \
	do {                                                                                     \
		if (!(what)) {                                                                   \
			fprintf(stderr, "%s:%d: %s does not hold: ", __FILE__, __LINE__, #what); \
			fprintf(stderr, __VA_ARGS__);                                            \
			fputc('\n', stderr);                                                     \
			exit(1);                                                                 \
		}                                                                                \
	} while (0)

struct rng {
	uint64_t state;
};

/* splitmix64 */
static inline uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* 0 to n - 1; n at least 1. */
static inline uint32_t rng_below(struct rng *rng, uint32_t n)
{
	return (uint32_t)((rng_next(rng) >> 32) * n >> 32);
}

/* True once in n times. */
static inline bool rng_one_in(struct rng *rng, uint32_t n)
{
	return !rng_below(rng, n);
}

/* A number of one of the sizes that numbers break at. */
static inline uint64_t rng_edge(struct rng *rng)
{
	uint64_t bit = 1ull << rng_below(rng, 64);

	switch (rng_below(rng, 5)) {
	case 0:
		return bit - 1;
	case 1:
		return bit;
	case 2:
		return 0 - bit;
	case 3:
		return rng_below(rng, 300);
	default:
		return rng_next(rng);
	}
}

#endif
