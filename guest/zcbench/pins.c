/* SPDX-License-Identifier: BSD-2-Clause */
/* What it costs to pin user pages and to let them go, the trips to the host included. */
#include "zcbench.h"
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <slabvisor/user.h>

#define PAGES  512
#define ROUNDS 200

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

int pins_run(void)
{
	unsigned long area = user_mmap(0, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS);
	u64 one = 0;
	u64 many = 0;
	u64 miss = 0;
	int err;

	if (IS_ERR_VALUE(area))
		return (int)area;
	/* The first time each page is faulted in. */
	err = measure(area, PAGES, 1, &miss);
	if (!err)
		err = measure(area, 1, ROUNDS * 10, &one);
	if (!err)
		err = measure(area, PAGES, ROUNDS, &many);
	user_munmap(area, PAGES * PAGE_SIZE);
	if (err)
		return err;
	print("gup_1_ns", one, "ns");
	print("gup_512_ns_per_page", many, "ns");
	print("gup_512_fault_ns_per_page", miss, "ns");
	return 0;
}
