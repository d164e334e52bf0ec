/* SPDX-License-Identifier: BSD-2-Clause */
/* The disk itself: what it offers, its configuration, its reset. */
#include "virtio/blk/blk.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "virtio/blk/priv.h"

#define BLK_DEVICE_ID 2u

static void blk_reset(struct virtio_device *dev)
{
	struct blk_dev *blk = blk_of(dev);

	atomic_store_explicit(&blk->writethrough, true, memory_order_relaxed);
	blk->config.wce = 1;
}

static int blk_features_ok(struct virtio_device *dev, uint64_t features)
{
	struct blk_dev *blk = blk_of(dev);

	/* Section 5.2.5.2: who knows of no cache is to have none. */
	atomic_store_explicit(
		&blk->writethrough,
		!(features & (1ull << VIRTIO_BLK_F_FLUSH | 1ull << VIRTIO_BLK_F_CONFIG_WCE)),
		memory_order_relaxed);
	return 0;
}

static int blk_queue_ready(struct virtio_device *dev, unsigned int queue)
{
	blk_of(dev)->queue[queue].dead = false;
	return 0;
}

/* What was taken comes to an end, and is answered unless it is abandoned. */
static void blk_queue_stop(struct virtio_device *dev, unsigned int queue)
{
	struct blk_dev *blk = blk_of(dev);

	io_engine_drain(blk->engine, &blk->queue[queue].busy);
}

static bool blk_notify(struct virtio_device *dev, unsigned int queue, unsigned int cpu)
{
	struct blk_dev *blk = blk_of(dev);

	(void)queue;
	(void)cpu;
	/* Relaxed: a statistic. */
	atomic_fetch_add_explicit(&blk->stats.notifies, 1, memory_order_relaxed);
	io_engine_kick(blk->engine);
	return false;
}

/* The engine's thread is to look at the rings again. */
static void blk_resume(struct virtio_device *dev)
{
	io_engine_kick(blk_of(dev)->engine);
}

static void blk_config_write(struct virtio_device *dev, uint32_t offset, uint64_t value,
			     unsigned int len)
{
	struct blk_dev *blk = blk_of(dev);

	if (offset != offsetof(struct virtio_blk_config, wce) || len != 1 || value > 1 ||
	    !(dev->features >> VIRTIO_BLK_F_CONFIG_WCE & 1) || blk->config.wce == value)
		return;
	blk->config.wce = (uint8_t)value;
	atomic_store_explicit(&blk->writethrough, !value, memory_order_relaxed);
	/* What was answered while there was a cache is stable from now on, too. */
	if (!value)
		blk_file_sync(&blk->file);
	if (dev->transport)
		dev->transport->config_changed(dev->transport_opaque, 32, 4);
}

static int open_file(struct blk_dev *blk, const struct blk_dev_config *config,
		     const struct blk_file_config *file, char *why)
{
	int ret;

	blk->file_stays = config->keep;
	if (config->keep && config->keep->cached_fd >= 0) {
		blk->file = *config->keep;
		return 0;
	}
	ret = blk_file_open(&blk->file, file, why);
	if (!ret && config->keep)
		*config->keep = blk->file;
	return ret;
}

static void close_file(struct blk_dev *blk)
{
	if (!blk->file_stays)
		blk_file_close(&blk->file);
}

static void blk_destroy(struct virtio_device *dev)
{
	struct blk_dev *blk = blk_of(dev);

	/* Nobody is there to be answered. */
	virtio_device_halt(dev);
	io_engine_detach(blk->engine, &blk->source);
	io_engine_remove_file(blk->engine, blk->cached_index);
	if (blk->file_index != blk->cached_index)
		io_engine_remove_file(blk->engine, blk->file_index);
	close_file(blk);
	blk_bounce_fini(blk);
	free(blk->zeroes);
	for (unsigned int i = 0; i < dev->nr_queues; i++)
		blk_queue_destroy(&blk->queue[i]);
	free(blk->queue);
	virtio_device_fini(dev);
	free(blk);
}

static const struct virtio_device_ops blk_ops = {
	.reset = blk_reset,
	.features_ok = blk_features_ok,
	.queue_ready = blk_queue_ready,
	.queue_stop = blk_queue_stop,
	.notify = blk_notify,
	.resume = blk_resume,
	.config_write = blk_config_write,
	.take_over = blk_take_over,
	.hand_over = blk_hand_over,
	.destroy = blk_destroy,
};

static unsigned int log2_of(uint32_t n)
{
	return 31u - (unsigned int)__builtin_clz(n);
}

static void offer(struct blk_dev *blk, bool split)
{
	struct virtio_device *dev = &blk->dev;

	dev->offered = VRING_FEATURE_INDIRECT | VRING_FEATURE_EVENT_IDX |
		       1ull << VIRTIO_BLK_F_SIZE_MAX | 1ull << VIRTIO_BLK_F_SEG_MAX |
		       1ull << VIRTIO_BLK_F_BLK_SIZE | 1ull << VIRTIO_BLK_F_TOPOLOGY |
		       1ull << VIRTIO_BLK_F_FLUSH | 1ull << VIRTIO_BLK_F_CONFIG_WCE;
	if (!split)
		dev->offered |= VRING_FEATURE_PACKED;
	if (dev->nr_queues > 1)
		dev->offered |= 1ull << VIRTIO_BLK_F_MQ;
	if (blk->file.readonly) {
		dev->offered |= 1ull << VIRTIO_BLK_F_RO;
		return;
	}
	dev->offered |= 1ull << VIRTIO_BLK_F_WRITE_ZEROES;
	if (blk->file.can_punch)
		dev->offered |= 1ull << VIRTIO_BLK_F_DISCARD;
}

/* A request's segments, of which each has an entry of the ring if there are no indirect tables. */
static uint32_t seg_max(const struct blk_dev_config *config)
{
	uint32_t ring = config->queue_size ? config->queue_size : BLK_QUEUE_SIZE;

	if (config->ring_size && config->ring_size < ring)
		ring = config->ring_size;
	if (ring < 4)
		return 1;
	return ring - 2 < BLK_SEG_MAX ? ring - 2 : BLK_SEG_MAX;
}

static void fill_config(struct blk_dev *blk, const struct blk_dev_config *config)
{
	const struct blk_file *file = &blk->file;
	struct virtio_blk_config *c = &blk->config;

	c->capacity = htole64(blk->sectors);
	c->size_max = htole32(BLK_SIZE_MAX);
	c->seg_max = htole32(seg_max(config));
	c->blk_size = htole32(file->block_size);
	c->physical_block_exp = (uint8_t)(log2_of(file->physical_size) - log2_of(file->block_size));
	c->min_io_size = htole16((uint16_t)(file->physical_size / file->block_size));
	c->opt_io_size = htole32(file->optimal_size / file->block_size);
	c->wce = 1;
	c->num_queues = htole16((uint16_t)blk->dev.nr_queues);
	c->max_discard_sectors = htole32(BLK_RANGE_BYTES / BLK_SECTOR);
	c->max_discard_seg = htole32(BLK_MAX_RANGES);
	c->discard_sector_alignment = htole32(file->discard_granule / BLK_SECTOR);
	c->max_write_zeroes_sectors = htole32(BLK_RANGE_BYTES / BLK_SECTOR);
	c->max_write_zeroes_seg = htole32(BLK_MAX_RANGES);
	c->write_zeroes_may_unmap = file->can_punch;
}

static int add_files(struct blk_dev *blk)
{
	int ret;

	ret = io_engine_add_file(blk->engine, blk->file.cached_fd);
	if (ret < 0)
		return ret;
	blk->cached_index = ret;
	blk->file_index = ret;
	if (blk->file.direct_fd < 0)
		return 0;
	ret = io_engine_add_file(blk->engine, blk->file.direct_fd);
	if (ret < 0) {
		io_engine_remove_file(blk->engine, blk->cached_index);
		return ret;
	}
	blk->file_index = ret;
	return 0;
}

static int make_queues(struct blk_dev *blk, const struct blk_dev_config *config)
{
	uint16_t max_size[BLK_MAX_QUEUES];
	unsigned int i;
	int ret;

	if (!config->queues || config->queues > BLK_MAX_QUEUES)
		return -EINVAL;
	for (i = 0; i < config->queues; i++)
		max_size[i] = config->queue_size ? config->queue_size : BLK_QUEUE_SIZE;
	ret = virtio_device_init(&blk->dev, max_size);
	if (ret)
		return ret;
	ret = -ENOMEM;
	blk->queue = calloc(config->queues, sizeof(*blk->queue));
	if (!blk->queue)
		goto err_device;
	for (i = 0; i < config->queues; i++) {
		ret = blk_queue_create(blk, i, max_size[i]);
		if (ret)
			goto err_queues;
	}
	return 0;

err_queues:
	while (i--)
		blk_queue_destroy(&blk->queue[i]);
	free(blk->queue);
err_device:
	virtio_device_fini(&blk->dev);
	return ret;
}

static void unmake_queues(struct blk_dev *blk)
{
	unsigned int i = blk->dev.nr_queues;

	while (i--)
		blk_queue_destroy(&blk->queue[i]);
	free(blk->queue);
	virtio_device_fini(&blk->dev);
}

int blk_dev_create(const struct blk_dev_config *config, struct io_engine *engine,
		   struct virtio_device **out)
{
	const struct blk_file_config file = {
		.path = config->path,
		.direct = config->direct,
		.readonly = config->readonly,
		.raw = config->raw,
		.block_size = config->block_size,
	};
	char unasked[BLK_WHY_MAX];
	char *why = config->why ? config->why : unasked;
	struct blk_dev *blk;
	int64_t size;
	int ret;

	/* For all that is not the file's. */
	snprintf(why, BLK_WHY_MAX, "the device cannot be made");
	if (!config->path)
		return -EINVAL;
	blk = calloc(1, sizeof(*blk));
	if (!blk)
		return -ENOMEM;
	blk->engine = engine;
	blk->warn = config->warn;
	blk->warn_opaque = config->warn_opaque;
	blk->source.ops = &blk_source_ops;
	blk_list_init(&blk->ready);
	blk_bounce_init(blk);
	if (config->serial)
		memcpy(blk->serial, config->serial, strnlen(config->serial, BLK_SERIAL_MAX));
	ret = open_file(blk, config, &file, why);
	if (ret)
		goto err_free;
	size = blk_file_size(&blk->file);
	if (size < 0) {
		ret = (int)size;
		goto err_file;
	}
	blk->sectors = blk_file_usable(&blk->file, (uint64_t)size) / BLK_SECTOR;
	blk->dev.ops = &blk_ops;
	blk->dev.id = BLK_DEVICE_ID;
	blk->dev.config = (uint8_t *)&blk->config;
	blk->dev.config_size = offsetof(struct virtio_blk_config, max_secure_erase_sectors);
	blk->dev.nr_queues = config->queues;
	offer(blk, config->split);
	fill_config(blk, config);
	ret = make_queues(blk, config);
	if (ret)
		goto err_file;
	ret = add_files(blk);
	if (ret)
		goto err_queues;
	atomic_store_explicit(&blk->writethrough, true, memory_order_relaxed);
	io_engine_attach(engine, &blk->source);
	*out = &blk->dev;
	return 0;

err_queues:
	unmake_queues(blk);
err_file:
	snprintf(why, BLK_WHY_MAX, "the device cannot be made: %s", strerror(-ret));
	close_file(blk);
err_free:
	free(blk);
	return ret;
}

const struct blk_file *blk_dev_file(const struct virtio_device *dev)
{
	return &blk_of((struct virtio_device *)dev)->file;
}

bool blk_dev_is_direct(const struct virtio_device *dev)
{
	return blk_of((struct virtio_device *)dev)->file.direct_fd >= 0;
}

bool blk_dev_is_readonly(const struct virtio_device *dev)
{
	return blk_of((struct virtio_device *)dev)->file.readonly;
}

void blk_dev_get_stats(const struct virtio_device *dev, struct blk_stats *out)
{
	const struct blk_dev *blk = blk_of((struct virtio_device *)dev);

#define BLK_STAT(name, shown, ...) .name = io_stat_get(&blk->stats.name),
	*out = (struct blk_stats){BLK_COUNTERS(BLK_STAT)};
#undef BLK_STAT
}

void blk_dev_get_latency(const struct virtio_device *dev, int queue, struct blk_latency *out)
{
	const struct blk_dev *blk = blk_of((struct virtio_device *)dev);

	*out = (struct blk_latency){.total_ns = {0}};
	for (unsigned int i = 0; i < blk->dev.nr_queues; i++) {
		const struct blk_queue *q = &blk->queue[i];

		if (queue >= 0 && (unsigned int)queue != i)
			continue;
		for (unsigned int op = 0; op < BLK_LATENCY_NR; op++) {
			for (unsigned int b = 0; b < BLK_LATENCY_BUCKETS; b++)
				out->bucket[op][b] += io_stat_get(&q->bucket[op][b]);
			out->total_ns[op] += io_stat_get(&q->total_ns[op]);
		}
	}
}
