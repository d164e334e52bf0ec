/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-kmem events: what the host has to tell the guest. An event says how things
 * are now, so of each type only the latest waits; a driver that posts no
 * buffers costs the host three entries.
 */
#include <errno.h>
#include <string.h>

#include "mm/util.h"
#include "virtio/kmem/priv.h"

static void add_event(struct kmem_events *events, uint32_t type, uint64_t value)
{
	unsigned int i;

	for (i = 0; i < events->waiting && events->type[i] != type; i++)
		;
	if (i < events->waiting)
		atomic_fetch_add_explicit(&events->merged, 1, memory_order_relaxed);
	else
		events->type[events->waiting++] = type;
	events->value[i] = value;
}

static void drop_first(struct kmem_events *events)
{
	events->waiting--;
	memmove(&events->type[0], &events->type[1], events->waiting * sizeof(events->type[0]));
	memmove(&events->value[0], &events->value[1], events->waiting * sizeof(events->value[0]));
}

/* Fills one buffer. Returns the bytes written: 0 when it is too short, which leaves
 * the event to the next. */
static uint32_t fill(struct kmem_events *events, const struct vring_chain *chain)
{
	struct virtio_kmem_event event = {.type = events->type[0], .value = events->value[0]};

	if (chain->writable < sizeof(event))
		return 0;
	vring_chain_write(chain, 0, &event, sizeof(event));
	drop_first(events);
	atomic_fetch_add_explicit(&events->delivered, 1, memory_order_relaxed);
	return sizeof(event);
}

bool kmem_dev_deliver_events(struct kmem_dev *kmem)
{
	struct kmem_events *events = &kmem->events;
	struct virtio_device *dev = &kmem->dev;
	unsigned int queue = kmem->cpus;
	struct vring *ring = &dev->queue[queue].ring;
	struct vring_chain chain = {
		.seg = events->seg,
		.max_seg = ARRAY_SIZE(events->seg),
	};
	unsigned int budget = ring->setup.size;
	bool more = false;

	if (!virtio_queue_live(dev, queue) || !(dev->features >> VIRTIO_KMEM_F_EVENTS & 1))
		return false;
	while (events->waiting && budget) {
		if (virtio_queue_pop(dev, queue, &chain)) {
			vring_push(ring, &chain, fill(events, &chain));
			budget--;
			more = budget == 0;
			continue;
		}
		/* Out of buffers: the driver is to say when it posts one. */
		if (!virtio_queue_live(dev, queue) || !vring_enable_notify(ring))
			break;
	}
	/* With nothing to tell, a posted buffer is not worth an exit. */
	if (!events->waiting)
		vring_disable_notify(ring);
	virtio_queue_signal(dev, queue);
	return more && events->waiting;
}

int kmem_dev_post_event(struct virtio_device *dev, uint32_t type, uint64_t value)
{
	struct kmem_dev *kmem = kmem_dev_of(dev);

	if (type < VIRTIO_KMEM_EVENT_GIVE_BACK || type > VIRTIO_KMEM_EVENT_QUOTA)
		return -EINVAL;
	if (type == VIRTIO_KMEM_EVENT_QUOTA) {
		mm_set_pin_quota(kmem->heap, value);
		virtio_device_set_config64(dev, offsetof(struct virtio_kmem_config, pin_quota),
					   value);
	}
	virtio_queue_lock(dev, kmem->cpus);
	if (kmem->tell) {
		kmem->tell(kmem->tell_opaque, type, value);
		atomic_fetch_add_explicit(&kmem->events.delivered, 1, memory_order_relaxed);
		virtio_queue_unlock(dev, kmem->cpus);
		return 0;
	}
	add_event(&kmem->events, type, value);
	/* What unfit buffers hold up waits for the next notification or event. */
	kmem_dev_deliver_events(kmem);
	virtio_queue_unlock(dev, kmem->cpus);
	return 0;
}
