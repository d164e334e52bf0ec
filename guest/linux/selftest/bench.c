// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What allocating and freeing costs, beside the kernel's own allocator in the same run. */
#include "selftest.h"

#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <slabvisor/svm.h>

#define BATCH    4096
#define REQUESTS 200

typedef void *(*alloc_fn)(size_t size, gfp_t gfp);
typedef void (*free_fn)(const void *p);

static void *own_alloc(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp);
}

static void *svm_alloc(size_t size, gfp_t gfp)
{
	return svm_kmalloc(size, gfp);
}

static u64 pairs(unsigned int n, alloc_fn get, free_fn put)
{
	u64 before = ktime_get_ns();

	for (unsigned int i = 0; i < n; i++) {
		void *p = get(64, GFP_KERNEL);

		WRITE_ONCE(*(u64 *)p, i);
		put(p);
	}
	return (ktime_get_ns() - before) / n;
}

static u64 batches(unsigned int n, alloc_fn get, free_fn put, void **p, unsigned int stride)
{
	u64 before = ktime_get_ns();

	for (unsigned int done = 0; done < n; done += BATCH) {
		for (unsigned int i = 0; i < BATCH; i++)
			p[i] = get(64, GFP_KERNEL);
		/* stride is odd, so that all have their turn. */
		for (unsigned int i = 0; i < BATCH; i++)
			put(p[i * stride % BATCH]);
		cond_resched();
	}
	return (ktime_get_ns() - before) / (DIV_ROUND_UP(n, BATCH) * BATCH);
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a;
	u64 y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static void line(const char *name, u64 ours, u64 theirs)
{
	u64 percent = ours * 100 / max(theirs, 1ull);

	pr_info("bench: %s: slabvisor %llu ns, SLUB %llu ns, ratio %llu.%02llu\n", name, ours,
		theirs, percent / 100, percent % 100);
}

/* Runs that no magazine keeps, so that each takes a request. pause_ms: between two, so that a host
 * that polls for requests has gone to sleep. Prints the median and the ends. */
static void requests(const char *name, unsigned int pause_ms, void **p)
{
	static u64 ns[REQUESTS];
	unsigned int n = 0;

	for (unsigned int i = 0; i < REQUESTS; i++) {
		u64 before;

		if (pause_ms)
			msleep(pause_ms);
		before = ktime_get_ns();
		p[n] = svm_kmalloc(SZ_64K, GFP_KERNEL);
		ns[n] = ktime_get_ns() - before;
		n += svm_is_hosts(p[n]);
	}
	sort(ns, n, sizeof(*ns), compare, NULL);
	while (n--)
		svm_kfree(p[n]);
	pr_info("bench: request_%s_min %llu ns\n", name, ns[0]);
	pr_info("bench: request_%s_median %llu ns\n", name, ns[REQUESTS / 2]);
	pr_info("bench: request_%s_p90 %llu ns\n", name, ns[REQUESTS * 9 / 10]);
}

void st_bench(unsigned int n, bool only_pairs)
{
	void **p = only_pairs ? NULL : kvcalloc(BATCH, sizeof(*p), GFP_KERNEL);

	if (only_pairs)
		line("pair", pairs(n, svm_alloc, svm_kfree), pairs(n, own_alloc, kfree));
	if (!p)
		return;
	for (unsigned int round = 0; round < 3; round++) {
		line("pair", pairs(n, svm_alloc, svm_kfree), pairs(n, own_alloc, kfree));
		line("batches", batches(n, svm_alloc, svm_kfree, p, 1),
		     batches(n, own_alloc, kfree, p, 1));
		line("scattered", batches(n, svm_alloc, svm_kfree, p, 1237),
		     batches(n, own_alloc, kfree, p, 1237));
	}
	requests("busy", 0, p);
	requests("idle", 20, p);
	kvfree(p);
}
