/* SPDX-License-Identifier: BSD-2-Clause */
/* Times of the clock that never goes back, as in Linux's <linux/sched/clock.h>. */
#ifndef GUEST_LINUX_SCHED_CLOCK_H
#define GUEST_LINUX_SCHED_CLOCK_H

#include <linux/ktime.h>

/* Nanoseconds since the program started. */
#define sched_clock()  ktime_get_ns()
#define local_clock()  ktime_get_ns()
#define cpu_clock(cpu) ((void)(cpu), ktime_get_ns())

#endif
