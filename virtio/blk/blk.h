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
#include "virtio/blk/latency.h"
#include "virtio/device.h"
#include "virtio/io/engine.h"

#define BLK_MAX_QUEUES 16
#define BLK_QUEUE_SIZE 256
#define BLK_SERIAL_MAX 20

/* What a disk takes of the host's memory at most, whatever its driver asks for: so many bytes,
 * and so many for each entry of its queues. */
#define BLK_DEV_MOST   (9u << 20)
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
 * What a disk counts: X(name, name in --stats, kind, metric, help), as MM_COUNTERS (mm/mm.h). The
 * structures, their sum and every account of them come from this list, so that what is counted is
 * shown.
 */
#define BLK_COUNTERS(X)                                                                            \
	X(reads, blk_reads, COUNTER, "disk_read_requests", "read requests answered")               \
	X(writes, blk_writes, COUNTER, "disk_write_requests", "write requests answered")           \
	X(flushes, blk_flushes, COUNTER, "disk_flush_requests", "flush requests answered")         \
	X(discards, blk_discards, COUNTER, "disk_discard_requests", "discard requests answered")   \
	X(write_zeroes, blk_write_zeroes, COUNTER, "disk_write_zeroes_requests",                   \
	  "write-zeroes requests answered")                                                        \
	X(get_ids, blk_get_ids, COUNTER, "disk_get_id_requests",                                   \
	  "requests for the serial number answered")                                               \
	X(unsupported, blk_unsupported, COUNTER, "disk_unsupported_requests",                      \
	  "requests of no known type")                                                             \
	X(errors, blk_errors, COUNTER, "disk_failed_requests",                                     \
	  "requests of any type not answered with OK")                                             \
	X(malformed, blk_malformed, COUNTER, "disk_malformed_requests",                            \
	  "requests that had not the shape of one")                                                \
	X(bytes_read, blk_bytes_read, COUNTER, "disk_read_bytes", "bytes read")                    \
	X(bytes_written, blk_bytes_written, COUNTER, "disk_written_bytes", "bytes written")        \
	X(bytes_copied, blk_bytes_copied, COUNTER, "disk_copied_bytes",                            \
	  "bytes of these that the monitor copied")                                                \
	X(pins, blk_pins, COUNTER, "disk_pinned_frames", "frames of the heap pinned for requests") \
	X(pin_refusals, blk_pin_refusals, COUNTER, "disk_unpinned_requests",                       \
	  "requests that went on without pins, for the quota")                                     \
	X(fixed_ops, blk_fixed_ops, COUNTER, "disk_fixed_operations",                              \
	  "operations on one segment of a registered window")                                      \
	X(fixed_vec_ops, blk_fixed_vec_ops, COUNTER, "disk_fixed_vector_operations",               \
	  "operations on several segments of one window")                                          \
	X(plain_ops, blk_plain_ops, COUNTER, "disk_plain_operations",                              \
	  "operations on memory that is not registered")                                           \
	X(bounced_ops, blk_bounced_ops, COUNTER, "disk_bounced_operations",                        \
	  "operations through a buffer of the monitor")                                            \
	X(cached_ops, blk_cached_ops, COUNTER, "disk_cached_operations",                           \
	  "operations through the page cache, the place not being aligned")                        \
	X(splits, blk_splits, COUNTER, "disk_split_requests",                                      \
	  "requests that took several operations")                                                 \
	X(shorts, blk_shorts, COUNTER, "disk_continued_operations",                                \
	  "operations continued after a short result")                                             \
	X(signals, blk_signals, COUNTER, "disk_answer_batches",                                    \
	  "batches of answers, of one queue")                                                      \
	X(notifies, blk_doorbells, COUNTER, "disk_doorbells", "doorbells of the driver")

/* What a disk has counted since it was made. */
struct blk_stats {
#define BLK_STATS_FIELD(name, shown, ...) uint64_t name;
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

/* Adds up how long requests of a queue lasted, or of all its queues (queue: -1). Any thread. */
void blk_dev_get_latency(const struct virtio_device *dev, int queue, struct blk_latency *latency);

#endif
