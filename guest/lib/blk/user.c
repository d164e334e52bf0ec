/* SPDX-License-Identifier: BSD-2-Clause */
/* Disk I/O straight to and from user memory. */
#include "guest/lib/blk/blk.h"
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>

#define BATCH 512u /* pages pinned at once: one request to the host */
/* Pages of a request, so that it fits however they lie. */
#define REQUEST_PAGES 64u
#define REQUESTS      (BATCH / REQUEST_PAGES)

struct batch {
	struct page *page[BATCH];
	struct blk_request req[REQUESTS];
};

/* Waits for requests first .. last - 1. Returns the bytes moved up to the first that
 * failed, whose error is *err. */
static size_t collect(struct blk_disk *disk, struct blk_request *req, unsigned int n, int *err)
{
	size_t done = 0;

	*err = 0;
	for (unsigned int i = 0; i < n; i++) {
		int result;

		while ((result = __atomic_load_n(&req[i].result, __ATOMIC_ACQUIRE)) == -EINPROGRESS)
			if (blk_wait(disk) < 0)
				break;
		if (result && !*err)
			*err = result == -EINPROGRESS ? -EIO : result;
		if (!*err)
			done += req[i].len;
	}
	return done;
}

static int add(struct blk_disk *disk, struct blk_request *req)
{
	int ret;

	while ((ret = blk_add(disk, req)) == -EBUSY) {
		ret = blk_wait(disk);
		if (ret < 0)
			break;
	}
	return ret;
}

/* One batch: len bytes from offset of the first of the pages. */
static size_t move(struct blk_disk *disk, struct batch *b, unsigned int offset, size_t len,
		   u64 sector, bool write, int *err)
{
	unsigned int n = 0;
	size_t at = offset;
	size_t end = offset + len;
	int add_err = 0;
	size_t done;

	while (at < end) {
		struct blk_request *req = &b->req[n];
		size_t stop = min_t(size_t, end, (n + 1) * (size_t)REQUEST_PAGES * PAGE_SIZE);

		/* Whole sectors, although offset need not be a multiple of one. */
		if (stop < end)
			stop -= (stop - offset) % BLK_SECTOR_SIZE;
		*req = (struct blk_request){
			.op = write ? BLK_WRITE : BLK_READ,
			.sector = sector + (at - offset) / BLK_SECTOR_SIZE,
			.page = b->page + at / PAGE_SIZE,
			.nr_pages = (unsigned int)((stop - 1) / PAGE_SIZE - at / PAGE_SIZE + 1),
			.offset = (unsigned int)(at % PAGE_SIZE),
			.len = stop - at,
		};
		add_err = add(disk, req);
		if (add_err)
			break;
		n++;
		at = stop;
	}
	done = collect(disk, b->req, n, err);
	if (!*err)
		*err = add_err;
	return done;
}

long blk_rw_user(struct blk_disk *disk, unsigned long addr, size_t len, u64 sector, bool write)
{
	size_t done = 0;
	struct batch *b;
	int err = 0;

	if (len % BLK_SECTOR_SIZE || addr + len < addr)
		return -EINVAL;
	if (!len)
		return 0;
	b = kmalloc(sizeof(*b), GFP_KERNEL);
	if (!b)
		return -ENOMEM;
	while (done < len && !err) {
		unsigned int offset = (unsigned int)offset_in_page(addr + done);
		size_t want = min_t(size_t, len - done, (BATCH - 1) * PAGE_SIZE);
		int pages = (int)((offset + want + PAGE_SIZE - 1) >> PAGE_SHIFT);
		int got;
		size_t have;
		size_t moved;

		got = pin_user_pages_fast(addr + done, pages, write ? 0 : FOLL_WRITE, b->page);
		if (got <= 0) {
			err = got ? got : -EFAULT;
			break;
		}
		have = min_t(size_t, want, (size_t)got * PAGE_SIZE - offset);
		have -= have % BLK_SECTOR_SIZE;
		moved = move(disk, b, offset, have, sector + done / BLK_SECTOR_SIZE, write, &err);
		unpin_user_pages_dirty_lock(b->page, (unsigned long)got, !write);
		done += moved;
		if (!err && have < want)
			err = -EFAULT;
	}
	kfree(b);
	return done ? (long)done : err;
}
