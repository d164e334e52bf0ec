/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks a disk, and overwrites it. Prints TAP; exit status 0 if every check held.
 * Usage: blkcheck [all | kinds] [SERIAL] | sequence COUNT SEED SHIFT | churn ROUNDS | crash |
 *        verify ROUND | resize | workset MIB | geometry | zeroes
 */
#include "blkcheck.h"
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <slabvisor/platform.h>

struct blk_disk *disk;
struct blk_info info;
u64 random_state = 1;
static unsigned int checks, failures;

void check_at(bool holds, const char *cond, int line, const char *what, ...)
{
	char text[160];
	va_list args;

	va_start(args, what);
	vsnprintf(text, sizeof(text), what, args);
	va_end(args);
	checks++;
	if (!holds)
		failures++;
	printk("%sok %u - %s\n", holds ? "" : "not ", checks, text);
	if (!holds)
		printk("# line %d: %s\n", line, cond);
}

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

void buffer_free(struct buffer *b)
{
	while (b->pages)
		__free_pages(b->page[--b->pages], 0);
	kvfree(b->page);
	b->page = NULL;
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

/* Shapes move so much data that an emulated CPU is long about it. */
static void check_all(const char *serial, bool shapes)
{
	if (info.readonly) {
		check_readonly();
		return;
	}
	check_kinds(serial);
	check_errors();
	if (!shapes)
		return;
	check_shapes();
	check_user();
}

static u64 number(int argc, char **argv, int i)
{
	u64 n;

	return i < argc && !kstrtou64(argv[i], 10, &n) ? n : 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "all";
	int err;

	disk = blk_open(0, &err);
	if (!disk) {
		printk("Bail out! no disk that starts: error %d\n", -err);
		return 1;
	}
	blk_get_info(disk, &info);
	if (info.sectors < 16384) {
		printk("Bail out! a disk of at least 8M is needed\n");
		return 1;
	}
	if (!strcmp(what, "all") || !strcmp(what, "kinds")) {
		check_all(argc > 2 ? argv[2] : "", *what == 'a');
	} else if (!strcmp(what, "sequence")) {
		random_state = number(argc, argv, 3) + 1;
		check_sequence(number(argc, argv, 2), (unsigned int)number(argc, argv, 4));
	} else if (!strcmp(what, "churn")) {
		check_churn(number(argc, argv, 2));
	} else if (!strcmp(what, "crash")) {
		crash_write();
	} else if (!strcmp(what, "verify")) {
		crash_verify(number(argc, argv, 2));
	} else if (!strcmp(what, "resize")) {
		check_resize();
	} else if (!strcmp(what, "geometry")) {
		printk("# %llu of 512, block %u, physical %u\n", info.sectors, info.block_size,
		       info.physical_size);
	} else if (!strcmp(what, "workset")) {
		check_working_set(number(argc, argv, 2));
	} else if (!strcmp(what, "zeroes")) {
		check_zeroes();
	} else {
		printk("usage: blkcheck [all | kinds] [SERIAL] | sequence COUNT SEED SHIFT | churn ROUNDS | "
		       "crash | verify ROUND | resize | workset MIB | zeroes\n");
		return 2;
	}
	printk("1..%u\n", checks);
	return failures != 0;
}
