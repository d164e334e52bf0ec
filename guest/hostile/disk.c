/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest with a disk: the memory service is reset, which takes all memory back, while the disk
 * works on that memory.
 */
#include "attack.h"
#include <linux/errno.h>
#include <linux/mm.h>
#include <slabvisor/blk.h>

#define REQUESTS 16u
#define ORDER    4u
#define PAGES    (1u << ORDER)
#define WORDS    (PAGE_SIZE / sizeof(u64))
#define ROUNDS   100u

/* Of a request, until it is answered. */
enum memory {
	STAYS,
	GOES, /* while it is under way */
	GONE
};

static struct blk_disk *disk;
static u64 run[REQUESTS];

/* The device anew, and runs of pages from it. */
static bool get_runs(void)
{
	if (!raw_start())
		return false;
	raw_prepare(VIRTIO_KMEM_ALLOC_PAGES, REQUESTS, 0);
	raw_req.order = ORDER;
	if (raw_request(0, RAW_REPLY_MAX) || raw_reply.resp.count != REQUESTS)
		return false;
	for (unsigned int i = 0; i < REQUESTS; i++)
		run[i] = raw_reply.payload[i] & ~VIRTIO_KMEM_ADDR_FLAGS;
	return true;
}

/* One request a run, each to a place of its own. Returns how many were done; -1 if one had another
 * result than done and EIO. */
static int all_runs(enum blk_op op, enum memory memory)
{
	struct page *page[REQUESTS][PAGES];
	struct blk_request req[REQUESTS];
	int done = 0;

	if (memory == GONE)
		raw_write(REG_STATUS, 0);
	for (unsigned int i = 0; i < REQUESTS; i++) {
		for (unsigned int k = 0; k < PAGES; k++)
			page[i][k] = phys_to_page(run[i] + k * PAGE_SIZE);
		req[i] = (struct blk_request){
			.op = op,
			.sector = i * (PAGES * PAGE_SIZE / BLK_SECTOR_SIZE),
			.page = page[i],
			.nr_pages = PAGES,
			.len = PAGES * PAGE_SIZE,
		};
		if (blk_add(disk, &req[i]))
			return -1;
	}
	blk_kick(disk);
	if (memory == GOES)
		raw_write(REG_STATUS, 0);
	for (unsigned int i = 0; i < REQUESTS; i++) {
		while (req[i].result == -EINPROGRESS)
			if (blk_wait(disk) < 0)
				return -1;
		if (req[i].result && req[i].result != -EIO)
			return -1;
		done += !req[i].result;
	}
	return done;
}

static u64 *word_of(unsigned int i, unsigned int k)
{
	return (u64 *)phys_to_virt(run[i]) + k;
}

void try_disk(void)
{
	bool answered = true;
	bool right = true;

	if (!blk_count())
		return;
	disk = blk_open(0, NULL);
	ok(disk, "disk: it starts");
	if (!disk)
		return;
	ok(get_runs(), "disk: pages for it");
	for (unsigned int i = 0; i < REQUESTS; i++)
		for (unsigned int k = 0; k < PAGES * WORDS; k++)
			*word_of(i, k) = (u64)i << 32 | k;
	ok(all_runs(BLK_WRITE, STAYS) == REQUESTS, "disk: written");
	for (unsigned int round = 0; round < ROUNDS; round++)
		answered = get_runs() && all_runs(BLK_READ, GOES) >= 0 && answered;
	ok(answered, "disk: reads whose memory is taken back are answered, done or EIO");
	ok(get_runs() && !all_runs(BLK_READ, GONE),
	   "disk: reads to memory that was taken back are answered with EIO");
	ok(get_runs(), "disk: pages after that");
	ok(all_runs(BLK_READ, STAYS) == REQUESTS, "disk: read");
	for (unsigned int i = 0; i < REQUESTS; i++)
		for (unsigned int k = 0; k < PAGES * WORDS; k++)
			right = right && *word_of(i, k) == ((u64)i << 32 | k);
	ok(right, "disk: what was written is read");
	raw_write(REG_STATUS, 0);
	ok(raw_start() && good_request(), "disk: the memory service serves");
}
