/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A write load with flushes, for a monitor that is killed: each round writes all blocks
 * with its number, in flight at once, flushes, and says so. Whatever was said is
 * on the disk, in a block of that round or of a later one.
 */
#include "blkcheck.h"
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <slabvisor/platform.h>

#define BLOCKS 64u

static u64 *block_of(struct buffer *b, unsigned int i)
{
	return page_address(b->page[i]);
}

static bool write_round(struct buffer *b, u64 round)
{
	struct blk_request req[BLOCKS];

	for (unsigned int i = 0; i < BLOCKS; i++) {
		for (unsigned int k = 0; k < PAGE_SIZE / sizeof(u64); k++)
			block_of(b, i)[k] = round;
		req[i] = (struct blk_request){
			.op = BLK_WRITE,
			.sector = i * 8,
			.page = &b->page[i],
			.nr_pages = 1,
			.len = PAGE_SIZE,
		};
		if (blk_add(disk, &req[i]))
			return false;
	}
	for (unsigned int i = 0; i < BLOCKS; i++) {
		while (req[i].result == -EINPROGRESS)
			if (blk_wait(disk) < 0)
				return false;
		if (req[i].result)
			return false;
	}
	return !blk_flush(disk);
}

void crash_write(void)
{
	struct buffer b;

	if (!buffer_alloc(&b, BLOCKS)) {
		check(false, "memory for the buffers");
		return;
	}
	for (u64 round = 1; write_round(&b, round); round++) {
		printk("flushed %llu\n", round);
		console_flush();
	}
	check(false, "crash: a request failed");
	buffer_free(&b);
}

void crash_verify(u64 acked)
{
	bool all = true;
	bool whole = true;
	struct buffer b;

	if (!buffer_alloc(&b, BLOCKS)) {
		check(false, "memory for the buffers");
		return;
	}
	for (unsigned int i = 0; i < BLOCKS; i++) {
		struct buffer one = {.page = &b.page[i], .pages = 1};
		u64 *p = block_of(&b, i);

		all = !buffer_rw(BLK_READ, &one, 0, PAGE_SIZE, i * 8) && all;
		for (unsigned int k = 0; k < PAGE_SIZE / sizeof(u64); k++) {
			all = all && p[k] >= acked;
			whole = whole && p[k] == p[0];
		}
	}
	check(all, "verify: all blocks are of round %llu or later", acked);
	check(whole, "verify: each block is of one round");
	buffer_free(&b);
}
