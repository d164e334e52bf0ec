/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a store to each register of virtio-mmio does (virtio 1.2, section 4.2.2): the
 * device's status (section 2.1), reset, features, the queues' set-up, doorbells.
 */
#include <errno.h>

#include "virtio/mmio/priv.h"

#define STATUS_DRIVER_BITS                                                                  \
	(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_DRIVER_OK | \
	 VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_FAILED)

static void stop_queue(struct virtio_mmio *mmio, unsigned int queue)
{
	virtio_queue_stop(mmio->dev, queue);
	mmio->queue[queue].ready = false;
}

void virtio_mmio_reset(struct virtio_mmio *mmio)
{
	struct virtio_device *dev = mmio->dev;
	bool touched;

	atomic_store(&dev->driver_ok, false);
	for (unsigned int i = 0; i < dev->nr_queues; i++) {
		stop_queue(mmio, i);
		mmio->queue[i].setup = (struct vring_setup){0};
	}
	pthread_mutex_lock(&mmio->state);
	touched = mmio->status;
	pthread_mutex_unlock(&mmio->state);
	/* A driver begins with a reset: nothing can have been asked of the device. */
	if (touched && dev->ops->reset)
		dev->ops->reset(dev);
	dev->features = 0;
	atomic_store(&dev->broken, false);
	mmio->driver_features = 0;
	mmio->device_features_sel = 0;
	mmio->driver_features_sel = 0;
	mmio->queue_sel = 0;
	virtio_mmio_publish_selected(mmio);
	pthread_mutex_lock(&mmio->state);
	virtio_mmio_publish_config(mmio, 0, dev->config_size);
	virtio_mmio_set_interrupts(mmio, 0);
	mmio->status = 0;
	virtio_mmio_publish(mmio, VIRTIO_MMIO_STATUS, 0);
	pthread_mutex_unlock(&mmio->state);
}

static bool accept_features(struct virtio_mmio *mmio)
{
	struct virtio_device *dev = mmio->dev;
	uint64_t features = mmio->driver_features;

	if (features & ~virtio_mmio_offered(mmio) || !(features >> VIRTIO_F_VERSION_1 & 1))
		return false;
	if (dev->ops->features_ok && dev->ops->features_ok(dev, features))
		return false;
	dev->features = features;
	return true;
}

/* Bits are only ever added (section 2.1.1); those out of turn are left out, which the
 * driver sees when it reads Status back. */
static bool write_status(struct virtio_mmio *mmio, uint32_t value)
{
	const uint32_t known = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;
	uint32_t old;
	uint32_t add;

	if (!value) {
		virtio_mmio_count(&mmio->resets);
		virtio_mmio_reset(mmio);
		return true;
	}
	pthread_mutex_lock(&mmio->state);
	old = mmio->status;
	pthread_mutex_unlock(&mmio->state);
	add = value & STATUS_DRIVER_BITS & ~old;
	if (add & VIRTIO_CONFIG_S_FEATURES_OK &&
	    (((old | add) & known) != known || !accept_features(mmio)))
		add &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	if (!((old | add) & VIRTIO_CONFIG_S_FEATURES_OK))
		add &= ~VIRTIO_CONFIG_S_DRIVER_OK;

	/* First: who finds the bit in Status may ring, and is to be served. */
	if (add & VIRTIO_CONFIG_S_DRIVER_OK)
		atomic_store(&mmio->dev->driver_ok, true);
	pthread_mutex_lock(&mmio->state);
	mmio->status |= add;
	virtio_mmio_publish(mmio, VIRTIO_MMIO_STATUS, mmio->status);
	pthread_mutex_unlock(&mmio->state);
	return add == (value & STATUS_DRIVER_BITS & ~old);
}

static bool features_open(struct virtio_mmio *mmio)
{
	uint32_t status;

	pthread_mutex_lock(&mmio->state);
	status = mmio->status;
	pthread_mutex_unlock(&mmio->state);
	return !(status & VIRTIO_CONFIG_S_FEATURES_OK);
}

static bool write_driver_features(struct virtio_mmio *mmio, uint32_t value)
{
	unsigned int shift = 32 * mmio->driver_features_sel;

	if (mmio->driver_features_sel > 1)
		return !value;
	if (!features_open(mmio))
		return false;
	mmio->driver_features &= ~(0xffffffffull << shift);
	mmio->driver_features |= (uint64_t)value << shift;
	return true;
}

/* QueueReady becomes 1 only for a queue that can be used as it is set up. */
static bool write_queue_ready(struct virtio_mmio *mmio, uint32_t value)
{
	struct virtio_mmio_queue *q = virtio_mmio_selected(mmio);
	struct virtio_device *dev = mmio->dev;
	unsigned int n = mmio->queue_sel;
	int ret = -EINVAL;

	if (!q || value > 1)
		return false;
	if (!value) {
		stop_queue(mmio, n);
		virtio_mmio_publish_queue(mmio);
		return true;
	}
	if (q->ready || features_open(mmio))
		return false;
	q->setup.indirect = dev->features & VRING_FEATURE_INDIRECT;
	q->setup.event_idx = dev->features & VRING_FEATURE_EVENT_IDX;
	q->setup.packed = dev->features & VRING_FEATURE_PACKED;
	q->setup.base = vring_fresh_base(q->setup.packed);
	virtio_queue_lock(dev, n);
	if (q->setup.size <= dev->queue[n].max_size)
		ret = vring_start(&dev->queue[n].ring, &mmio->mem, &q->setup);
	if (!ret && dev->ops->queue_ready) {
		ret = dev->ops->queue_ready(dev, n);
		if (ret)
			vring_stop(&dev->queue[n].ring);
	}
	virtio_queue_unlock(dev, n);
	q->ready = !ret;
	virtio_mmio_publish_queue(mmio);
	return q->ready;
}

/*
 * Resets one queue (section 2.6.1), of which nothing is kept: the driver may set it up in
 * another way and make it ready again. The driver that looks finds QueueReset 1 as
 * long as the device has work of the queue in flight.
 */
static bool write_queue_reset(struct virtio_mmio *mmio, uint32_t value)
{
	struct virtio_mmio_queue *q = virtio_mmio_selected(mmio);

	if (!q || value != 1 || !(mmio->dev->features >> VIRTIO_F_RING_RESET & 1))
		return false;
	virtio_mmio_publish(mmio, VIRTIO_MMIO_QUEUE_RESET, 1);
	stop_queue(mmio, mmio->queue_sel);
	q->setup = (struct vring_setup){0};
	virtio_mmio_publish_queue(mmio);
	virtio_mmio_publish(mmio, VIRTIO_MMIO_QUEUE_RESET, 0);
	return true;
}

static void set_half(uint64_t *reg, bool high, uint32_t value)
{
	if (high)
		*reg = (*reg & 0xffffffffull) | (uint64_t)value << 32;
	else
		*reg = (*reg & ~0xffffffffull) | value;
}

/* Size and addresses stay as they are while the queue is ready (4.2.2.2). */
static bool write_queue_setup(struct virtio_mmio *mmio, uint32_t offset, uint32_t value)
{
	struct virtio_mmio_queue *q = virtio_mmio_selected(mmio);

	if (!q || q->ready)
		return false;
	switch (offset) {
	case VIRTIO_MMIO_QUEUE_NUM:
		/* One that does not fit 16 bits is as wrong as 0. */
		q->setup.size = value > UINT16_MAX ? 0 : (uint16_t)value;
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		set_half(&q->setup.desc, offset == VIRTIO_MMIO_QUEUE_DESC_HIGH, value);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_LOW:
	case VIRTIO_MMIO_QUEUE_AVAIL_HIGH:
		set_half(&q->setup.avail, offset == VIRTIO_MMIO_QUEUE_AVAIL_HIGH, value);
		break;
	default:
		set_half(&q->setup.used, offset == VIRTIO_MMIO_QUEUE_USED_HIGH, value);
		break;
	}
	return true;
}

static bool write_interrupt_ack(struct virtio_mmio *mmio, uint32_t value)
{
	pthread_mutex_lock(&mmio->state);
	virtio_mmio_set_interrupts(mmio, mmio->interrupts & ~value);
	pthread_mutex_unlock(&mmio->state);
	return true;
}

/* Without the control lock: queues are served in parallel. A pause, a stop and the machine's end
 * all end the loop, since the queue is not live then. */
static bool write_notify(struct virtio_mmio *mmio, uint32_t queue, unsigned int cpu)
{
	struct virtio_device *dev = mmio->dev;
	bool more;

	if (queue >= dev->nr_queues)
		return false;
	virtio_mmio_count(&mmio->notifies);
	do {
		more = false;
		virtio_queue_lock(dev, queue);
		if (virtio_queue_live(dev, queue)) {
			if (vring_revalidate(&dev->queue[queue].ring))
				virtio_device_break(dev);
			else
				more = dev->ops->notify(dev, queue, cpu);
		}
		virtio_queue_unlock(dev, queue);
	} while (more);
	return true;
}

static bool write_config(struct virtio_mmio *mmio, uint64_t offset, uint64_t value,
			 unsigned int len)
{
	struct virtio_device *dev = mmio->dev;

	if (offset % len || offset + len > dev->config_size || !dev->ops->config_write)
		return false;
	dev->ops->config_write(dev, (uint32_t)offset, value, len);
	/* The driver reads back what the device made of it. */
	pthread_mutex_lock(&mmio->state);
	virtio_mmio_publish_config(mmio, (uint32_t)offset, len);
	pthread_mutex_unlock(&mmio->state);
	return true;
}

/* The control lock is held. Returns whether the store meant something. */
static bool write_register(struct virtio_mmio *mmio, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		mmio->device_features_sel = value;
		virtio_mmio_publish_features(mmio);
		return true;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		return write_driver_features(mmio, value);
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		mmio->driver_features_sel = value;
		return true;
	case VIRTIO_MMIO_QUEUE_SEL:
		mmio->queue_sel = value;
		virtio_mmio_publish_queue(mmio);
		return true;
	case VIRTIO_MMIO_QUEUE_READY:
		return write_queue_ready(mmio, value);
	case VIRTIO_MMIO_QUEUE_RESET:
		return write_queue_reset(mmio, value);
	case VIRTIO_MMIO_INTERRUPT_ACK:
		return write_interrupt_ack(mmio, value);
	case VIRTIO_MMIO_STATUS:
		return write_status(mmio, value);
	case VIRTIO_MMIO_QUEUE_NUM:
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
	case VIRTIO_MMIO_QUEUE_AVAIL_LOW:
	case VIRTIO_MMIO_QUEUE_AVAIL_HIGH:
	case VIRTIO_MMIO_QUEUE_USED_LOW:
	case VIRTIO_MMIO_QUEUE_USED_HIGH:
		return write_queue_setup(mmio, offset, value);
	case VIRTIO_MMIO_SHM_SEL:
		return true; /* whichever it is: there is none */
	default:
		return false;
	}
}

bool virtio_mmio_write(struct virtio_mmio *mmio, uint64_t offset, uint64_t value, unsigned int len,
		       unsigned int cpu)
{
	bool done = false;
	bool again = false;

	virtio_mmio_count(&mmio->writes);
	if (offset >= VIRTIO_MMIO_PAGE_SIZE || (len != 1 && len != 2 && len != 4 && len != 8))
		goto out;
	if (len < 8)
		value &= (1ull << 8 * len) - 1;
	if (offset == VIRTIO_MMIO_QUEUE_NOTIFY && len == 4) {
		done = write_notify(mmio, (uint32_t)value, cpu);
		again = done && virtio_device_is_paused(mmio->dev);
	} else if (offset >= VIRTIO_MMIO_CONFIG || len == 4) {
		pthread_mutex_lock(&mmio->control);
		if (offset >= VIRTIO_MMIO_CONFIG)
			done = write_config(mmio, offset - VIRTIO_MMIO_CONFIG, value, len);
		else
			done = write_register(mmio, (uint32_t)offset, (uint32_t)value);
		pthread_mutex_unlock(&mmio->control);
	}
out:
	if (!done)
		virtio_mmio_count(&mmio->ignored);
	return !again;
}
