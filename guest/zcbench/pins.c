/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What it costs to pin user pages and to let them go, the trips to the host included: a page that
 * was pinned before, one by one (gup_1) and 512 at once; one that was not, nor any around it
 * (gup_1_miss); and, for a measure of the CPU, a pair of kmalloc() and kfree(). Each is the median
 * of some rounds.
 */
#include "zcbench.h"
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <slabvisor/kmem.h>
#include <slabvisor/user.h>

#define PAGES  512
#define ROUNDS 25
#define TIMES  9

static struct page *page[PAGES];

/* ns a page of pinning n pages at once and letting them go, in thousandths. */
static int measure(unsigned long area, int n, int rounds, u64 *each)
{
	u64 start = ktime_get_ns();

	for (int i = 0; i < rounds; i++) {
		int got = pin_user_pages_fast(area, n, FOLL_WRITE, page);

		if (got != n) {
			if (got > 0)
				unpin_user_pages(page, (unsigned long)got);
			return got < 0 ? got : -EFAULT;
		}
		unpin_user_pages(page, (unsigned long)n);
	}
	*each = (ktime_get_ns() - start) * 1000 / ((u64)rounds * (u64)n);
	return 0;
}

static u64 median(u64 *value)
{
	for (int i = 1; i < TIMES; i++) {
		for (int k = i; k > 0 && value[k] < value[k - 1]; k--) {
			u64 less = value[k];

			value[k] = value[k - 1];
			value[k - 1] = less;
		}
	}
	return value[TIMES / 2];
}

static int measure_hits(unsigned long area, int n, int rounds, u64 *each)
{
	u64 took[TIMES];
	int err = 0;

	for (int i = 0; i < TIMES && !err; i++)
		err = measure(area, n, rounds, &took[i]);
	if (!err)
		*each = median(took);
	return err;
}

static int measure_misses(unsigned long area, u64 *each)
{
	struct virtio_kmem_stats stats;
	u64 took[TIMES];
	int err = 0;

	for (int i = 0; i < TIMES && !err; i++) {
		/* To be counted exactly, all leases are given up. */
		kmem_stats(0, &stats);
		err = measure(area, 1, 1, &took[i]);
	}
	if (!err)
		*each = median(took);
	return err;
}

static u64 measure_kmalloc(int rounds)
{
	u64 took[TIMES];

	for (int i = 0; i < TIMES; i++) {
		u64 start = ktime_get_ns();

		for (int k = 0; k < rounds; k++) {
			void *p = kmalloc(64, GFP_KERNEL);

			asm volatile("" : : "r"(p) : "memory"); /* as if it were used */
			kfree(p);
		}
		took[i] = (ktime_get_ns() - start) * 1000 / (u64)rounds;
	}
	return median(took);
}

int pins_run(void)
{
	unsigned long area = user_mmap(0, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS);
	u64 one = 0;
	u64 many = 0;
	u64 first = 0;
	u64 miss = 0;
	u64 pair;
	int err;

	if (IS_ERR_VALUE(area))
		return (int)area;
	/* The first time each page is faulted in. */
	err = measure(area, PAGES, 1, &first);
	if (!err)
		err = measure_hits(area, 1, ROUNDS * 10, &one);
	if (!err)
		err = measure_hits(area, PAGES, ROUNDS, &many);
	if (!err)
		err = measure_misses(area, &miss);
	user_munmap(area, PAGES * PAGE_SIZE);
	if (err)
		return err;
	pair = measure_kmalloc(ROUNDS * 40);
	print("gup_1_ns", one, "ns");
	print("gup_512_ns_per_page", many, "ns");
	print("gup_1_miss_ns", miss, "ns");
	print("gup_512_fault_ns_per_page", first, "ns");
	print("kmalloc_pair_ns", pair, "ns");
	print("gup_1_kmalloc_pairs", pair ? one * 1000 / pair : 0, "x");
	return 0;
}
