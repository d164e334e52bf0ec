/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/balloon_dev.h"

#include <endian.h>
#include <errno.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_ids.h>
#include <stdlib.h>

#define FRAME 4096ull

/* The specification numbers the queues as if all were there; Linux leaves out those
 * whose feature is not negotiated, so that its reporting queue is the third. */
#define QUEUE_INFLATE      0
#define QUEUE_REPORT_LINUX 2
#define QUEUE_REPORT       4
#define QUEUES             5
#define PAGES_MAX          256 /* of one request to inflate: what Linux sends */

struct balloon_dev {
	struct virtio_device dev;
	struct balloon_dev_config config;
	_Alignas(8) uint8_t space[8];             /* num_pages and actual */
	struct iovec seg[QUEUES][VRING_MAX_SEGS]; /* under each queue's lock */
};

/* Cuts what is not whole frames off a range. Returns whether something is left. */
static bool whole_frames(struct iovec *range)
{
	uintptr_t start = (uintptr_t)range->iov_base, end = start + range->iov_len;

	start = (start + FRAME - 1) & ~(FRAME - 1);
	end &= ~(FRAME - 1);
	if (start >= end)
		return false;
	range->iov_base = (void *)start;
	range->iov_len = end - start;
	return true;
}

/* The pages lie where the chain's writable buffers do. */
static void report(const struct balloon_dev *b, struct vring_chain *chain)
{
	struct iovec *seg = chain->seg + chain->nr_readable;
	unsigned int i, n = 0;

	for (i = 0; i < chain->nr_writable; i++)
		if (whole_frames(&seg[i]))
			seg[n++] = seg[i];
	if (n)
		b->config.discard(b->config.opaque, seg, n);
}

/* The chain is an array of frame numbers. */
static void inflate(const struct balloon_dev *b, const struct vring_chain *chain)
{
	struct iovec range[PAGES_MAX];
	uint32_t pfn[PAGES_MAX];
	size_t count = vring_chain_read(chain, 0, pfn, sizeof(pfn)) / sizeof(pfn[0]), i;
	unsigned int n = 0;

	for (i = 0; i < count; i++) {
		range[n].iov_base =
			b->config.host_ptr(b->config.opaque, le32toh(pfn[i]) * FRAME, FRAME);
		range[n].iov_len = FRAME;
		if (range[n].iov_base)
			n++;
	}
	if (n)
		b->config.discard(b->config.opaque, range, n);
}

/* One request a call, so that a queue that is kept full keeps nobody out. */
static bool notify(struct virtio_device *dev, unsigned int queue, unsigned int cpu)
{
	struct balloon_dev *b = (struct balloon_dev *)dev;
	struct vring *ring = &dev->queue[queue].ring;
	struct vring_chain chain = {.seg = b->seg[queue], .max_seg = VRING_MAX_SEGS};

	(void)cpu;
	if (virtio_queue_pop(dev, queue, &chain)) {
		if (queue == QUEUE_INFLATE)
			inflate(b, &chain);
		else if (queue == QUEUE_REPORT_LINUX || queue == QUEUE_REPORT)
			report(b, &chain);
		/* A page that leaves the balloon needs nothing: it comes when touched. */
		vring_push(ring, &chain, 0);
		virtio_queue_signal(dev, queue);
	}
	return virtio_queue_live(dev, queue) && vring_enable_notify(ring);
}

/* The driver tells how many pages the balloon has; nobody here asks. */
static void config_write(struct virtio_device *dev, uint32_t offset, uint64_t value,
			 unsigned int len)
{
	(void)dev;
	(void)offset;
	(void)value;
	(void)len;
}

static void destroy(struct virtio_device *dev)
{
	virtio_device_fini(dev);
	free((struct balloon_dev *)dev);
}

static const struct virtio_device_ops balloon_ops = {
	.notify = notify,
	.config_write = config_write,
	.destroy = destroy,
};

int balloon_dev_create(const struct balloon_dev_config *config, struct virtio_device **out)
{
	/* The fourth is for a feature that is not offered. */
	static const uint16_t sizes[QUEUES] = {BALLOON_QUEUE_SIZE, BALLOON_QUEUE_SIZE,
					       BALLOON_QUEUE_SIZE, 0, BALLOON_QUEUE_SIZE};
	struct balloon_dev *b = calloc(1, sizeof(*b));
	int ret;

	if (!b)
		return -ENOMEM;
	b->config = *config;
	b->dev.ops = &balloon_ops;
	b->dev.id = VIRTIO_ID_BALLOON;
	b->dev.offered = VRING_FEATURE_INDIRECT | 1ull << VIRTIO_BALLOON_F_REPORTING |
			 1ull << VIRTIO_BALLOON_F_DEFLATE_ON_OOM;
	b->dev.config = b->space;
	b->dev.config_size = sizeof(b->space);
	b->dev.nr_queues = QUEUES;
	ret = virtio_device_init(&b->dev, sizes);
	if (ret) {
		free(b);
		return ret;
	}
	*out = &b->dev;
	return 0;
}
