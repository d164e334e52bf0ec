/* SPDX-License-Identifier: BSD-2-Clause */
/* What shim_chain.c and shim_stress.c share: random numbers, objects that are looked at when they
 * are freed, by whichever thread, and threads. */
#ifndef SHIM_HAND_H
#define SHIM_HAND_H

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Marsaglia's xorshift32. */
static inline uint32_t hand_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void hand_end(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(1);
}

/* An object of `size` bytes, 16 at least, whose first word is its size and whose last byte is made
 * of that. */
static inline uint64_t *hand_make(uint64_t size)
{
	uint64_t *object = malloc(size);

	if (!object)
		hand_end("no memory");
	*object = size;
	((uint8_t *)object)[size - 1] = (uint8_t)(size >> 3);
	return object;
}

/* Frees one, or nothing. */
static inline void hand_free(uint64_t *object)
{
	if (object && ((uint8_t *)object)[*object - 1] != (uint8_t)(*object >> 3))
		hand_end("an object was spoilt");
	free(object);
}

static void hand_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	if (pthread_create(thread, NULL, run, arg))
		hand_end("no thread");
}

#endif
