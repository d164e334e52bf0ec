/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A long random sequence of writes, zeroings and reads, some of them under way at once,
 * beside a model of what each sector holds. With the same seed it leaves the same bytes
 * on the disk, however its memory lies.
 */
#include "blkcheck.h"
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/slab.h>

#define AREA  8192u /* sectors of the disk in use */
#define SLOTS 16u   /* requests at once, each in a part of the disk of its own */
#define PART  (AREA / SLOTS)
#define MOST  64u /* sectors of a request */
#define PAGES (MOST * BLK_SECTOR_SIZE / PAGE_SIZE + 1)

struct slot {
	struct buffer buffer;
	struct blk_request req;
	u64 sector, sectors, seed;
};

static u32 model[AREA]; /* the seed of what the sector holds; 0: zero */
static struct slot slots[SLOTS];

static bool sector_holds(struct slot *s, unsigned int i, unsigned int shift)
{
	const size_t at = shift + i * BLK_SECTOR_SIZE;
	u32 seed = model[s->sector + i];

	if (!seed)
		return buffer_is(&s->buffer, at, BLK_SECTOR_SIZE, 0);
	return buffer_holds(&s->buffer, at, BLK_SECTOR_SIZE, seed + s->sector + i);
}

static void choose(struct slot *s, unsigned int index, unsigned int shift)
{
	u64 r = random_u64();

	s->sectors = r % MOST + 1;
	s->sector = index * PART + (r >> 8) % (PART - s->sectors);
	/* Aligned, most of the time. */
	if (r >> 60) {
		s->sector &= ~7ull;
		s->sectors = (s->sectors + 7) & ~7ull;
	}
	s->seed = (r >> 32 & 0xffffff) + 1;
	s->req = (struct blk_request){
		.op = (r >> 40) % 16 == 0 && info.write_zeroes ? BLK_WRITE_ZEROES
		      : (r >> 40) % 2                          ? BLK_WRITE
							       : BLK_READ,
		.sector = s->sector,
		.page = s->buffer.page,
		.nr_pages = s->buffer.pages,
		.offset = shift,
		.len = s->sectors * BLK_SECTOR_SIZE,
		.unmap = r >> 50 & 1,
	};
}

static bool begin(struct slot *s, unsigned int index, unsigned int shift)
{
	choose(s, index, shift);
	for (unsigned int i = 0; i < s->sectors; i++) {
		u64 sector = s->sector + i;

		if (s->req.op == BLK_READ)
			continue;
		model[sector] = s->req.op == BLK_WRITE ? (u32)s->seed : 0;
		if (s->req.op == BLK_WRITE)
			buffer_fill(&s->buffer, shift + i * BLK_SECTOR_SIZE, BLK_SECTOR_SIZE,
				    s->seed + sector);
	}
	return !blk_add(disk, &s->req);
}

static bool end(struct slot *s, unsigned int shift)
{
	while (s->req.result == -EINPROGRESS)
		if (blk_wait(disk) < 0)
			return false;
	if (s->req.result)
		return false;
	for (unsigned int i = 0; s->req.op == BLK_READ && i < s->sectors; i++)
		if (!sector_holds(s, i, shift))
			return false;
	return true;
}

/* All of it zero, as the model has it at first. */
static bool wipe(void)
{
	struct slot *s = &slots[0];

	buffer_set(&s->buffer, 0, PAGES * PAGE_SIZE, 0);
	for (u64 sector = 0; sector < AREA; sector += MOST)
		if (buffer_rw(BLK_WRITE, &s->buffer, 0, MOST * BLK_SECTOR_SIZE, sector))
			return false;
	return true;
}

void check_sequence(u64 count, unsigned int shift)
{
	bool good = true;
	u64 seed = random_state;

	for (unsigned int i = 0; i < SLOTS; i++)
		if (!buffer_alloc(&slots[i].buffer, PAGES)) {
			check(false, "memory for the buffers");
			return;
		}
	random_state = seed; /* the order of the pages took from it */
	check(wipe(), "sequence: the disk can be wiped");
	for (unsigned int i = 0; i < SLOTS; i++)
		good = begin(&slots[i], i, shift) && good;
	for (u64 n = 0; n < count && good; n++) {
		unsigned int i = (unsigned int)(n % SLOTS);

		good = end(&slots[i], shift) && begin(&slots[i], i, shift);
	}
	for (unsigned int i = 0; i < SLOTS; i++)
		good = end(&slots[i], shift) && good;
	check(good, "sequence: each of %llu requests is done, each read right", count);
	check(!blk_flush(disk), "sequence: flushed");
	for (unsigned int i = 0; i < SLOTS; i++)
		buffer_free(&slots[i].buffer);
}
