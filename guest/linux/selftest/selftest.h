/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A module that calls what slabvisor exports, and prints KTAP to the kernel's log when it is
 * loaded. Loading succeeds if all of it was right, else it is -EIO.
 */
#ifndef GUEST_LINUX_SELFTEST_H
#define GUEST_LINUX_SELFTEST_H

#include <linux/types.h>

/* Prints a line of KTAP. */
void st_check(bool good, const char *name);
/* Prints the plan. Returns how many checks have failed. */
unsigned int st_done(void);

void st_kmalloc(void);
void st_cache(void);
void st_dup(void);
void st_pages(void);
/* Timers of all CPUs allocate and free that many objects, while a task on each CPU does so that
 * many times at least. */
void st_interrupts(unsigned int rounds, unsigned long interrupts);
/* Keeps objects, with a load on each CPU beside them; 0 or -errno. */
int st_hold_start(void);
/* Ends both, and tests them. */
void st_hold_stop(void);
/* Writes garbage to the device's queues, so many times, while tasks use it. The guest is not to be
 * trusted any more after that. -ENODEV: there is no device by virtio-mmio; -ENOMEM. */
int st_scribble(unsigned long writes, u64 seed);
/* Prints what a pair of calls costs beside the kernel's own; of one object, and then, unless
 * only_pairs, of many at once, and of single requests to the host. */
void st_bench(unsigned int pairs, bool only_pairs);
/* Wrong calls. The kernel's log has a warning of each, as of SLUB. */
void st_misuse(void);
/*
 * Prints what a pair of calls costs beside the kernel's own, in turns, of which the median counts.
 * what: "pair": each object is freed before the next; "batch": 4,096 are had, and freed in that
 * order; "scatter": and in another. instructions: the time stamp counter counts these; else what is
 * printed are nanoseconds.
 */
void st_turns(const char *what, bool instructions);

#endif
