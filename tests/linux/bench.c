/* SPDX-License-Identifier: BSD-2-Clause */
/* The clock of slab_bulk_test. */
#include <linux/time_bench.h>

bool time_bench_loop(u32 loops, int step, char *txt, void *data,
		     int (*func)(struct time_bench_record *rec, void *data))
{
	struct time_bench_record rec = {.loops = loops, .step = (u32)step};
	const int done = func(&rec, data);
	const u64 ns = rec.stop - rec.start;
	const bool good = done && rec.invoked_cnt >= loops;

	printk("%s: %s, step %d: %llu of %u, %llu ps each\n", good ? "passed" : "failed", txt, step,
	       rec.invoked_cnt, loops, rec.invoked_cnt ? ns * 1000 / rec.invoked_cnt : 0);
	return good;
}
