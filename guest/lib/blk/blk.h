/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the block layer share. */
#ifndef GUEST_LIB_BLK_BLK_H
#define GUEST_LIB_BLK_BLK_H

#include "guest/lib/machine/virtio_mmio.h"
#include "virtio/abi/platform.h"
#include <linux/spinlock.h>
#include <slabvisor/blk.h>

#define BLK_QUEUE_DEPTH 256u

/* Of virtio 1.2, section 5.2. */
#define VIRTIO_ID_BLK             2
#define VIRTIO_BLK_F_SIZE_MAX     1
#define VIRTIO_BLK_F_SEG_MAX      2
#define VIRTIO_BLK_F_RO           5
#define VIRTIO_BLK_F_BLK_SIZE     6
#define VIRTIO_BLK_F_FLUSH        9
#define VIRTIO_BLK_F_TOPOLOGY     10
#define VIRTIO_BLK_F_MQ           12
#define VIRTIO_BLK_F_DISCARD      13
#define VIRTIO_BLK_F_WRITE_ZEROES 14

struct blk_config {
	__le64 capacity; /* sectors */
	__le32 size_max;
	__le32 seg_max;
	u8 geometry[4];
	__le32 blk_size;
	u8 physical_block_exp, alignment_offset;
	__le16 min_io_size;
	__le32 opt_io_size;
	u8 writeback, unused0;
	__le16 num_queues;
	__le32 max_discard_sectors, max_discard_seg, discard_sector_alignment;
	__le32 max_write_zeroes_sectors, max_write_zeroes_seg;
	u8 write_zeroes_may_unmap, unused1[3];
} __attribute__((packed, aligned(4)));

_Static_assert(sizeof(struct blk_config) == 60, "configuration layout");

/* A place in a queue: ring entry i has the table of slot i. In RAM, as the device wants
 * its tables. */
struct blk_slot {
	struct vring_desc table[BLK_MAX_SEGMENTS + 2];
	struct {
		__le32 type, reserved;
		__le64 sector;
	} header;
	struct {
		__le64 sector;
		__le32 sectors, flags;
	} range;
	char id[BLK_ID_SIZE];
	u8 status;
	struct blk_request *req;
	u16 next_free;
};

struct blk_queue {
	spinlock_t lock; /* all of it; vCPUs share a queue where there are too few */
	struct virtqueue vq;
	struct blk_slot *slot;
	u16 first_free, busy;
	u64 poll_ns; /* how long to poll now; a hint, without the lock */
	u64 requests, doorbells, waits;
} __attribute__((aligned(64)));

struct blk_disk {
	struct virtio_mmio_dev dev;
	struct blk_queue queue[PLATFORM_MAX_CPUS];
	unsigned int queues;
	u64 poll_ns;
	u32 segments, size_max;
	u32 max_discard_sectors, max_zeroes_sectors;
	bool broken;
};

static inline bool blk_has(const struct blk_disk *disk, unsigned int feature)
{
	return disk->dev.features >> feature & 1;
}

#endif
