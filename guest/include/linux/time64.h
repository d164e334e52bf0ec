/* SPDX-License-Identifier: BSD-2-Clause */
/* Times in seconds and nanoseconds, as in Linux's <linux/time64.h>. */
#ifndef GUEST_LINUX_TIME64_H
#define GUEST_LINUX_TIME64_H

#include <linux/types.h>

typedef s64 time64_t;

struct timespec64 {
	time64_t tv_sec;
	long tv_nsec;
};

#define MSEC_PER_SEC  1000L
#define USEC_PER_MSEC 1000L
#define USEC_PER_SEC  1000000L
#define NSEC_PER_USEC 1000L
#define NSEC_PER_MSEC 1000000L
#define NSEC_PER_SEC  1000000000L

/* Of times before 1970, too: tv_nsec is never negative. */
static inline struct timespec64 ns_to_timespec64(s64 ns)
{
	s64 sec = ns / NSEC_PER_SEC;
	s64 rest = ns % NSEC_PER_SEC;

	if (rest < 0) {
		sec--;
		rest += NSEC_PER_SEC;
	}
	return (struct timespec64){.tv_sec = sec, .tv_nsec = rest};
}

static inline s64 timespec64_to_ns(const struct timespec64 *ts)
{
	return ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec;
}

#endif
