/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Much to do for few bytes: many requests at once, each of which zeroes all of the disk. Each is
 * made again when it is done, so that there is always more under way than a moment's work, until
 * somebody changes the disk's size: then what is under way is the last.
 */
#include "blkcheck.h"
#include <linux/printk.h>
#include <linux/slab.h>
#include <slabvisor/platform.h>

#define REQUESTS 64u

static u64 zeroed;
static u64 failed;

static void again(struct blk_request *req)
{
	struct blk_info now;

	zeroed += !req->result;
	failed += !!req->result;
	blk_get_info(disk, &now);
	if (now.sectors == info.sectors && !failed && blk_add(disk, req))
		failed++;
}

void check_zeroes(void)
{
	struct blk_request *req = kcalloc(REQUESTS, sizeof(*req), GFP_KERNEL);
	bool said = false;

	if (!req) {
		check(false, "memory for the requests");
		return;
	}
	for (unsigned int i = 0; i < REQUESTS; i++) {
		req[i].op = BLK_WRITE_ZEROES;
		req[i].len = info.sectors * BLK_SECTOR_SIZE;
		req[i].done = again;
		check(!blk_add(disk, &req[i]), "request %u is added", i);
	}
	while (blk_wait(disk) > 0) {
		if (!said)
			printk("zeroing\n");
		said = true;
		console_flush();
	}
	check(zeroed && !failed, "zeroed %llu times, failed %llu times", zeroed, failed);
	kfree(req);
}
