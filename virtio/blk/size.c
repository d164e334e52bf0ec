/* SPDX-License-Identifier: BSD-2-Clause */
/* A disk's size, and how it changes while the driver uses the disk. */
#include <endian.h>

#include "virtio/blk/priv.h"

static void tell_capacity(struct blk_dev *blk, uint64_t sectors)
{
	virtio_device_set_config64(&blk->dev, offsetof(struct virtio_blk_config, capacity),
				   htole64(sectors));
}

int blk_dev_resize(struct virtio_device *dev)
{
	struct blk_dev *blk = blk_of(dev);
	int64_t size = blk_file_size(&blk->file);
	uint64_t sectors;

	if (size < 0)
		return (int)size;
	sectors = blk_file_usable(&blk->file, (uint64_t)size) / BLK_SECTOR;
	/* Relaxed: one value, see blk_in_disk(). */
	if (atomic_exchange_explicit(&blk->sectors, sectors, memory_order_relaxed) != sectors)
		tell_capacity(blk, sectors);
	return 0;
}

int blk_dev_set_size(struct virtio_device *dev, uint64_t size)
{
	struct blk_dev *blk = blk_of(dev);
	const uint64_t sectors = size / BLK_SECTOR;
	uint64_t old = atomic_load_explicit(&blk->sectors, memory_order_relaxed);
	int ret;

	/* From here on no request is let past the new end. Relaxed: see blk_in_disk(). */
	if (sectors < old)
		atomic_store_explicit(&blk->sectors, sectors, memory_order_relaxed);
	/* One that was let before would make the file longer again. */
	io_engine_pause(blk->engine, IO_HOLD);
	ret = blk_file_set_size(&blk->file, size);
	atomic_store_explicit(&blk->sectors, ret ? old : sectors, memory_order_relaxed);
	io_engine_resume(blk->engine, IO_HOLD);
	if (!ret && sectors != old)
		tell_capacity(blk, sectors);
	return ret;
}

uint64_t blk_dev_capacity(const struct virtio_device *dev)
{
	return atomic_load_explicit(&blk_of((struct virtio_device *)dev)->sectors,
				    memory_order_relaxed) *
	       BLK_SECTOR;
}
