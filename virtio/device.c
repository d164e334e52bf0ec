/* SPDX-License-Identifier: BSD-2-Clause */
/* What all virtio devices do alike: their queues' locks, and speaking to whatever
 * transport they are on. */
#include "virtio/device.h"

#include <errno.h>
#include <stdlib.h>

int virtio_device_init(struct virtio_device *dev, const uint16_t *max_size)
{
	unsigned int i;
	int ret;

	if (!dev->ops || !dev->ops->notify || !dev->nr_queues ||
	    dev->nr_queues > VIRTIO_MAX_QUEUES || dev->config_size > VIRTIO_CONFIG_MAX ||
	    dev->config_size % 4 || (uintptr_t)dev->config % 8)
		return -EINVAL;
	for (i = 0; i < dev->nr_queues; i++)
		if (max_size[i] > VRING_MAX_SIZE || max_size[i] & (max_size[i] - 1))
			return -EINVAL;
	dev->queue = calloc(dev->nr_queues, sizeof(*dev->queue));
	if (!dev->queue)
		return -ENOMEM;
	for (i = 0; i < dev->nr_queues; i++) {
		dev->queue[i].max_size = max_size[i];
		atomic_init(&dev->queue[i].stopping, false);
		ret = -pthread_mutex_init(&dev->queue[i].lock, NULL);
		if (ret)
			goto err_locks;
	}
	dev->features = 0;
	atomic_init(&dev->driver_ok, false);
	atomic_init(&dev->broken, false);
	atomic_init(&dev->halted, false);
	atomic_init(&dev->paused, false);
	atomic_init(&dev->finish, false);
	dev->transport = NULL;
	return 0;

err_locks:
	while (i--)
		pthread_mutex_destroy(&dev->queue[i].lock);
	free(dev->queue);
	dev->queue = NULL;
	return ret;
}

void virtio_device_fini(struct virtio_device *dev)
{
	unsigned int i = dev->nr_queues;

	while (i--)
		pthread_mutex_destroy(&dev->queue[i].lock);
	free(dev->queue);
	dev->queue = NULL;
}

void virtio_device_destroy(struct virtio_device *dev)
{
	if (dev && dev->ops->destroy)
		dev->ops->destroy(dev);
}

void virtio_queue_lock(struct virtio_device *dev, unsigned int queue)
{
	pthread_mutex_lock(&dev->queue[queue].lock);
}

void virtio_queue_unlock(struct virtio_device *dev, unsigned int queue)
{
	pthread_mutex_unlock(&dev->queue[queue].lock);
}

/* Tells whether the driver may hear of the queue. */
static bool audible(const struct virtio_device *dev, unsigned int queue)
{
	/* Acquire: with DRIVER_OK comes what the driver negotiated before it. */
	return vring_running(&dev->queue[queue].ring) &&
	       atomic_load_explicit(&dev->driver_ok, memory_order_acquire) &&
	       !atomic_load_explicit(&dev->broken, memory_order_relaxed);
}

bool virtio_queue_live(const struct virtio_device *dev, unsigned int queue)
{
	/* Relaxed: virtio_queue_stop() has had the queue's lock since it set this. */
	return audible(dev, queue) &&
	       !atomic_load_explicit(&dev->queue[queue].stopping, memory_order_relaxed) &&
	       /* Relaxed: soon is enough; virtio_device_pause() has had the queue's lock. */
	       !atomic_load_explicit(&dev->halted, memory_order_relaxed) &&
	       !virtio_device_is_paused(dev);
}

bool virtio_queue_abandoned(const struct virtio_device *dev, unsigned int queue)
{
	/* Relaxed, all: who sets one of them then waits for the device, which looks again. */
	return atomic_load_explicit(&dev->halted, memory_order_relaxed) ||
	       (atomic_load_explicit(&dev->queue[queue].stopping, memory_order_relaxed) &&
		!atomic_load_explicit(&dev->finish, memory_order_relaxed));
}

void virtio_device_halt(struct virtio_device *dev)
{
	atomic_store_explicit(&dev->halted, true, memory_order_relaxed);
}

void virtio_device_pause(struct virtio_device *dev)
{
	/* Before the locks: one who serves a queue as fast as it is filled shall leave. Relaxed:
	 * who locks after us sees it by the lock. */
	atomic_store_explicit(&dev->paused, true, memory_order_relaxed);
	for (unsigned int i = 0; i < dev->nr_queues; i++) {
		virtio_queue_lock(dev, i);
		virtio_queue_unlock(dev, i);
	}
	if (dev->ops->pause)
		dev->ops->pause(dev);
}

void virtio_device_resume(struct virtio_device *dev)
{
	/* Relaxed: whoever is to go on is told so by a lock or a wake-up. */
	atomic_store_explicit(&dev->paused, false, memory_order_relaxed);
	if (dev->ops->resume)
		dev->ops->resume(dev);
}

bool virtio_device_is_paused(const struct virtio_device *dev)
{
	/* Relaxed: as virtio_device_pause() says. */
	return atomic_load_explicit(&dev->paused, memory_order_relaxed);
}

uint32_t virtio_queue_stop(struct virtio_device *dev, unsigned int queue)
{
	struct virtio_queue *q = &dev->queue[queue];
	uint32_t base;
	bool running;

	/* Before the lock: one who serves the queue as fast as it is filled shall
	 * leave. Relaxed: who locks after us sees it by the lock. */
	atomic_store_explicit(&q->stopping, true, memory_order_relaxed);
	virtio_queue_lock(dev, queue);
	running = vring_running(&q->ring);
	virtio_queue_unlock(dev, queue);
	if (running && dev->ops->queue_stop)
		dev->ops->queue_stop(dev, queue);
	virtio_queue_lock(dev, queue);
	base = vring_stop(&q->ring);
	/* Relaxed: the lock is held. */
	atomic_store_explicit(&q->stopping, false, memory_order_relaxed);
	virtio_queue_unlock(dev, queue);
	return base;
}

bool virtio_queue_pop(struct virtio_device *dev, unsigned int queue, struct vring_chain *chain)
{
	int ret;

	if (!virtio_queue_live(dev, queue))
		return false;
	ret = vring_pop(&dev->queue[queue].ring, chain);
	if (ret < 0)
		virtio_device_break(dev);
	return ret > 0;
}

void virtio_queue_signal(struct virtio_device *dev, unsigned int queue)
{
	if (!audible(dev, queue) || !dev->transport)
		return;
	if (vring_should_signal(&dev->queue[queue].ring))
		dev->transport->used_buffer(dev->transport_opaque, queue);
}

void virtio_device_break(struct virtio_device *dev)
{
	/* Relaxed: a flag that stops work soon; nothing is published with it. */
	if (atomic_exchange_explicit(&dev->broken, true, memory_order_relaxed))
		return;
	if (dev->transport)
		dev->transport->needs_reset(dev->transport_opaque);
}

void virtio_device_set_config32(struct virtio_device *dev, uint32_t offset, uint32_t value)
{
	/* Relaxed: as below. */
	atomic_store_explicit((_Atomic uint32_t *)(dev->config + offset), value,
			      memory_order_relaxed);
	if (dev->transport)
		dev->transport->config_changed(dev->transport_opaque, offset, sizeof(value));
}

void virtio_device_set_config64(struct virtio_device *dev, uint32_t offset, uint64_t value)
{
	/* Relaxed: the transport's lock orders the copy that the driver reads. */
	atomic_store_explicit((_Atomic uint64_t *)(dev->config + offset), value,
			      memory_order_relaxed);
	if (dev->transport)
		dev->transport->config_changed(dev->transport_opaque, offset, sizeof(value));
}
