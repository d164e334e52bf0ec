/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Buffers of far more memory than may be registered at once: all of them go to the disk and come
 * back elsewhere, then random pages are read all over them, and every byte is looked at. Then they
 * are freed a quarter at a time, with I/O in between; at each step the guest says how much it has
 * and waits for a line of input, so that its host can be looked at.
 */
#include "blkcheck.h"
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <slabvisor/platform.h>

#define ORDER         8u
#define CHUNK_PAGES   (1u << ORDER)
#define CHUNK         (CHUNK_PAGES * PAGE_SIZE) /* 1 MiB */
#define CHUNK_SECTORS (CHUNK / BLK_SECTOR_SIZE)
#define WORDS         (PAGE_SIZE / sizeof(u64))
#define READS         4000

static struct page **chunk; /* the first page of each; NULL: freed */
static u64 chunks, places;  /* of memory; of the disk */

/* What a word of the disk is. */
static u64 word(u64 page, unsigned int i)
{
	return page * 0x9e3779b97f4a7c15ull + i;
}

static int rw(enum blk_op op, struct page *page, unsigned int pages, u64 sector)
{
	struct page *list[CHUNK_PAGES];
	struct blk_request req = {.op = op,
				  .sector = sector,
				  .page = list,
				  .nr_pages = pages,
				  .len = pages * PAGE_SIZE};

	for (unsigned int i = 0; i < pages; i++)
		list[i] = page + i;
	return blk_execute(disk, &req);
}

/* Tells whether page n of the disk is in this one. */
static bool holds(struct page *page, u64 n)
{
	const u64 *p = page_address(page);

	for (unsigned int i = 0; i < WORDS; i++)
		if (p[i] != word(n, i))
			return false;
	return true;
}

static bool write_all(void)
{
	bool good = true;

	for (u64 c = 0; c < chunks; c++) {
		u64 place = c % places;

		for (unsigned int k = 0; k < CHUNK_PAGES; k++) {
			u64 *p = page_address(chunk[c] + k);

			for (unsigned int i = 0; i < WORDS; i++)
				p[i] = word(place * CHUNK_PAGES + k, i);
		}
		good = !rw(BLK_WRITE, chunk[c], CHUNK_PAGES, place * CHUNK_SECTORS) && good;
	}
	return good;
}

/* Each chunk from another place than it was written to. */
static bool read_all(void)
{
	bool good = true;

	for (u64 c = 0; c < chunks; c++) {
		u64 place = (c * 7 + 3) % places;

		good = !rw(BLK_READ, chunk[c], CHUNK_PAGES, place * CHUNK_SECTORS) && good;
		for (unsigned int k = 0; k < CHUNK_PAGES; k++)
			good = holds(chunk[c] + k, place * CHUNK_PAGES + k) && good;
	}
	return good;
}

/* Single pages of the disk, to pages all over the chunks from first on. */
static bool read_random(u64 first)
{
	bool good = true;

	for (unsigned int n = 0; n < READS; n++) {
		u64 c = first + random_u64() % (chunks - first);
		struct page *page = chunk[c] + random_u64() % CHUNK_PAGES;
		u64 from = random_u64() % (places * CHUNK_PAGES);

		good = !rw(BLK_READ, page, 1, from * (PAGE_SIZE / BLK_SECTOR_SIZE)) &&
		       holds(page, from) && good;
	}
	return good;
}

/* Says how much there is, for the host to look, and waits until it has. */
static void show(u64 mib)
{
	char line[16];

	printk("holding %llu\n", mib);
	console_flush();
	console_read_line(line, sizeof(line));
}

static void free_chunks(u64 from, u64 to)
{
	for (u64 c = from; c < to; c++) {
		if (chunk[c])
			__free_pages(chunk[c], ORDER);
		chunk[c] = NULL;
	}
}

void check_working_set(u64 mib)
{
	bool all = true;

	chunks = mib & ~3ull;
	places = min(chunks, info.sectors / CHUNK_SECTORS);
	chunk = kvmalloc_array(chunks, sizeof(*chunk), GFP_KERNEL | __GFP_ZERO);
	for (u64 c = 0; chunk && c < chunks; c++) {
		chunk[c] = alloc_pages(GFP_KERNEL, ORDER);
		all = all && chunk[c];
	}
	check(chunks && chunk && all, "memory for %llu MiB", mib);
	if (!chunks || !chunk || !all)
		return;
	check(write_all(), "all of it is written");
	check(read_all(), "all of it is read, and right");
	check(read_random(0), "random pages are read, and right");
	show(chunks);
	for (u64 quarter = 1; quarter < 4; quarter++) {
		free_chunks(chunks / 4 * (quarter - 1), chunks / 4 * quarter);
		check(read_random(chunks / 4 * quarter),
		      "%llu of 4 freed: random pages of the rest are read, and right", quarter);
		show(chunks - chunks / 4 * quarter);
	}
	free_chunks(0, chunks);
	show(0);
	kvfree(chunk);
}
