/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/rng.h"

#include <errno.h>
#include <linux/virtio_ids.h>
#include <stdlib.h>
#include <sys/random.h>

#include "mm/util.h"

struct rng_dev {
	struct virtio_device dev;
	struct iovec seg[VRING_MAX_SEGS]; /* under the queue's lock */
};

/* Fills len bytes of guest memory. Returns how many. */
static size_t fill(uint8_t *at, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		/* A signal ends a long one early. */
		n = getrandom(at + done, len - done, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		done += (size_t)n;
	}
	return done;
}

static uint32_t answer(const struct vring_chain *chain)
{
	const struct iovec *seg = chain->seg + chain->nr_readable;
	uint32_t done = 0;
	uint32_t room;
	size_t len;
	size_t n;

	for (unsigned int i = 0; i < chain->nr_writable && done < RNG_REQUEST_MAX; i++) {
		room = RNG_REQUEST_MAX - done;
		len = seg[i].iov_len < room ? seg[i].iov_len : room;
		n = fill(seg[i].iov_base, len);
		done += (uint32_t)n;
		if (n < len)
			break;
	}
	return done;
}

/* One request a call, so that a queue that is kept full keeps nobody out. */
static bool notify(struct virtio_device *dev, unsigned int queue, unsigned int cpu)
{
	struct rng_dev *rng = container_of(dev, struct rng_dev, dev);
	struct vring *ring = &dev->queue[queue].ring;
	struct vring_chain chain = {.seg = rng->seg, .max_seg = VRING_MAX_SEGS};

	(void)cpu;
	if (virtio_queue_pop(dev, queue, &chain)) {
		vring_push(ring, &chain, answer(&chain));
		virtio_queue_signal(dev, queue);
	}
	return virtio_queue_live(dev, queue) && vring_enable_notify(ring);
}

static void destroy(struct virtio_device *dev)
{
	virtio_device_fini(dev);
	free(container_of(dev, struct rng_dev, dev));
}

static const struct virtio_device_ops rng_ops = {.notify = notify, .destroy = destroy};

int rng_dev_create(struct virtio_device **out)
{
	static const uint16_t sizes[] = {RNG_QUEUE_SIZE};
	struct rng_dev *rng = calloc(1, sizeof(*rng));
	int ret;

	if (!rng)
		return -ENOMEM;
	rng->dev.ops = &rng_ops;
	rng->dev.id = VIRTIO_ID_RNG;
	rng->dev.offered = VRING_FEATURE_INDIRECT | VRING_FEATURE_EVENT_IDX | VRING_FEATURE_PACKED;
	rng->dev.nr_queues = 1;
	ret = virtio_device_init(&rng->dev, sizes);
	if (ret) {
		free(rng);
		return ret;
	}
	*out = &rng->dev;
	return 0;
}
