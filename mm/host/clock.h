/* SPDX-License-Identifier: BSD-2-Clause */
/* Clocks as numbers: of what passes between two looks at one of them. */
#ifndef MM_HOST_CLOCK_H
#define MM_HOST_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds by a clock, which has to be there (clock_gettime(2)). */
static inline int64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Nanoseconds, and milliseconds, by the clock that nobody sets (CLOCK_MONOTONIC). */
static inline int64_t monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static inline int64_t monotonic_ms(void)
{
	return monotonic_ns() / 1000000;
}

#endif
