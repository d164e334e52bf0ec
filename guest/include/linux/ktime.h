/* SPDX-License-Identifier: BSD-2-Clause */
/* Times in nanoseconds, as in Linux's <linux/ktime.h>. */
#ifndef GUEST_LINUX_KTIME_H
#define GUEST_LINUX_KTIME_H

#include <linux/types.h>

#define NSEC_PER_USEC 1000L
#define NSEC_PER_MSEC 1000000L
#define NSEC_PER_SEC  1000000000L

typedef s64 ktime_t;

/* Nanoseconds since the program started. */
u64 ktime_get_ns(void);
/* Nanoseconds since 1970, UTC. */
u64 ktime_get_real_ns(void);

static inline ktime_t ktime_get(void)
{
	return (ktime_t)ktime_get_ns();
}

static inline s64 ktime_to_ns(ktime_t kt)
{
	return kt;
}

static inline ktime_t ktime_sub(ktime_t a, ktime_t b)
{
	return a - b;
}

static inline s64 ktime_us_delta(ktime_t later, ktime_t earlier)
{
	return (later - earlier) / NSEC_PER_USEC;
}

#endif
