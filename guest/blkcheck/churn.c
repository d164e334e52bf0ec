/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that goes away under I/O. Pinned user pages that are unmapped, their place
 * taken by others: I/O is to have the old pages, and to leave the new ones alone. Pages
 * freed without a pin: the program's own fault, which is to end as an error or not, and
 * to harm nothing else.
 */
#include "blkcheck.h"
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <slabvisor/user.h>

#define PAGES 32
#define LEN   (PAGES * PAGE_SIZE)
#define AT    4096u /* sector */
#define GUARD 512u  /* sector of what nothing here writes */

static bool wait_for(struct blk_request *req)
{
	while (req->result == -EINPROGRESS)
		if (blk_wait(disk) < 0)
			return false;
	return true;
}

static unsigned long map(void)
{
	return user_mmap(0, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
}

/* One request on pinned memory that is unmapped meanwhile. */
static bool unmap_under(enum blk_op op, u64 seed, bool *untouched)
{
	struct page *page[PAGES];
	struct blk_request req = {
		.op = op, .sector = AT, .page = page, .nr_pages = PAGES, .len = LEN};
	unsigned long area = map();
	unsigned long other;
	bool good;

	if (IS_ERR_VALUE(area))
		return false;
	if (op == BLK_WRITE)
		pattern_fill((void *)area, LEN, seed, 0);
	if (pin_user_pages_fast(area, PAGES, FOLL_WRITE, page) != PAGES)
		return false;
	good = !blk_add(disk, &req);
	blk_kick(disk);
	user_munmap(area, LEN);
	other = map();
	memset((void *)other, 0x5a, LEN);
	good = good && wait_for(&req) && !req.result;
	*untouched = !memchr_inv((void *)other, 0x5a, LEN);
	for (int i = 0; i < PAGES && op == BLK_READ; i++)
		good = good && pattern_holds(page_address(page[i]), PAGE_SIZE, seed, i * PAGE_SIZE);
	unpin_user_pages_dirty_lock(page, PAGES, op == BLK_READ);
	user_munmap(other, LEN);
	return good;
}

/* Requests on pages that are freed at once; others are allocated in their place. */
static bool free_under(enum blk_op op)
{
	struct blk_request req[8];
	struct buffer b = {.page = NULL};
	struct buffer other;
	bool good = true;

	if (!buffer_alloc(&b, ARRAY_SIZE(req) * 4))
		return false;
	for (unsigned int i = 0; i < ARRAY_SIZE(req); i++) {
		req[i] = (struct blk_request){
			.op = op,
			.sector = AT + i * 32,
			.page = b.page + i * 4,
			.nr_pages = 4,
			.len = 4 * PAGE_SIZE,
		};
		good = !blk_add(disk, &req[i]) && good;
	}
	blk_kick(disk);
	buffer_free(&b);
	if (buffer_alloc(&other, ARRAY_SIZE(req) * 4))
		buffer_free(&other);
	for (unsigned int i = 0; i < ARRAY_SIZE(req); i++)
		good = wait_for(&req[i]) && (!req[i].result || req[i].result == -EIO) && good;
	return good;
}

void check_churn(u64 rounds)
{
	bool good = true;
	bool untouched = true;
	bool one = false;
	bool ended = true;
	struct buffer guard;

	if (!buffer_alloc(&guard, 16)) {
		check(false, "memory for the buffers");
		return;
	}
	buffer_fill(&guard, 0, 16 * PAGE_SIZE, 77);
	check(!buffer_rw(BLK_WRITE, &guard, 0, 16 * PAGE_SIZE, GUARD),
	      "churn: the guard is written");
	for (u64 n = 0; n < rounds; n++) {
		good = unmap_under(BLK_WRITE, n + 1, &one) && good;
		untouched = untouched && one;
		good = unmap_under(BLK_READ, n + 1, &one) && good;
		untouched = untouched && one;
	}
	check(good, "churn: pinned pages that are unmapped under I/O hold its data");
	check(untouched, "churn: pages mapped in their place are untouched");
	for (u64 n = 0; n < rounds; n++)
		ended = free_under(n % 2 ? BLK_READ : BLK_WRITE) && ended;
	check(ended, "churn: requests on pages that are freed come to an end");
	check(buffer_holds(&guard, 0, 16 * PAGE_SIZE, 77), "churn: memory beside is as it was");
	buffer_set(&guard, 0, 16 * PAGE_SIZE, 0);
	check(!buffer_rw(BLK_READ, &guard, 0, 16 * PAGE_SIZE, GUARD) &&
		      buffer_holds(&guard, 0, 16 * PAGE_SIZE, 77),
	      "churn: the disk beside is as it was");
	buffer_free(&guard);
}
