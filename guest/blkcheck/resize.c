/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A disk whose size is changed from outside: larger, then smaller than at first. The guest sleeps
 * until the device says that its configuration has changed, however long that takes.
 */
#include "blkcheck.h"
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <slabvisor/platform.h>

#define BLOCK         4096u
#define BLOCK_SECTORS (BLOCK / BLK_SECTOR_SIZE)

/* Says the size, for who changes it, and waits for another. */
static void wait_for_change(void)
{
	static const u32 word;
	u64 before = info.sectors;

	printk("sectors %llu\n", before);
	console_flush();
	for (;;) {
		blk_get_info(disk, &info);
		if (info.sectors != before)
			break;
		platform_wait(&word, 0, 0);
	}
}

void check_resize(void)
{
	u64 first = info.sectors;
	struct buffer b;

	if (!buffer_alloc(&b, 2)) {
		check(false, "memory for the buffers");
		return;
	}
	buffer_fill(&b, 0, BLOCK, 1);
	check(!buffer_rw(BLK_WRITE, &b, 0, BLOCK, first - BLOCK_SECTORS),
	      "the last block: written");
	check(buffer_rw(BLK_WRITE, &b, 0, BLOCK, first) == -EIO, "behind it: EIO");
	wait_for_change();
	check(info.sectors > first, "grown to %llu sectors", info.sectors);
	check(!buffer_rw(BLK_READ, &b, BLOCK, BLOCK, first) && buffer_is(&b, BLOCK, BLOCK, 0),
	      "grown: what is new reads as zero");
	check(!buffer_rw(BLK_READ, &b, BLOCK, BLOCK, first - BLOCK_SECTORS) &&
		      buffer_holds(&b, BLOCK, BLOCK, 1),
	      "grown: what was there is as it was");
	check(!buffer_rw(BLK_WRITE, &b, 0, BLOCK, info.sectors - BLOCK_SECTORS) &&
		      !buffer_rw(BLK_READ, &b, BLOCK, BLOCK, info.sectors - BLOCK_SECTORS) &&
		      buffer_holds(&b, BLOCK, BLOCK, 1),
	      "grown: the last block is written and read");
	check(buffer_rw(BLK_READ, &b, 0, BLOCK, info.sectors) == -EIO, "grown: behind it EIO");
	wait_for_change();
	check(info.sectors < first, "shrunk to %llu sectors", info.sectors);
	check(buffer_rw(BLK_READ, &b, 0, BLOCK, first - BLOCK_SECTORS) == -EIO &&
		      buffer_rw(BLK_WRITE, &b, 0, BLOCK, info.sectors) == -EIO,
	      "shrunk: behind the end EIO");
	check(buffer_rw(BLK_READ, &b, 0, BLOCK, info.sectors - 1) == -EIO,
	      "shrunk: across the end EIO");
	check(!buffer_rw(BLK_READ, &b, 0, BLOCK, info.sectors - BLOCK_SECTORS),
	      "shrunk: the last block is read");
	check(!blk_flush(disk), "shrunk: flushed");
	buffer_free(&b);
}
