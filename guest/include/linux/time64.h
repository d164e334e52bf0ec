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

#endif
