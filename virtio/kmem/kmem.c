/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio-kmem device itself: what it offers, its configuration, its reset. */
#include "virtio/kmem/kmem.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <stdlib.h>

#include "virtio/kmem/debug.h"
#include "virtio/kmem/priv.h"

_Static_assert(VIRTIO_KMEM_MAX_RANGES == MM_MAX_RANGES &&
		       (int)VIRTIO_KMEM_CLASSES == (int)MM_CLASSES &&
		       VIRTIO_KMEM_MAX_ORDER == MM_MAX_ORDER &&
		       VIRTIO_KMEM_PM_CACHE_MAX == MM_PM_FAR,
	       "the contract promises what mm can do");
/* Each class of the contract is mm's: of the same label at the same place, and of the same size. */
enum {
#define CLASS_BYTES(bytes, label) CLASS_BYTES_##label = (bytes),
	MM_CLASS_LIST(CLASS_BYTES)
#undef CLASS_BYTES
};
#define CLASS_IS_MMS(bytes, label)                                                \
	_Static_assert((int)VIRTIO_KMEM_CLASS_##label == (int)MM_CLASS_##label && \
			       (bytes) == CLASS_BYTES_##label,                    \
		       "class " #label " of the contract is mm's");
VIRTIO_KMEM_CLASS_LIST(CLASS_IS_MMS)
#undef CLASS_IS_MMS
_Static_assert(VIRTIO_KMEM_PM_RUN == MM_PM_RUN && VIRTIO_KMEM_PM_TAIL == MM_PM_TAIL &&
		       VIRTIO_KMEM_PM_NONE == MM_PM_NONE && VIRTIO_KMEM_PM_FAR == MM_PM_FAR,
	       "the page map is mm's");
_Static_assert(VIRTIO_KMEM_ADDR_FRESH == MM_ADDR_FRESH && VIRTIO_KMEM_ADDR_ZERO == MM_ADDR_ZERO,
	       "addresses are passed on as mm gives them");
_Static_assert(sizeof(struct virtio_kmem_config) <= VIRTIO_CONFIG_MAX, "fits a register page");

/* All that was handed out is gone. The transport shows the driver the new number with the rest of
 * the configuration, once the reset is over. */
static void next_generation(struct kmem_dev *kmem)
{
	uint32_t next = kmem->config.generation + 1;

	kmem->config.generation = next ? next : 1;
}

static void kmem_reset(struct virtio_device *dev)
{
	struct kmem_dev *kmem = kmem_dev_of(dev);

	virtio_queue_lock(dev, kmem->cpus);
	kmem->events.waiting = 0;
	virtio_queue_unlock(dev, kmem->cpus);
	if (kmem->quiesce)
		kmem->quiesce(kmem->quiesce_opaque, true);
	mm_heap_reset(kmem->heap);
	kmem_dev_forget_pins(kmem);
	next_generation(kmem);
	if (kmem->quiesce)
		kmem->quiesce(kmem->quiesce_opaque, false);
}

static bool kmem_notify(struct virtio_device *dev, unsigned int queue, unsigned int cpu)
{
	struct kmem_dev *kmem = kmem_dev_of(dev);

	if (queue < kmem->cpus)
		return kmem_dev_serve_queue(kmem, queue, cpu);
	return kmem_dev_deliver_events(kmem);
}

/* An event may have been posted meanwhile. */
static void kmem_resume(struct virtio_device *dev)
{
	struct kmem_dev *kmem = kmem_dev_of(dev);

	virtio_queue_lock(dev, kmem->cpus);
	kmem_dev_deliver_events(kmem);
	virtio_queue_unlock(dev, kmem->cpus);
}

static void kmem_destroy(struct virtio_device *dev)
{
	struct kmem_dev *kmem = kmem_dev_of(dev);

	virtio_device_fini(dev);
	free((void *)kmem->pins);
	free((void *)kmem->cache_flags);
	free(kmem->queue);
	free(kmem);
}

static const struct virtio_device_ops kmem_ops = {
	.reset = kmem_reset,
	.notify = kmem_notify,
	.resume = kmem_resume,
	.destroy = kmem_destroy,
};

static bool is_user(const struct kmem_dev_config *config, const struct mm_range *range)
{
	return config->user_nodes >> range->node & 1;
}

/* How many nodes there are: those that are for user space alone, or the others. */
static unsigned int count_nodes(const struct kmem_dev_config *config, bool user)
{
	unsigned int nodes = 0;

	for (unsigned int i = 0; i < config->nr_ranges; i++)
		if (is_user(config, &config->range[i]) == user &&
		    (unsigned int)config->range[i].node >= nodes)
			nodes = (unsigned int)config->range[i].node + 1;
	return nodes;
}

/* Tells whether the ranges are the heap's: ascending, disjoint, in its window. */
static bool ranges_fit(const struct kmem_dev_config *config)
{
	uint64_t at = mm_heap_base(config->heap);
	uint64_t left = mm_heap_size(config->heap);
	const struct mm_range *range = config->range;

	for (unsigned int i = 0; i < config->nr_ranges; i++, range++) {
		uint64_t gap = range->base - at;

		if (range->base < at || gap > left || range->size > left - gap || range->node < 0 ||
		    range->node >= MM_MAX_NODES)
			return false;
		left -= gap + range->size;
		at = range->base + range->size;
	}
	return true;
}

/* Tells whether drivers that know no flags keep off what is for user space: all of its nodes are
 * beyond num_nodes. */
static bool user_nodes_are_last(const struct kmem_dev_config *config)
{
	const unsigned int nodes = count_nodes(config, false);

	for (unsigned int i = 0; i < config->nr_ranges; i++)
		if (is_user(config, &config->range[i]) &&
		    (unsigned int)config->range[i].node < nodes)
			return false;
	return true;
}

static void fill_config(struct kmem_dev *kmem, const struct kmem_dev_config *config)
{
	struct virtio_kmem_config *out = &kmem->config;

	for (unsigned int i = 0; i < config->nr_ranges; i++) {
		const struct mm_range *range = &config->range[i];

		out->range[i].base = range->base;
		out->range[i].size = range->size;
		out->range[i].node = (uint32_t)range->node;
		out->range[i].flags = is_user(config, range) ? VIRTIO_KMEM_RANGE_USER : 0;
	}
	for (unsigned int i = 0; i < MM_CLASSES; i++) {
		out->class_size[i] = mm_class_size[i];
		if (kmem_debug_bits(mm_cache_modes(config->heap, (int)i + 1)))
			out->class_debug |= 1u << i;
	}
	out->version = VIRTIO_KMEM_VERSION;
	out->debug = config->debug;
	out->heap_base = mm_heap_base(config->heap);
	out->heap_size = mm_heap_size(config->heap);
	out->page_map_base = config->page_map_gpa;
	out->pin_quota = config->pin_quota;
	out->frame_shift = MM_FRAME_SHIFT;
	out->max_order = VIRTIO_KMEM_MAX_ORDER;
	out->max_batch = VIRTIO_KMEM_MAX_BATCH;
	out->num_request_queues = (uint16_t)config->cpus;
	out->num_nodes = (uint16_t)count_nodes(config, false);
	kmem->nodes = count_nodes(config, true);
	if (kmem->nodes < out->num_nodes)
		kmem->nodes = out->num_nodes;
	out->num_ranges = (uint16_t)config->nr_ranges;
	out->num_classes = MM_CLASSES;
	out->backed_max = config->backed_max;
	next_generation(kmem);
}

int kmem_dev_create(const struct kmem_dev_config *config, struct virtio_device **out)
{
	uint16_t max_size[MM_MAX_CPUS + 1];
	struct kmem_dev *kmem;
	unsigned int i;
	int ret;

	if (!config->heap || !config->cpus || config->cpus > MM_MAX_CPUS || !config->nr_ranges ||
	    config->nr_ranges > MM_MAX_RANGES || config->page_map_gpa % MM_FRAME_SIZE ||
	    !ranges_fit(config) || !user_nodes_are_last(config))
		return -EINVAL;
	kmem = calloc(1, sizeof(*kmem));
	if (!kmem)
		return -ENOMEM;
	ret = -ENOMEM;
	kmem->queue = calloc(config->cpus, sizeof(*kmem->queue));
	if (!kmem->queue)
		goto err_free;
	/* Untouched memory costs nothing: it is zero pages of the host. */
	_Static_assert(sizeof(*kmem->pins) == KMEM_DEV_FRAME, "what is counted is kept");
	kmem->pins = calloc(mm_heap_size(config->heap) >> MM_FRAME_SHIFT, sizeof(*kmem->pins));
	if (!kmem->pins)
		goto err_queue;
	kmem->caches = (uint32_t)mm_cache_max(config->heap);
	kmem->cache_flags = calloc(kmem->caches + 1, sizeof(*kmem->cache_flags));
	if (!kmem->cache_flags)
		goto err_pins;
	kmem->heap = config->heap;
	kmem->quiesce = config->quiesce;
	kmem->quiesce_opaque = config->quiesce_opaque;
	kmem->tell = config->tell;
	kmem->tell_opaque = config->tell_opaque;
	kmem->high = config->high;
	kmem->cpus = config->cpus;
	fill_config(kmem, config);
	kmem->dev.ops = &kmem_ops;
	kmem->dev.id = VIRTIO_ID_KMEM;
	/* Nothing of a queue is in flight but under its lock, so that one queue can be reset
	 * by itself. What a driver was given stays its own. */
	kmem->dev.offered = VRING_FEATURE_INDIRECT | VRING_FEATURE_EVENT_IDX |
			    VRING_FEATURE_PACKED | 1ull << VIRTIO_F_RING_RESET |
			    1ull << VIRTIO_KMEM_F_EVENTS | 1ull << VIRTIO_KMEM_F_CACHES;
	if (config->pin_quota)
		kmem->dev.offered |= 1ull << VIRTIO_KMEM_F_PIN;
	if (config->debug || kmem->config.class_debug)
		kmem->dev.offered |= 1ull << VIRTIO_KMEM_F_DEBUG;
	kmem->dev.config = (uint8_t *)&kmem->config;
	kmem->dev.config_size = sizeof(kmem->config);
	kmem->dev.nr_queues = config->cpus + 1;
	for (i = 0; i < config->cpus; i++)
		max_size[i] = KMEM_DEV_QUEUE_SIZE;
	max_size[i] = KMEM_DEV_EVENT_SIZE;
	ret = virtio_device_init(&kmem->dev, max_size);
	if (ret)
		goto err_flags;
	*out = &kmem->dev;
	return 0;

err_flags:
	free((void *)kmem->cache_flags);
err_pins:
	free((void *)kmem->pins);
err_queue:
	free(kmem->queue);
err_free:
	free(kmem);
	return ret;
}
