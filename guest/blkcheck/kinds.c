/* SPDX-License-Identifier: BSD-2-Clause */
/* Every kind of request, and what a disk or the block layer refuses. */
#include "blkcheck.h"
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

static int range(enum blk_op op, u64 sector, size_t len, bool unmap)
{
	struct blk_request req = {.op = op, .sector = sector, .len = len, .unmap = unmap};

	return blk_execute(disk, &req);
}

static void check_ranges(struct buffer *b)
{
	const size_t len = 64 << 10;

	for (int unmap = 0; unmap < 2; unmap++) {
		buffer_fill(b, 0, 3 * len, 5);
		check(!buffer_rw(BLK_WRITE, b, 0, 3 * len, 128), "WRITE_ZEROES: prepared");
		check(!range(BLK_WRITE_ZEROES, 256, len, unmap), "WRITE_ZEROES, unmap %d: done",
		      unmap);
		check(!buffer_rw(BLK_READ, b, 0, 3 * len, 128) && buffer_is(b, len, len, 0),
		      "WRITE_ZEROES, unmap %d: the range reads as zero", unmap);
		buffer_fill(b, len, len, 6);
		check(!buffer_rw(BLK_WRITE, b, len, len, 256), "WRITE_ZEROES: written again");
		check(buffer_holds(b, 0, len, 5), "WRITE_ZEROES: what lies before is as it was");
	}
	check(!range(BLK_WRITE_ZEROES, 129, 512, false), "WRITE_ZEROES: one odd sector");
	check(!buffer_rw(BLK_READ, b, 0, 1536, 128) && buffer_is(b, 512, 512, 0) &&
		      buffer_holds(b, 0, 512, 5),
	      "WRITE_ZEROES: that sector, and no other");
	if (!info.discard) {
		check(range(BLK_DISCARD, 256, len, false) != 0, "DISCARD: refused if not offered");
		return;
	}
	check(!range(BLK_DISCARD, 256, len, false), "DISCARD: done");
	check(!buffer_rw(BLK_READ, b, 0, 512, 128) && buffer_holds(b, 0, 512, 5),
	      "DISCARD: what lies before is as it was");
	check(!buffer_rw(BLK_WRITE, b, 0, len, 256) && !buffer_rw(BLK_READ, b, len, len, 256),
	      "DISCARD: the range can be written and read again");
}

void check_kinds(const char *serial)
{
	char id[BLK_ID_SIZE + 1] = "";
	struct blk_request get_id = {.op = BLK_GET_ID, .id = id};
	struct buffer b;

	check(!blk_execute(disk, &get_id) && !strcmp(id, serial), "GET_ID: \"%s\"", id);
	check(!blk_flush(disk), "FLUSH: done");
	if (!buffer_alloc(&b, 64)) {
		check(false, "memory for the buffers");
		return;
	}
	buffer_fill(&b, 0, 4096, 1);
	check(!buffer_rw(BLK_WRITE, &b, 0, 4096, 0), "WRITE: done");
	check(!buffer_rw(BLK_READ, &b, 4096, 4096, 0) && buffer_holds(&b, 4096, 4096, 1),
	      "READ: what was written");
	buffer_fill(&b, 0, 4096, 2);
	check(!buffer_rw(BLK_WRITE, &b, 0, 4096, info.sectors - 8) &&
		      !buffer_rw(BLK_READ, &b, 4096, 4096, info.sectors - 8) &&
		      buffer_holds(&b, 4096, 4096, 2),
	      "the last block: written and read");
	check(!buffer_rw(BLK_READ, &b, 0, 0, 0), "READ of nothing: done");
	if (info.write_zeroes)
		check_ranges(&b);
	buffer_free(&b);
}

void check_readonly(void)
{
	struct buffer b;

	if (!buffer_alloc(&b, 1)) {
		check(false, "memory for the buffers");
		return;
	}
	check(!buffer_rw(BLK_READ, &b, 0, 4096, 0), "read-only: READ is done");
	check(buffer_rw(BLK_WRITE, &b, 0, 4096, 0) == -EIO, "read-only: WRITE is refused");
	check(range(BLK_WRITE_ZEROES, 0, 4096, false) != 0, "read-only: WRITE_ZEROES is refused");
	check(range(BLK_DISCARD, 0, 4096, false) != 0, "read-only: DISCARD is refused");
	check(!blk_flush(disk), "read-only: FLUSH is done");
	buffer_free(&b);
}

static unsigned int completions;

static void count_done(struct blk_request *req)
{
	(void)req;
	completions++;
}

/* More requests than a queue holds. */
static void check_full_queue(struct buffer *b)
{
	unsigned int n = info.depth + 1;
	unsigned int added = 0;
	struct blk_request *req = kvmalloc_array(n, sizeof(*req), GFP_KERNEL);
	int ret = 0;

	check(req, "queue: memory for %u requests", n);
	if (!req)
		return;
	completions = 0;
	while (added < n) {
		req[added] = (struct blk_request){.op = BLK_READ,
						  .page = b->page,
						  .nr_pages = 1,
						  .len = 512,
						  .done = count_done};
		ret = blk_add(disk, &req[added]);
		if (ret)
			break;
		added++;
	}
	check(ret == -EBUSY && added == info.depth, "queue: full after %u requests", added);
	while (completions < added && blk_wait(disk) > 0)
		;
	check(completions == added, "queue: all of them are done");
	check(blk_wait(disk) == 0, "queue: nothing to wait for then");
	kvfree(req);
}

void check_errors(void)
{
	struct buffer b;
	struct blk_request req;

	if (!buffer_alloc(&b, 160)) {
		check(false, "memory for the buffers");
		return;
	}
	check(buffer_rw(BLK_READ, &b, 0, 512, info.sectors) == -EIO, "READ at the end: EIO");
	check(buffer_rw(BLK_READ, &b, 0, 1024, info.sectors - 1) == -EIO,
	      "READ across the end: EIO");
	check(buffer_rw(BLK_WRITE, &b, 0, 1024, info.sectors - 1) == -EIO,
	      "WRITE across the end: EIO");
	check(buffer_rw(BLK_READ, &b, 0, 512, ~0ull) == -EIO, "READ at the last number: EIO");
	check(buffer_rw(BLK_READ, &b, 0, 1024, ~0ull / 512) == -EIO, "READ where bytes wrap: EIO");
	check(range(BLK_WRITE_ZEROES, info.sectors, 4096, false) == -EIO,
	      "WRITE_ZEROES at the end: EIO");
	check(buffer_rw(BLK_READ, &b, 0, 513, 0) == -EINVAL, "half a sector: EINVAL");
	check(buffer_rw(BLK_READ, &b, 159 * PAGE_SIZE, 8192, 0) == -EINVAL,
	      "fewer pages than bytes: EINVAL");
	req = (struct blk_request){.op = (enum blk_op)99};
	check(blk_add(disk, &req) == -EINVAL, "an operation that is none: EINVAL");
	req = (struct blk_request){.op = BLK_GET_ID};
	check(blk_add(disk, &req) == -EINVAL, "GET_ID to nowhere: EINVAL");
	req = (struct blk_request){.op = BLK_WRITE_ZEROES};
	check(blk_add(disk, &req) == -EINVAL, "WRITE_ZEROES of nothing: EINVAL");
	check(!buffer_rw(BLK_READ, &b, 0, 512, 0), "after all that, READ is done");
	check_full_queue(&b);
	buffer_free(&b);
}
