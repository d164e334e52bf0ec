/* SPDX-License-Identifier: BSD-2-Clause */
/* Buffers, what is in them, and what goes between them and the disk. */
#include "blkcheck.h"
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

u64 random_state = 1;

u64 random_u64(void)
{
	/* xorshift64*, Vigna 2014 */
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dull;
}

static u8 pattern(u64 seed, size_t at)
{
	return (u8)((seed * 0x9e37 + at * 7) ^ (at >> 8) * 13 ^ seed >> 8);
}

void pattern_fill(void *p, size_t len, u64 seed, size_t at)
{
	for (size_t i = 0; i < len; i++)
		((u8 *)p)[i] = pattern(seed, at + i);
}

bool pattern_holds(const void *p, size_t len, u64 seed, size_t at)
{
	for (size_t i = 0; i < len; i++)
		if (((const u8 *)p)[i] != pattern(seed, at + i))
			return false;
	return true;
}

void buffer_free(struct buffer *b)
{
	while (b->pages)
		__free_pages(b->page[--b->pages], 0);
	kvfree(b->page);
	b->page = NULL;
}

bool buffer_alloc(struct buffer *b, unsigned int pages)
{
	b->pages = 0;
	b->page = kvmalloc_array(pages, sizeof(*b->page), GFP_KERNEL);
	if (!b->page)
		return false;
	while (b->pages < pages && (b->page[b->pages] = alloc_pages(GFP_KERNEL, 0)))
		b->pages++;
	if (b->pages < pages) {
		buffer_free(b);
		return false;
	}
	/* No two in a row, most of the time. */
	for (unsigned int i = pages; i > 1; i--) {
		unsigned int other = (unsigned int)(random_u64() % i);

		swap(b->page[i - 1], b->page[other]);
	}
	return true;
}

/* The part of [offset, offset + len) that lies in one page. */
static u8 *part(const struct buffer *b, size_t offset, size_t len, size_t *size)
{
	*size = min_t(size_t, len, PAGE_SIZE - offset % PAGE_SIZE);
	return (u8 *)page_address(b->page[offset / PAGE_SIZE]) + offset % PAGE_SIZE;
}

void buffer_fill(struct buffer *b, size_t offset, size_t len, u64 seed)
{
	size_t size;

	for (size_t at = 0; at < len; at += size) {
		u8 *p = part(b, offset + at, len - at, &size);

		pattern_fill(p, size, seed, at);
	}
}

bool buffer_holds(const struct buffer *b, size_t offset, size_t len, u64 seed)
{
	size_t size;

	for (size_t at = 0; at < len; at += size) {
		const u8 *p = part(b, offset + at, len - at, &size);

		if (!pattern_holds(p, size, seed, at))
			return false;
	}
	return true;
}

void buffer_set(struct buffer *b, size_t offset, size_t len, u8 value)
{
	size_t size;

	for (size_t at = 0; at < len; at += size) {
		u8 *p = part(b, offset + at, len - at, &size);

		memset(p, value, size);
	}
}

bool buffer_is(const struct buffer *b, size_t offset, size_t len, u8 value)
{
	size_t size;

	for (size_t at = 0; at < len; at += size) {
		const u8 *p = part(b, offset + at, len - at, &size);

		if (memchr_inv(p, value, size))
			return false;
	}
	return true;
}

int buffer_rw(enum blk_op op, struct buffer *b, size_t offset, size_t len, u64 sector)
{
	struct blk_request req = {
		.op = op,
		.sector = sector,
		.page = b->page + offset / PAGE_SIZE,
		.nr_pages = b->pages - (unsigned int)(offset / PAGE_SIZE),
		.offset = (unsigned int)(offset % PAGE_SIZE),
		.len = len,
	};

	return blk_execute(disk, &req);
}
