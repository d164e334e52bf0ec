/* SPDX-License-Identifier: BSD-2-Clause */
/* What slab_bulk_test measures its loops with: time, and how often the loop has been gone through. */
#ifndef TESTS_LINUX_TIME_BENCH_H
#define TESTS_LINUX_TIME_BENCH_H

#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/sched.h>

struct time_bench_record {
	u32 loops; /* asked for */
	u32 step;
	u64 invoked_cnt; /* done */
	u64 start;       /* ns */
	u64 stop;
};

static inline void time_bench_start(struct time_bench_record *rec)
{
	rec->start = ktime_get_ns();
}

static inline void time_bench_stop(struct time_bench_record *rec, u64 invoked_cnt)
{
	rec->stop = ktime_get_ns();
	rec->invoked_cnt = invoked_cnt;
}

/* Has func() go through its loop, and prints "passed" or "failed": it failed if it did fewer than
 * it was asked for. */
bool time_bench_loop(u32 loops, int step, char *txt, void *data,
		     int (*func)(struct time_bench_record *rec, void *data));

#endif
