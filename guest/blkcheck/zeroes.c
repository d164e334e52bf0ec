/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Much to do for few bytes: the disk is zeroed again and again, all at once, but for its last
 * megabyte, which the last request is for. Who watches from outside can tell by it how far
 * that went.
 */
#include "blkcheck.h"
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <slabvisor/platform.h>

#define REQUESTS 64u
#define LAST     (1u << 20)

void check_zeroes(void)
{
	struct blk_request *req = kcalloc(REQUESTS, sizeof(*req), GFP_KERNEL);
	u64 bytes = info.sectors * BLK_SECTOR_SIZE - LAST;
	unsigned int done = 0;
	unsigned int right = 0;
	bool said = false;
	int n;

	if (!req) {
		check(false, "memory for the requests");
		return;
	}
	for (unsigned int i = 0; i < REQUESTS; i++) {
		req[i].op = BLK_WRITE_ZEROES;
		req[i].len = bytes;
		if (i == REQUESTS - 1) {
			req[i].sector = bytes / BLK_SECTOR_SIZE;
			req[i].len = LAST;
		}
		check(!blk_add(disk, &req[i]), "request %u is added", i);
	}
	while (done < REQUESTS && (n = blk_wait(disk)) > 0) {
		done += (unsigned int)n;
		if (!said)
			printk("zeroing\n");
		said = true;
		console_flush();
	}
	for (unsigned int i = 0; i < REQUESTS; i++)
		right += !req[i].result;
	check(right == REQUESTS, "zeroed %u times of %u", right, REQUESTS);
	kfree(req);
}
