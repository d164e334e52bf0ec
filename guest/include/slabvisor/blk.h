/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disks (virtio-blk), by the page. A request names struct pages, which go to the disk
 * as they are; it is added to the calling vCPU's queue and completes later. Doorbells
 * are dear: add what there is to add, then kick once, or let blk_wait() do it.
 *
 *	blk_add(disk, &a);
 *	blk_add(disk, &b);
 *	while (b.result == -EINPROGRESS || a.result == -EINPROGRESS)
 *		blk_wait(disk);
 *
 * Completions are taken by blk_poll() and blk_wait(), on the vCPU that added the
 * request: there done() is called, which may add further requests. Any vCPU may use any disk.
 * A disk with fewer queues than vCPUs has some of them share one.
 */
#ifndef SLABVISOR_BLK_H
#define SLABVISOR_BLK_H

#include <linux/mm_types.h>
#include <linux/types.h>

#define BLK_SECTOR_SIZE 512u
#define BLK_ID_SIZE     20
/* Segments of a request at most; adjacent pages make one segment. */
#define BLK_MAX_SEGMENTS 126u

enum blk_op {
	BLK_READ,
	BLK_WRITE,
	BLK_FLUSH,
	BLK_DISCARD,
	BLK_WRITE_ZEROES,
	BLK_GET_ID,
};

struct blk_disk;

/*
 * The caller's, and kept until it is done; all but result is his to fill in.
 * Pages stay allocated, or pinned by pin_user_pages_fast(), until then. One that is not is
 * the program's mistake: it ends as -EIO, or with the bytes of whoever has the page when
 * the disk takes the request; from then on nobody gets it before the disk is done.
 */
struct blk_request {
	enum blk_op op;
	u64 sector;         /* in units of 512 bytes, whatever the disk's block size */
	struct page **page; /* READ, WRITE */
	unsigned int nr_pages;
	unsigned int offset; /* of the data in page[0], bytes; below 4096 */
	size_t len;          /* bytes, a multiple of 512; DISCARD, WRITE_ZEROES: of the range */
	bool unmap;          /* WRITE_ZEROES: the disk may make a hole */
	char *id;            /* GET_ID: BLK_ID_SIZE + 1 bytes, comes NUL-terminated */
	void (*done)(struct blk_request *req); /* or NULL */
	void *private;                         /* done()'s */
	/* -EINPROGRESS until it is done; then 0, -EIO or -EOPNOTSUPP. */
	int result;
};

struct blk_info {
	u64 sectors;                   /* now: a disk can be resized */
	u32 block_size, physical_size; /* bytes: what it addresses; what it writes whole */
	u32 max_discard_sectors, max_zeroes_sectors;
	u32 discard_alignment; /* sectors */
	unsigned int queues;   /* in use: at most one a vCPU */
	unsigned int depth;    /* requests of a queue under way at most */
	bool readonly, flush, discard, write_zeroes;
};

struct blk_counts {
	u64 requests;  /* answered */
	u64 doorbells; /* each an exit */
	u64 waits;     /* sleeps at the monitor, each an exit */
};

/* Disks of this machine. */
unsigned int blk_count(void);

/* Starts disk index, 0 .. blk_count() - 1; it stays. To be called once a disk, from one
 * vCPU. NULL and *err (unless err is NULL) -ENODEV, -ENOMEM (RAM), -EIO. */
struct blk_disk *blk_open(unsigned int index, int *err);

void blk_get_info(const struct blk_disk *disk, struct blk_info *info);
void blk_get_counts(const struct blk_disk *disk, struct blk_counts *counts);

/* How long blk_wait() polls before it sleeps at most, in microseconds; 1000 at first. It polls
 * less where it does not have the CPU to itself. */
void blk_set_poll(struct blk_disk *disk, unsigned int us);

/*
 * Adds a request. Returns 0; -EBUSY: the queue is full, take completions first; -EINVAL: no
 * such operation, more than BLK_MAX_SEGMENTS segments, pages that len does not
 * fit, a length or range that the disk cannot take; -EIO: the disk has broken down. Then
 * nothing has happened to it. What the disk itself judges (capacity, read-only)
 * comes as result.
 */
int blk_add(struct blk_disk *disk, struct blk_request *req);

/* Tells the disk of what was added, if it needs to be told. */
void blk_kick(struct blk_disk *disk);

/* Takes what is done of this vCPU's queue. Returns how many. */
unsigned int blk_poll(struct blk_disk *disk);

/* Kicks, and waits until something is done. Returns how many requests; 0 when none is under way;
 * -EIO: the disk has broken down, and requests under way will not complete. */
int blk_wait(struct blk_disk *disk);

/* Adds req, waiting for room, and waits for it. Returns its result, or what blk_add()
 * said. */
int blk_execute(struct blk_disk *disk, struct blk_request *req);

/* A FLUSH: all writes done before are on stable storage when it returns. */
int blk_flush(struct blk_disk *disk);

/*
 * Reads or writes len bytes (a multiple of 512) at sector straight to or from user
 * memory at addr: pinned, handed to the disk as it is, unpinned dirty. Returns the
 * bytes moved, fewer if something is in the way further on; or, if none, -EINVAL,
 * -EFAULT, -ENOMEM, -EIO, or another errno of pin_user_pages_fast().
 */
long blk_rw_user(struct blk_disk *disk, unsigned long addr, size_t len, u64 sector, bool write);

#endif
