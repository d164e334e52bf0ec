/* SPDX-License-Identifier: BSD-2-Clause */
/* Disks: found, started, described. */
#include "guest/lib/blk/blk.h"
#include "guest/lib/machine/grt.h"
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <slabvisor/smp.h>

#define POLL_NS 1000000

static void read_config(const struct blk_disk *disk, struct blk_config *config)
{
	virtio_mmio_read_config(&disk->dev, config, sizeof(*config));
}

unsigned int blk_count(void)
{
	struct virtio_mmio_dev dev;
	unsigned int n = 0;

	while (!virtio_mmio_find(&dev, VIRTIO_ID_BLK, n))
		n++;
	return n;
}

static int start_queue(struct blk_disk *disk, unsigned int index, u16 depth)
{
	struct blk_queue *q = &disk->queue[index];
	int err;

	err = virtqueue_init(&disk->dev, &q->vq, (u16)index, depth, true);
	if (err)
		return err;
	q->slot = grt_ram_alloc(depth * sizeof(*q->slot), 64);
	if (!q->slot)
		return -ENOMEM;
	q->poll_ns = POLL_NS;
	for (u16 i = 0; i < depth; i++) {
		struct blk_slot *slot = &q->slot[i];

		slot->next_free = i + 1;
		q->vq.desc[i].addr = virt_to_phys(slot->table);
		q->vq.desc[i].flags = VRING_DESC_F_INDIRECT;
	}
	return 0;
}

static int start(struct blk_disk *disk)
{
	const u64 wanted = 1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_F_INDIRECT_DESC |
			   1ull << VIRTIO_F_EVENT_IDX | 1ull << VIRTIO_BLK_F_SIZE_MAX |
			   1ull << VIRTIO_BLK_F_SEG_MAX | 1ull << VIRTIO_BLK_F_RO |
			   1ull << VIRTIO_BLK_F_BLK_SIZE | 1ull << VIRTIO_BLK_F_FLUSH |
			   1ull << VIRTIO_BLK_F_TOPOLOGY | 1ull << VIRTIO_BLK_F_MQ |
			   1ull << VIRTIO_BLK_F_DISCARD | 1ull << VIRTIO_BLK_F_WRITE_ZEROES;
	struct blk_config config;
	int err;

	err = virtio_mmio_start(&disk->dev, wanted);
	if (err)
		return err;
	if (!(disk->dev.features & 1ull << VIRTIO_F_INDIRECT_DESC))
		return -ENODEV;
	read_config(disk, &config);
	disk->poll_ns = POLL_NS;
	disk->size_max = blk_has(disk, VIRTIO_BLK_F_SIZE_MAX) ? config.size_max : ~0u;
	disk->segments = BLK_MAX_SEGMENTS;
	if (blk_has(disk, VIRTIO_BLK_F_SEG_MAX))
		disk->segments = min_t(u32, disk->segments, config.seg_max);
	if (disk->size_max < PAGE_SIZE || !disk->segments)
		return -ENODEV;
	disk->max_discard_sectors = config.max_discard_sectors;
	disk->max_zeroes_sectors = config.max_write_zeroes_sectors;
	disk->queues = blk_has(disk, VIRTIO_BLK_F_MQ) ? config.num_queues : 1;
	disk->queues = clamp_t(unsigned int, disk->queues, 1, num_online_cpus());
	for (unsigned int i = 0; i < disk->queues; i++) {
		u16 depth = virtqueue_max(&disk->dev, (u16)i);

		err = start_queue(disk, i, (u16)min_t(unsigned int, depth, BLK_QUEUE_DEPTH));
		if (err)
			return err;
	}
	virtio_mmio_ready(&disk->dev);
	return 0;
}

struct blk_disk *blk_open(unsigned int index, int *err)
{
	struct blk_disk *disk = grt_ram_alloc(sizeof(*disk), 64);
	int ret = -ENOMEM;

	if (disk)
		ret = virtio_mmio_find(&disk->dev, VIRTIO_ID_BLK, index);
	if (!ret) {
		ret = start(disk);
		if (ret)
			virtio_mmio_fail(&disk->dev);
	}
	if (err)
		*err = ret;
	return ret ? NULL : disk;
}

void blk_get_info(const struct blk_disk *disk, struct blk_info *info)
{
	struct blk_config config;

	read_config(disk, &config);
	*info = (struct blk_info){
		.sectors = config.capacity,
		.block_size = blk_has(disk, VIRTIO_BLK_F_BLK_SIZE) ? config.blk_size : 512,
		.max_discard_sectors = disk->max_discard_sectors,
		.max_zeroes_sectors = disk->max_zeroes_sectors,
		.discard_alignment = config.discard_sector_alignment,
		.queues = disk->queues,
		.depth = disk->queue[0].vq.size,
		.readonly = blk_has(disk, VIRTIO_BLK_F_RO),
		.flush = blk_has(disk, VIRTIO_BLK_F_FLUSH),
		.discard = blk_has(disk, VIRTIO_BLK_F_DISCARD),
		.write_zeroes = blk_has(disk, VIRTIO_BLK_F_WRITE_ZEROES),
	};
	info->physical_size = info->block_size;
	if (blk_has(disk, VIRTIO_BLK_F_TOPOLOGY))
		info->physical_size <<= config.physical_block_exp;
}

void blk_get_counts(const struct blk_disk *disk, struct blk_counts *counts)
{
	*counts = (struct blk_counts){.requests = 0};
	for (unsigned int i = 0; i < disk->queues; i++) {
		counts->requests += READ_ONCE(disk->queue[i].requests);
		counts->doorbells += READ_ONCE(disk->queue[i].doorbells);
		counts->waits += READ_ONCE(disk->queue[i].waits);
	}
}

void blk_set_poll(struct blk_disk *disk, unsigned int us)
{
	disk->poll_ns = us * 1000ull;
	for (unsigned int i = 0; i < disk->queues; i++)
		disk->queue[i].poll_ns = disk->poll_ns;
}
