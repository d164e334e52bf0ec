/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checksums and random data of the soak tests. They are quick where QEMU translates each
 * instruction; nothing here has to withstand an attacker.
 */
#ifndef TESTS_SOAK_SUM_H
#define TESTS_SOAK_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/random.h>

/* A random number (xorshift64*), begun from the kernel's. */
static inline uint64_t soak_random(void)
{
	static uint64_t state;

	while (!state) {
		if (getrandom(&state, sizeof(state), 0) != sizeof(state))
			state = 0;
	}
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dull;
}

/* Fills size bytes, a multiple of 8, with random data. */
static inline void soak_fill(uint64_t *buf, size_t size)
{
	for (size_t i = 0; i < size / sizeof(*buf); i++)
		buf[i] = soak_random();
}

/*
 * The checksum of size bytes, a multiple of 8: each word changes all that follows, so that data at
 * another place, missing or exchanged change it. Adds the number of words that are 0 to *zeroes:
 * random data have none, and pages that were given back have nothing else.
 */
static inline uint64_t soak_sum(const uint64_t *buf, size_t size, uint64_t *zeroes)
{
	uint64_t sum = 0x9e3779b97f4a7c15ull;

	for (size_t i = 0; i < size / sizeof(*buf); i++) {
		*zeroes += !buf[i];
		sum = (sum ^ buf[i]) * 0xff51afd7ed558ccdull;
		sum ^= sum >> 32;
	}
	return sum;
}

#endif
