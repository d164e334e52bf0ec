/* SPDX-License-Identifier: BSD-2-Clause */
/* Time in ticks, of which a program has 250 in a second, as in Linux's <linux/jiffies.h>. */
#ifndef GUEST_LINUX_JIFFIES_H
#define GUEST_LINUX_JIFFIES_H

#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/types.h>

#ifndef HZ
#define HZ 250
#endif
#define MAX_JIFFY_OFFSET ((LONG_MAX >> 1) - 1)
#define TICK_NSEC        (NSEC_PER_SEC / HZ)

/* Since the program started. */
static inline u64 get_jiffies_64(void)
{
	return ktime_get_ns() / TICK_NSEC;
}

#define jiffies    ((unsigned long)get_jiffies_64())
#define jiffies_64 get_jiffies_64()

/* Also right when one of the two has wrapped. */
#define time_after(a, b)          ((long)((b) - (a)) < 0)
#define time_before(a, b)         time_after(b, a)
#define time_after_eq(a, b)       ((long)((a) - (b)) >= 0)
#define time_before_eq(a, b)      time_after_eq(b, a)
#define time_in_range(a, b, c)    (time_after_eq(a, b) && time_before_eq(a, c))
#define time_is_before_jiffies(a) time_after(jiffies, a)
#define time_is_after_jiffies(a)  time_before(jiffies, a)

/* To ticks rounded up, from ticks rounded down. */
static inline unsigned long msecs_to_jiffies(const unsigned int ms)
{
	return (int)ms < 0 ? MAX_JIFFY_OFFSET
			   : (ms * (unsigned long)HZ + MSEC_PER_SEC - 1) / MSEC_PER_SEC;
}

static inline unsigned long usecs_to_jiffies(const unsigned int us)
{
	return (us * (unsigned long)HZ + USEC_PER_SEC - 1) / USEC_PER_SEC;
}

static inline unsigned long nsecs_to_jiffies(u64 ns)
{
	return ns / TICK_NSEC;
}

static inline unsigned int jiffies_to_msecs(const unsigned long j)
{
	return (unsigned int)(j * (MSEC_PER_SEC / HZ));
}

static inline unsigned int jiffies_to_usecs(const unsigned long j)
{
	return (unsigned int)(j * (USEC_PER_SEC / HZ));
}

static inline u64 jiffies_to_nsecs(const unsigned long j)
{
	return j * (u64)TICK_NSEC;
}

#endif
