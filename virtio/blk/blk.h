/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-blk (virtio 1.2, section 5.2): a disk on a raw file or a block device, for any
 * transport. Requests are taken from the rings and answered by an I/O thread
 * (io/engine.h); a notification only wakes it.
 *
 * Guest memory goes to the kernel as it is. Buffers may lie in memory that stays, or
 * in a heap (struct io_region): those in a heap are pinned (mm_pin()), frame by frame,
 * from before the first byte of the request is looked at until it is answered, so that
 * what the guest frees meanwhile is neither reused nor given back. With the quota of
 * pins used up a request goes on without, by system calls that survive memory
 * that goes away. The transport's door must let heap addresses through for buffers
 * (buffer_ptr of struct virtio_guest_mem), since it is the pin that checks them.
 *
 * An error of the file is the error of one request. A ring that makes no sense is not
 * served any more until the driver sets it up again, and the driver is told
 * (DEVICE_NEEDS_RESET); the other queues go on.
 */
#ifndef VIRTIO_BLK_BLK_H
#define VIRTIO_BLK_BLK_H

#include "virtio/blk/file.h"
#include "virtio/device.h"
#include "virtio/io/engine.h"

#define BLK_MAX_QUEUES 16
#define BLK_QUEUE_SIZE 256
#define BLK_SERIAL_MAX 20

/* What a disk takes of the host's memory at most, whatever its driver asks for: so many bytes,
 * and so many for each entry of its queues. */
#define BLK_DEV_MOST   (8u << 20)
#define BLK_ENTRY_MOST 1536u

struct blk_dev_config {
	const char *path;
	const char *serial; /* cut to BLK_SERIAL_MAX bytes; NULL: none */
	bool direct;        /* O_DIRECT, where the filesystem has it */
	bool readonly;
	bool raw;            /* see struct blk_file_config */
	uint32_t block_size; /* ... */
	bool split;          /* packed rings are not offered */
	unsigned int queues; /* 1..BLK_MAX_QUEUES */
	uint16_t queue_size; /* a power of two up to VRING_MAX_SIZE; 0: BLK_QUEUE_SIZE */
	/* Entries that the driver's rings have at least: what a request may have of segments is
	 * offered before they are made, and a driver without indirect tables has to get it into
	 * one. 0: queue_size, for drivers that choose by themselves and take what is offered. */
	uint16_t ring_size;
	/* The file, which is open already, or (cached_fd -1) is opened and left open for a device
	 * that comes later: its owner closes it. NULL: the device opens and closes it. */
	struct blk_file *keep;
	char *why; /* takes what blk_file_open() says; NULL: nobody asks */
	/* A line for the user, without newline and the disk's name, from the I/O thread: the file
	 * fails a request. The next of its type are not said till one succeeds. NULL: dropped. */
	void (*warn)(void *opaque, const char *text);
	void *warn_opaque;
};

/*
 * What a disk counts: X(name, name in --stats). The structures, their sum and every account of
 * them come from this list, so that what is counted is shown.
 */
#define BLK_COUNTERS(X)                                                                        \
	/* Requests answered, by type; those of no known type; and of all of these, those not  \
	 * answered with OK. */                                                                \
	X(reads, blk_reads)                                                                    \
	X(writes, blk_writes)                                                                  \
	X(flushes, blk_flushes)                                                                \
	X(discards, blk_discards)                                                              \
	X(write_zeroes, blk_write_zeroes)                                                      \
	X(get_ids, blk_get_ids)                                                                \
	X(unsupported, blk_unsupported)                                                        \
	X(errors, blk_errors)                                                                  \
	X(malformed, blk_malformed) /* had not the shape of a request */                       \
	X(bytes_read, blk_bytes_read)                                                          \
	X(bytes_written, blk_bytes_written)                                                    \
	X(bytes_copied, blk_bytes_copied) /* ... of which the monitor copied */                \
	X(pins, blk_pins)                 /* frames pinned */                                  \
	X(pin_refusals, blk_pin_refusals) /* requests that went on without: the quota */       \
	/* Operations of the ring on data: one segment of a registered window; several of one  \
	 * window; memory that is not registered; through a buffer of the monitor; through the \
	 * page cache, the place not being aligned. */                                         \
	X(fixed_ops, blk_fixed_ops)                                                            \
	X(fixed_vec_ops, blk_fixed_vec_ops)                                                    \
	X(plain_ops, blk_plain_ops)                                                            \
	X(bounced_ops, blk_bounced_ops)                                                        \
	X(cached_ops, blk_cached_ops)                                                          \
	X(splits, blk_splits)   /* requests that took several operations */                    \
	X(shorts, blk_shorts)   /* operations continued after a short result */                \
	X(signals, blk_signals) /* batches of answers, of one queue */                         \
	X(notifies, blk_doorbells)

/* What a disk has counted since it was made. */
struct blk_stats {
#define BLK_STATS_FIELD(name, shown) uint64_t name;
	BLK_COUNTERS(BLK_STATS_FIELD)
#undef BLK_STATS_FIELD
};

/*
 * Opens the file and makes the device, which is the I/O thread's from then on; engine
 * outlives it. Returns 0, -EINVAL, -ENOMEM, -ENOSPC (IO_MAX_FILES) or what
 * blk_file_open() said; what is wrong is in config->why. virtio_device_destroy() frees it.
 */
int blk_dev_create(const struct blk_dev_config *config, struct io_engine *engine,
		   struct virtio_device **dev);

/* Looks at the file's size again, and tells the driver if it changed. Returns 0 or a
 * negative errno. Any thread, no lock held. */
int blk_dev_resize(struct virtio_device *dev);

/*
 * Gives the disk size bytes, its file with it (blk_file_set_size(), whose errors it
 * returns), and tells the driver. Requests under way end before; those that reach past the
 * new end are answered with an error, each for itself. What a smaller file loses is lost.
 * Returns 0 or a negative errno, the size being what it was. One caller at a time; no
 * lock held.
 */
int blk_dev_set_size(struct virtio_device *dev, uint64_t size);

/* Bytes of the disk now. */
uint64_t blk_dev_capacity(const struct virtio_device *dev);

/* What is known of its file, which is the device's: to be looked at, by any thread. */
const struct blk_file *blk_dev_file(const struct virtio_device *dev);

/* Tells whether its I/O is direct; whether it cannot be written. */
bool blk_dev_is_direct(const struct virtio_device *dev);
bool blk_dev_is_readonly(const struct virtio_device *dev);

void blk_dev_get_stats(const struct virtio_device *dev, struct blk_stats *stats);

#endif
