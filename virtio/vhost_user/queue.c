/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues of a vhost-user session: when their rings run, and what the device says of
 * them. A ring runs from when it has memory, a size, addresses, a kick descriptor and is
 * enabled; that it does not wait for the first kick is for those made available before a
 * back end was restarted, of which no kick tells.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "virtio/vhost_user/priv.h"

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void signal_fd(int fd)
{
	const uint64_t one = 1;

	/* It does not block, and a full counter will be seen. */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

static void used_buffer(void *opaque, unsigned int queue)
{
	struct vhost_user *vu = opaque;

	if (vu->queue[queue].call < 0)
		return;
	signal_fd(vu->queue[queue].call);
	vhost_user_count(&vu->signals, 1);
}

static void needs_reset(void *opaque)
{
	struct vhost_user *vu = opaque;
	bool say;

	pthread_mutex_lock(&vu->state);
	say = !vu->said_broken;
	vu->said_broken = true;
	pthread_mutex_unlock(&vu->state);
	if (say)
		vhost_user_say(vu, "a ring of the driver makes no sense and is not served: the "
				   "driver must reset the device");
	pthread_mutex_lock(&vu->state);
	for (unsigned int i = 0; i < vu->dev->nr_queues; i++)
		if (vu->queue[i].err >= 0)
			signal_fd(vu->queue[i].err);
	pthread_mutex_unlock(&vu->state);
}

static void config_changed(void *opaque, uint32_t offset, uint32_t size)
{
	struct vhost_user *vu = opaque;

	(void)offset;
	(void)size;
	pthread_mutex_lock(&vu->state);
	if (vu->backend_fd >= 0)
		vhost_user_send(vu->backend_fd, VHOST_USER_BACKEND_CONFIG_CHANGE, 0, NULL, 0, -1);
	pthread_mutex_unlock(&vu->state);
}

const struct virtio_transport_ops vhost_user_transport_ops = {
	.used_buffer = used_buffer,
	.config_changed = config_changed,
	.needs_reset = needs_reset,
};

int vhost_user_queues_create(struct vhost_user *vu)
{
	vu->queue = calloc(vu->dev->nr_queues, sizeof(*vu->queue));
	if (!vu->queue)
		return -ENOMEM;
	for (unsigned int i = 0; i < vu->dev->nr_queues; i++) {
		struct vhost_user_queue *q = &vu->queue[i];

		q->vu = vu;
		q->index = i;
		q->kick = -1;
		q->call = -1;
		q->err = -1;
	}
	return 0;
}

void vhost_user_queues_destroy(struct vhost_user *vu)
{
	free(vu->queue);
}

void vhost_user_queue_forget(struct vhost_user *vu, unsigned int queue)
{
	struct vhost_user_queue *q = &vu->queue[queue];

	close_fd(&q->kick);
	virtio_queue_lock(vu->dev, queue);
	close_fd(&q->call);
	q->log_used = false;
	virtio_queue_unlock(vu->dev, queue);
	pthread_mutex_lock(&vu->state);
	close_fd(&q->err);
	pthread_mutex_unlock(&vu->state);
	q->num = 0;
	q->base = 0;
	q->has_addr = false;
	q->has_base = false;
	q->enabled = false;
}

/* The ring's three addresses, guest-physical. */
static int locate(struct vhost_user *vu, const struct vhost_user_queue *q,
		  struct vring_setup *setup)
{
	const struct vhost_user_mem *mem = atomic_load_explicit(&vu->mem, memory_order_relaxed);
	uint64_t n = q->num;
	uint64_t desc;
	uint64_t avail;
	uint64_t used;

	desc = n * sizeof(struct vring_desc);
	avail = sizeof(struct vring_avail) + (n + 1) * sizeof(uint16_t);
	used = sizeof(struct vring_used) + n * sizeof(struct vring_used_elem) + sizeof(uint16_t);
	if (setup->packed) {
		avail = sizeof(uint32_t);
		used = sizeof(uint32_t);
	}
	if (!vhost_user_mem_guest(mem, q->addr.desc, desc, &setup->desc) ||
	    !vhost_user_mem_guest(mem, q->addr.avail, avail, &setup->avail) ||
	    !vhost_user_mem_guest(mem, q->addr.used, used, &setup->used))
		return vhost_user_wrong(vu, -EFAULT,
					"ring %u of %u entries lies outside of the memory shared",
					q->index, q->num);
	return 0;
}

/* Takes up the account of what was in flight when the ring was last stopped, or left. */
static int recover(struct vhost_user *vu, struct vhost_user_queue *q, struct vring_setup *setup,
		   uint16_t used_idx)
{
	uint64_t part = vhost_user_inflight_size(setup->packed, vu->inflight_size);
	struct vhost_user_recovery recovery;
	uint16_t used_flags = 0;
	uint8_t *area;
	int ret;

	memset(&q->inflight, 0, sizeof(q->inflight));
	if (!vu->inflight.at)
		return 0;
	if (q->index >= vu->inflight_queues || setup->size > vu->inflight_size)
		return vhost_user_wrong(
			vu, -EBADMSG,
			"ring %u of %u entries: the inflight region is for %u rings of %u",
			q->index, setup->size, vu->inflight_queues, vu->inflight_size);
	/* It was measured for the format of the ring that was negotiated by then. */
	if (part * (q->index + 1) > vu->inflight_bytes)
		return vhost_user_wrong(
			vu, -EBADMSG, "ring %u: the inflight region is for rings of another format",
			q->index);
	area = vu->inflight.at + part * q->index;
	if (setup->packed) {
		uint16_t at = vhost_user_inflight_peek(area, vu->inflight_size);
		const struct vring_packed_desc *desc =
			vu->door.host_ptr(vu, setup->desc, setup->size * sizeof(*desc));

		if (desc && at < setup->size)
			used_flags = atomic_load_explicit(&desc[at].flags, memory_order_acquire);
	}
	ret = vhost_user_inflight_attach(&q->inflight, area, vu->inflight_size, setup, used_idx,
					 used_flags, &recovery);
	if (ret)
		return vhost_user_wrong(vu, ret, "ring %u: its inflight region makes no sense",
					q->index);
	vhost_user_count(&vu->resubmitted, recovery.resubmitted);
	vhost_user_count(&vu->recovered, recovery.recovered);
	if (recovery.resubmitted)
		vhost_user_say(vu, "ring %u: %u requests that were in flight are taken again",
			       q->index, recovery.resubmitted);
	return 0;
}

static int start(struct vhost_user *vu, struct vhost_user_queue *q)
{
	struct virtio_device *dev = vu->dev;
	struct vring_setup setup = {
		.size = q->num,
		.indirect = vu->features & VRING_FEATURE_INDIRECT,
		.event_idx = vu->features & VRING_FEATURE_EVENT_IDX,
		.packed = vu->features & VRING_FEATURE_PACKED,
		.track = &vhost_user_track_ops,
		.track_opaque = q,
	};
	uint16_t used_idx = 0;
	int ret;

	if (!setup.packed && setup.size & (setup.size - 1))
		return vhost_user_wrong(vu, -EINVAL, "ring %u: %u is no power of two", q->index,
					setup.size);
	ret = locate(vu, q, &setup);
	if (ret)
		return ret;
	setup.base = q->has_base ? q->base : vring_fresh_base(setup.packed);
	if (!setup.packed) {
		const struct vring_used *used =
			vu->door.host_ptr(vu, setup.used, sizeof(struct vring_used));

		if (!used || setup.used % 4)
			return vhost_user_wrong(vu, -EINVAL, "ring %u: addresses are not aligned",
						q->index);
		/* Where the driver thinks the device is; vhost-user says only the other. */
		used_idx = atomic_load_explicit(&used->idx, memory_order_acquire);
		setup.base = (uint16_t)setup.base | (uint32_t)used_idx << 16;
	}
	ret = recover(vu, q, &setup, used_idx);
	if (ret)
		return ret;
	virtio_queue_lock(dev, q->index);
	ret = vring_start(&dev->queue[q->index].ring, &vu->door, &setup);
	if (!ret && dev->ops->queue_ready) {
		ret = dev->ops->queue_ready(dev, q->index);
		if (ret)
			vring_stop(&dev->queue[q->index].ring);
	}
	virtio_queue_unlock(dev, q->index);
	if (ret)
		return vhost_user_wrong(vu, ret, "ring %u cannot be started: %s", q->index,
					strerror(-ret));
	q->running = true;
	atomic_store(&dev->driver_ok, true);
	return 0;
}

int vhost_user_queue_try(struct vhost_user *vu, unsigned int queue)
{
	struct vhost_user_queue *q = &vu->queue[queue];
	struct virtio_device *dev = vu->dev;
	bool first = !vhost_user_any_running(vu);
	int ret;

	if (q->running || !vu->has_features || !q->num || !q->has_addr || q->kick < 0)
		return 0;
	if (!q->enabled && vu->features & VHOST_USER_F_PROTOCOL_FEATURES)
		return 0;
	if (first && dev->ops->take_over)
		dev->ops->take_over(dev);
	ret = start(vu, q);
	if (ret)
		return ret;
	vu->has_run = true;
	ret = vu->config.host->watch(vu->config.host_opaque, queue, q->kick);
	if (ret) {
		q->base = virtio_queue_stop(dev, queue);
		q->running = false;
		return vhost_user_wrong(vu, ret, "ring %u: its kick cannot be waited for: %s",
					queue, strerror(-ret));
	}
	/* What is there already, and what was in flight. */
	virtio_queue_lock(dev, queue);
	while (virtio_queue_live(dev, queue) && dev->ops->notify(dev, queue, 0))
		;
	virtio_queue_unlock(dev, queue);
	vhost_user_tell_begin(vu);
	vhost_user_mark_inherited(vu);
	return 0;
}

void vhost_user_queue_stop(struct vhost_user *vu, unsigned int queue)
{
	struct vhost_user_queue *q = &vu->queue[queue];
	uint32_t base;

	if (!q->running)
		return;
	vu->config.host->unwatch(vu->config.host_opaque, queue);
	base = virtio_queue_stop(vu->dev, queue);
	q->base = vu->features & VRING_FEATURE_PACKED ? base : (uint16_t)base;
	q->has_base = true;
	q->running = false;
	if (vhost_user_any_running(vu))
		return;
	/* A driver that starts over finds the device whole. */
	atomic_store(&vu->dev->driver_ok, false);
	atomic_store(&vu->dev->broken, false);
	pthread_mutex_lock(&vu->state);
	vu->said_broken = false;
	pthread_mutex_unlock(&vu->state);
}

void vhost_user_disable_all(struct vhost_user *vu)
{
	for (unsigned int i = 0; i < vu->dev->nr_queues; i++) {
		vhost_user_queue_stop(vu, i);
		vu->queue[i].enabled = false;
	}
}

int vhost_user_queue_moved(struct vhost_user *vu, unsigned int queue)
{
	struct vhost_user_queue *q = &vu->queue[queue];
	struct vring *ring = &vu->dev->queue[queue].ring;
	struct vring_setup at = {.packed = vu->features & VRING_FEATURE_PACKED};
	int ret;

	if (!q->running)
		return 0;
	ret = locate(vu, q, &at);
	if (!ret) {
		virtio_queue_lock(vu->dev, queue);
		ring->setup.desc = at.desc;
		ring->setup.avail = at.avail;
		ring->setup.used = at.used;
		ret = vring_revalidate(ring);
		virtio_queue_unlock(vu->dev, queue);
	}
	if (ret)
		vhost_user_queue_stop(vu, queue);
	return ret;
}
