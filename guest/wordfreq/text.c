/* SPDX-License-Identifier: BSD-2-Clause */
#include "text.h"
#include "table.h"
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <slabvisor/blk.h>
#include <slabvisor/user.h>

#define PIECE     (1ul << 20)
#define REQUEST   (128ul << 10)
#define REQUESTS  (PIECE / REQUEST)
#define PER       (REQUEST / PAGE_SIZE)
#define PAGES     (PIECE / PAGE_SIZE)
#define CARRY_MAX (PIECE / 2) /* of a word that a piece ends in */

/* Half of the user area: a piece is read into one while the other is counted. Before
 * the piece lies room for the beginning of a word that the last piece ended in. */
struct half {
	char *text;
	struct page *page[PAGES];
	struct blk_request req[REQUESTS];
	unsigned int requests;
};

struct reader {
	struct blk_disk *disk;
	unsigned long area;
	struct half half[2];
	u64 bytes, next; /* of the disk */
};

static int pin_half(struct half *h)
{
	unsigned long done = 0;

	while (done < PAGES) {
		int got = pin_user_pages_fast((unsigned long)h->text + done * PAGE_SIZE,
					      (int)(PAGES - done), FOLL_WRITE, h->page + done);

		if (got <= 0) {
			unpin_user_pages(h->page, done);
			return got ? got : -EFAULT;
		}
		done += (unsigned long)got;
	}
	return 0;
}

/* Begins to read the next piece. */
static int begin(struct reader *r, struct half *h)
{
	u64 end = min(r->bytes, r->next + PIECE);
	int err;

	for (h->requests = 0; r->next < end; h->requests++) {
		struct blk_request *req = &h->req[h->requests];
		u64 len = min_t(u64, REQUEST, end - r->next);

		*req = (struct blk_request){
			.op = BLK_READ,
			.sector = r->next / BLK_SECTOR_SIZE,
			.page = h->page + h->requests * PER,
			.nr_pages = PER,
			/* Whole sectors; what is beyond the text is not looked at. */
			.len = (len + BLK_SECTOR_SIZE - 1) & ~(u64)(BLK_SECTOR_SIZE - 1),
		};
		err = blk_add(r->disk, req);
		if (err)
			return err;
		r->next += len;
	}
	blk_kick(r->disk);
	return 0;
}

static int end(struct reader *r, struct half *h)
{
	int err = 0;

	for (unsigned int i = 0; i < h->requests; i++) {
		while (h->req[i].result == -EINPROGRESS) {
			int n = blk_wait(r->disk);

			if (n < 0)
				return n;
		}
		if (h->req[i].result)
			err = h->req[i].result;
	}
	h->requests = 0;
	return err;
}

static int read_all(struct reader *r, int (*count)(const char *text, size_t size))
{
	size_t carry = 0;
	u64 at = 0;
	int err = begin(r, &r->half[0]);
	int ret;

	for (unsigned int i = 0; at < r->bytes && !err; i ^= 1) {
		struct half *h = &r->half[i];
		struct half *other = &r->half[i ^ 1];
		size_t size = min_t(u64, PIECE, r->bytes - at);
		size_t all = carry + size;
		size_t whole = all;
		char *text = h->text - carry;

		err = end(r, h);
		if (err)
			break;
		err = begin(r, other);
		at += size;
		if (err)
			break;
		while (at < r->bytes && whole && is_letter(text[whole - 1]))
			whole--;
		/* A word longer than there is room for is cut. */
		if (all - whole > CARRY_MAX)
			whole = all;
		carry = all - whole;
		err = count(text, whole);
		/* The room before a half belongs to nobody else. */
		memcpy(other->text - carry, text + whole, carry);
	}
	for (unsigned int i = 0; i < 2; i++) {
		ret = end(r, &r->half[i]);
		if (!err)
			err = ret;
	}
	return err;
}

static int map_and_read(struct reader *r, int (*count)(const char *text, size_t size))
{
	const unsigned long stride = CARRY_MAX + PIECE;
	int err;

	r->area = user_mmap(0, 2 * stride, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
	if (IS_ERR_VALUE(r->area))
		return (int)r->area;
	r->half[0].text = (char *)r->area + CARRY_MAX;
	r->half[1].text = (char *)r->area + stride + CARRY_MAX;
	err = pin_half(&r->half[0]);
	if (err)
		goto out_unmap;
	err = pin_half(&r->half[1]);
	if (err)
		goto out_unpin;
	err = read_all(r, count);
	unpin_user_pages_dirty_lock(r->half[1].page, PAGES, true);
out_unpin:
	unpin_user_pages_dirty_lock(r->half[0].page, PAGES, true);
out_unmap:
	user_munmap(r->area, 2 * stride);
	return err;
}

int text_from_disk(u64 bytes, int (*count)(const char *text, size_t size))
{
	struct reader *r;
	struct blk_info info;
	int err;

	r = kvmalloc(sizeof(*r), GFP_KERNEL | __GFP_ZERO);
	if (!r)
		return -ENOMEM;
	r->disk = blk_open(0, &err);
	if (r->disk) {
		blk_get_info(r->disk, &info);
		r->bytes = bytes;
		err = -EINVAL;
		if ((bytes + BLK_SECTOR_SIZE - 1) / BLK_SECTOR_SIZE <= info.sectors)
			err = map_and_read(r, count);
	}
	kvfree(r);
	return err;
}
