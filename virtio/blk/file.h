/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file or block device behind a disk, and the one owner of alignment: what direct
 * I/O (O_DIRECT) wants of addresses, offsets and lengths is asked once, when the
 * file is opened, and each operation is routed by blk_file_route().
 *
 * Disks are raw: the file's bytes. A file that is something else by its own account (format.h)
 * is refused, unless the opener says that its bytes are meant.
 */
#ifndef VIRTIO_BLK_FILE_H
#define VIRTIO_BLK_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#define BLK_WHY_MAX 256

struct blk_file_config {
	const char *path;
	bool direct;   /* by O_DIRECT, where the file system has it */
	bool readonly; /* never written */
	bool raw;      /* the bytes are the disk, whatever they look like */
	/*
	 * Only looks: as it would be opened, but nothing is written, locked or kept from others.
	 * What comes of it can be asked, and read.
	 */
	bool look;
	uint32_t block_size; /* bytes of a sector as the driver sees it, 512 or 4096; 0: see below */
};

struct blk_file {
	int direct_fd; /* O_DIRECT, or -1: the host's page cache is used */
	int cached_fd; /* for what direct I/O cannot do; shares the file's lock */
	bool readonly;
	bool device;              /* a block device */
	bool can_punch;           /* fallocate() takes holes here */
	bool can_zero;            /* ... and zero ranges */
	uint32_t memory_align;    /* bytes, of direct I/O; a power of two */
	uint32_t offset_align;    /* bytes, of offset and length; 512 at least */
	uint32_t block_size;      /* a sector as the driver sees it: 512..4096 */
	uint32_t physical_size;   /* write unit without penalty, block_size at least */
	uint32_t optimal_size;    /* 0: none known */
	uint32_t discard_granule; /* bytes */
	uint32_t gpt_sector;      /* see blk_format_gpt_sector() */
	int unguarded;            /* why it could not be locked, a negative errno; 0: it is */
};

enum blk_route {
	BLK_ROUTE_DIRECT, /* on direct_fd as it is (on cached_fd without direct I/O) */
	BLK_ROUTE_BOUNCE, /* on direct_fd, through an aligned buffer */
	BLK_ROUTE_CACHED, /* on cached_fd: the place is not aligned */
};

/*
 * Opens a disk. Where the file system has no direct I/O, direct_fd is -1 and the disk works through
 * the page cache. The image is locked (OFD lock: shared if readonly) against other users that lock
 * too, and a block device that is to be written is claimed (O_EXCL), so that it is not one that the
 * host has mounted, and does not become one.
 *
 * A block device is handed over with the sectors that it has, which is what its data was written
 * for. A file has none of its own: its sectors are of 512 bytes, even where direct I/O takes larger
 * blocks. What is not aligned to those goes through the page cache then; physical_size tells the
 * driver.
 *
 * Returns 0; -ENOTBLK if it is neither a regular file nor a block device; -EBUSY if
 * somebody else has it; -EMEDIUMTYPE if it is no raw image and config->raw does not say to take it
 * as one; or what open() or reading said. What is wrong and what would be right goes to why
 * (BLK_WHY_MAX bytes).
 */
int blk_file_open(struct blk_file *file, const struct blk_file_config *config, char *why);
void blk_file_close(struct blk_file *file);

/* Bytes now, or a negative errno. */
int64_t blk_file_size(const struct blk_file *file);

/* How many of size bytes lie in whole sectors, as the driver sees them: the rest is out of its
 * reach. */
uint64_t blk_file_usable(const struct blk_file *file, uint64_t size);

/*
 * Makes a regular file size bytes long: what is added reads as zero. A block device has the
 * size it has: only a size that it can hold is accepted.
 * Returns 0; -EINVAL unless size is of whole blocks (block_size); -EROFS of one opened readonly;
 * -ENOSPC beyond a device's end; or what ftruncate() said.
 */
int blk_file_set_size(const struct blk_file *file, uint64_t size);

/* Which way an operation of len bytes at offset goes, by the memory that it has. */
enum blk_route blk_file_route(const struct blk_file *file, const struct iovec *iov, unsigned int n,
			      uint64_t offset, uint64_t len);

/* Drops what of the file is in the host's page cache and is written: a hint. Of devices, too, for
 * which BLKFLSBUF would need a capability that a service gives up. */
void blk_file_forget(const struct blk_file *file);

/* fdatasync(). Returns 0 or a negative errno. */
int blk_file_sync(const struct blk_file *file);

#endif
