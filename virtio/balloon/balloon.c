/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/balloon/balloon.h"

#include <endian.h>
#include <errno.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_ids.h>
#include <stdlib.h>

#include "mm/util.h"
#include "virtio/io/engine.h"

#define FRAME 4096ull

/* The specification numbers the queues as if all were there; Linux leaves out those
 * whose feature is not negotiated, so that its reporting queue is the third. */
#define QUEUE_INFLATE      0
#define QUEUE_REPORT_LINUX 2
#define QUEUE_REPORT       4
#define QUEUES             5
#define PAGES_MAX          256 /* of one request to inflate: what Linux sends */

/* A queue's request, of which there is one at a time, done in steps. Under the queue's lock; while
 * busy, chain and what it names are the engine's. */
struct request {
	struct balloon_dev *balloon;
	unsigned int queue;
	bool holds; /* a chain was taken, and is not answered */
	struct vring_chain chain;
	struct iovec seg[VRING_MAX_SEGS];
	struct iovec range[PAGES_MAX]; /* of inflate */
	struct iovec *next, *end;      /* what is still to be given back */
	struct iovec rest;             /* of the step's last range */
	struct io_release release;     /* the step */
	unsigned int busy;             /* the release is under way */
};

struct balloon_dev {
	struct virtio_device dev;
	struct balloon_dev_config config;
	_Alignas(8) uint8_t space[8]; /* num_pages and actual */
	struct request request[QUEUES];
};

static struct balloon_dev *balloon_of(struct virtio_device *dev)
{
	return container_of(dev, struct balloon_dev, dev);
}

/* Cuts what is not whole frames off a range. Returns whether something is left. */
static bool whole_frames(struct iovec *range)
{
	uintptr_t start = (uintptr_t)range->iov_base;
	uintptr_t end = start + range->iov_len;

	start = (start + FRAME - 1) & ~(FRAME - 1);
	end &= ~(FRAME - 1);
	if (start >= end)
		return false;
	range->iov_base = (void *)start;
	range->iov_len = end - start;
	return true;
}

/* The pages lie where the chain's writable buffers do. */
static void report(struct request *req)
{
	struct iovec *seg = req->seg + req->chain.nr_readable;
	unsigned int n = 0;

	for (unsigned int i = 0; i < req->chain.nr_writable; i++)
		if (whole_frames(&seg[i]))
			seg[n++] = seg[i];
	req->next = seg;
	req->end = seg + n;
}

/* The chain is an array of frame numbers. */
static void inflate(struct request *req)
{
	const struct balloon_dev_config *config = &req->balloon->config;
	uint32_t pfn[PAGES_MAX];
	size_t count = vring_chain_read(&req->chain, 0, pfn, sizeof(pfn)) / sizeof(pfn[0]);
	unsigned int n = 0;

	for (size_t i = 0; i < count; i++) {
		req->range[n].iov_base =
			config->host_ptr(config->opaque, le32toh(pfn[i]) * FRAME, FRAME);
		req->range[n].iov_len = FRAME;
		if (req->range[n].iov_base)
			n++;
	}
	req->next = req->range;
	req->end = req->range + n;
}

/* What a request gives back. A page that leaves the balloon needs nothing: it comes when touched. */
static void find_ranges(struct request *req)
{
	req->next = req->end = NULL;
	if (!req->balloon->config.discard)
		return;
	if (req->queue == QUEUE_INFLATE)
		inflate(req);
	else if (req->queue == QUEUE_REPORT_LINUX || req->queue == QUEUE_REPORT)
		report(req);
}

/* Cuts the next step off what is still to be given back. */
static void next_step(struct request *req)
{
	uint64_t room = BALLOON_STEP;

	req->release.range = req->next;
	req->rest.iov_len = 0;
	for (; req->next < req->end && room; req->next++) {
		if (req->next->iov_len > room) {
			req->rest.iov_base = (char *)req->next->iov_base + room;
			req->rest.iov_len = req->next->iov_len - room;
			req->next->iov_len = room;
		}
		room -= req->next->iov_len;
	}
	req->release.nr = (unsigned int)(req->next - req->release.range);
}

/* The queue's lock is held, in the rest. */
static void finish_step(struct request *req)
{
	struct balloon_dev *b = req->balloon;

	b->config.discard(b->config.opaque, req->release.range, req->release.nr);
	if (req->rest.iov_len)
		*--req->next = req->rest;
}

static void answer(struct request *req)
{
	struct balloon_dev *b = req->balloon;

	req->holds = false;
	vring_push(&b->dev.queue[req->queue].ring, &req->chain, 0);
	virtio_queue_signal(&b->dev, req->queue);
}

/* Takes a request, if there is one, or goes on with the one that is held: one step. Returns
 * whether to look for another. */
static bool serve(struct request *req)
{
	struct balloon_dev *b = req->balloon;
	struct virtio_device *dev = &b->dev;

	if (!virtio_queue_live(dev, req->queue))
		return false;
	if (!req->holds) {
		req->chain = (struct vring_chain){.seg = req->seg, .max_seg = VRING_MAX_SEGS};
		req->holds = virtio_queue_pop(dev, req->queue, &req->chain);
		if (req->holds)
			find_ranges(req);
	}
	if (req->holds && req->next < req->end) {
		next_step(req);
		if (b->config.engine) {
			req->busy = 1;
			io_engine_release(b->config.engine, &req->release);
			return false;
		}
		finish_step(req);
	}
	if (req->holds && req->next < req->end)
		return true;
	if (req->holds)
		answer(req);
	return virtio_queue_live(dev, req->queue) &&
	       vring_enable_notify(&dev->queue[req->queue].ring);
}

/* Has the engine's thread look for a request: by a release without ranges. */
static void look(struct request *req)
{
	req->release.nr = 0;
	req->busy = 1;
	io_engine_release(req->balloon->config.engine, &req->release);
}

/* On the engine's thread, which is not kept: one step, and the next as a release of its own. */
static void released(struct io_release *release)
{
	struct request *req = container_of(release, struct request, release);
	struct virtio_device *dev = &req->balloon->dev;

	virtio_queue_lock(dev, req->queue);
	if (release->nr)
		finish_step(req);
	if (req->holds && req->next == req->end)
		answer(req);
	req->busy = 0;
	if (serve(req))
		look(req);
	virtio_queue_unlock(dev, req->queue);
}

/* One step a call, so that a queue that is kept full keeps nobody out. */
static bool notify(struct virtio_device *dev, unsigned int queue, unsigned int cpu)
{
	struct request *req = &balloon_of(dev)->request[queue];

	(void)cpu;
	/* Who answers the one under way looks for more. */
	return !req->busy && serve(req);
}

/* No step is begun by now: a release that is under way is the last. What is left of its request
 * stays with the guest. */
static void queue_stop(struct virtio_device *dev, unsigned int queue)
{
	struct balloon_dev *b = balloon_of(dev);

	if (b->config.engine)
		io_engine_drain(b->config.engine, &b->request[queue].busy);
	virtio_queue_lock(dev, queue);
	b->request[queue].holds = false;
	virtio_queue_unlock(dev, queue);
}

/* The step that is under way ends: none is begun by now. */
static void pause_balloon(struct virtio_device *dev)
{
	struct balloon_dev *b = balloon_of(dev);

	for (unsigned int i = 0; i < QUEUES && b->config.engine; i++)
		io_engine_drain(b->config.engine, &b->request[i].busy);
}

/* The engine's thread had been looking for requests by itself. */
static void resume_balloon(struct virtio_device *dev)
{
	struct balloon_dev *b = balloon_of(dev);

	for (unsigned int i = 0; i < QUEUES && b->config.engine; i++) {
		virtio_queue_lock(dev, i);
		if (!b->request[i].busy && virtio_queue_live(dev, i))
			look(&b->request[i]);
		virtio_queue_unlock(dev, i);
	}
}

#define NUM_PAGES offsetof(struct virtio_balloon_config, num_pages)
#define ACTUAL    offsetof(struct virtio_balloon_config, actual)

/* How many pages the balloon has by the driver's word. Relaxed, there and here: a figure, with
 * which nothing is published. */
static _Atomic uint32_t *actual(struct virtio_device *dev)
{
	return (_Atomic uint32_t *)(dev->config + ACTUAL);
}

/* The driver tells how many pages the balloon has, which nothing here relies on. */
static void config_write(struct virtio_device *dev, uint32_t offset, uint64_t value,
			 unsigned int len)
{
	const uint64_t most = balloon_of(dev)->config.ram / FRAME;

	if (offset != ACTUAL || len != sizeof(uint32_t))
		return;
	atomic_store_explicit(actual(dev), htole32((uint32_t)(value < most ? value : most)),
			      memory_order_relaxed);
}

/* What was in the balloon was the driver's; what it is asked for is the host's to say. */
static void reset(struct virtio_device *dev)
{
	atomic_store_explicit(actual(dev), 0, memory_order_relaxed);
}

int balloon_dev_set_target(struct virtio_device *dev, uint64_t bytes)
{
	const struct balloon_dev_config *config = &balloon_of(dev)->config;

	if (!config->discard)
		return -EOPNOTSUPP;
	if (!bytes)
		return -EINVAL;
	if (bytes > config->ram)
		bytes = config->ram;
	virtio_device_set_config32(dev, NUM_PAGES,
				   htole32((uint32_t)((config->ram - bytes) / FRAME)));
	return 0;
}

uint64_t balloon_dev_actual(struct virtio_device *dev)
{
	return balloon_of(dev)->config.ram -
	       le32toh(atomic_load_explicit(actual(dev), memory_order_relaxed)) * FRAME;
}

static void destroy(struct virtio_device *dev)
{
	virtio_device_fini(dev);
	free(balloon_of(dev));
}

static const struct virtio_device_ops balloon_ops = {
	.queue_stop = queue_stop,
	.notify = notify,
	.reset = reset,
	.config_write = config_write,
	.pause = pause_balloon,
	.resume = resume_balloon,
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
	for (unsigned int i = 0; i < QUEUES; i++) {
		b->request[i].balloon = b;
		b->request[i].queue = i;
		b->request[i].release.done = released;
	}
	b->dev.ops = &balloon_ops;
	b->dev.id = VIRTIO_ID_BALLOON;
	b->dev.offered = VRING_FEATURE_INDIRECT | 1ull << VIRTIO_BALLOON_F_DEFLATE_ON_OOM;
	if (config->discard)
		b->dev.offered |= 1ull << VIRTIO_BALLOON_F_REPORTING;
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
