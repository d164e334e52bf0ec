/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio-kmem device: the requests of abi/kmem.h, served by mm.
 *
 * One request queue a vCPU; a request is answered before the notification
 * returns. A request that is well-formed as a chain always gets an answer, with a
 * negative errno in status when it is refused:
 *   -EOPNOTSUPP  unknown type, or PIN/UNPIN without VIRTIO_KMEM_F_PIN
 *   -EINVAL      short header, reserved field not 0, count 0 or above the limit,
 *                payload not exactly as long as count says, bad node, order,
 *                size, alignment or flag
 *   -ENOSPC      no room for the longest reply: 8 bytes a count for ALLOC,
 *                ALLOC_PAGES, FREE, FREE_PAGES, UNPIN, the statistics for STATS;
 *                nothing was done
 *   -ENOENT      no such cache; and what mm returns.
 * FREE, FREE_PAGES and UNPIN also say in value how many refusals follow. A chain
 * without room for a struct virtio_kmem_resp cannot be answered and breaks the
 * device until it is reset. Reset takes all memory back from the guest.
 */
#ifndef VIRTIO_KMEM_KMEM_H
#define VIRTIO_KMEM_KMEM_H

#include <stdint.h>

#include "mm/mm.h"
#include "virtio/abi/kmem.h"
#include "virtio/device.h"

/* Entries of a request queue, of the event queue. */
#define KMEM_DEV_QUEUE_SIZE 128
#define KMEM_DEV_EVENT_SIZE 16

/* Bytes that the device keeps of each frame of the heap. */
#define KMEM_DEV_FRAME 4

struct kmem_dev_config {
	struct mm_heap *heap;         /* borrowed; outlives the device */
	unsigned int cpus;            /* 1..MM_MAX_CPUS: number of request queues */
	uint64_t page_map_gpa;        /* where the guest sees the page map; page-aligned */
	uint32_t debug;               /* VIRTIO_KMEM_DEBUG_* in force in the heap */
	uint64_t pin_quota;           /* pages; 0: VIRTIO_KMEM_F_PIN is not offered */
	const struct mm_range *range; /* those of the heap; copied */
	unsigned int nr_ranges;       /* 1..MM_MAX_RANGES */
	uint32_t user_nodes;          /* of the heap, as mm_config has them: the last ones */
	/* Called around a reset of the heap, which allows no other call meanwhile: with
	 * begin, who pins or copies heap memory comes to rest. NULL: nobody does. */
	void (*quiesce)(void *opaque, bool begin);
	void *quiesce_opaque;
	/* For a transport that has no virtqueues: takes each event, from any thread, with the event
	 * queue's lock held. NULL: events go to the event queue. */
	void (*tell)(void *opaque, uint32_t type, uint64_t value);
	void *tell_opaque;
	/* Addresses are no guest-physical ones, and for the guest none lies below 4 GiB: what has
	 * to be there is -ENOMEM. */
	bool high;
	uint64_t backed_max; /* of the heap, as mm_config has it */
};

struct kmem_dev_stats {
	uint64_t requests; /* taken from the request queues */
	uint64_t errors;   /* ... and answered with a status other than 0 */
	uint64_t events;   /* delivered to the guest */
	uint64_t merged;   /* events replaced by a later one of their type */
};

/* Makes the device; virtio_device_destroy() frees it. Returns 0, -EINVAL (the
 * config contradicts itself or the heap) or -ENOMEM. */
int kmem_dev_create(const struct kmem_dev_config *config, struct virtio_device **dev);

/*
 * Tells the guest something: type is of enum virtio_kmem_event_type. When the
 * driver has no buffer posted the event waits; of each type the latest value is
 * kept, so that the backlog is one event a type. For VIRTIO_KMEM_EVENT_QUOTA
 * the heap's quota and config.pin_quota are set to value first. Events of a driver
 * that did not accept VIRTIO_KMEM_F_EVENTS are dropped at reset. Thread-safe.
 * Returns 0, or -EINVAL for an unknown type.
 */
int kmem_dev_post_event(struct virtio_device *dev, uint32_t type, uint64_t value);

/*
 * Serves one request that came by another way than a virtqueue, as one of that request queue's.
 * chain's segments are memory that stays; what is read of them is read once. Its writable part has
 * room for a struct virtio_kmem_resp. Returns the bytes written to it. The transport has set
 * dev->features, of those offered. Thread-safe.
 */
uint32_t kmem_dev_serve(struct virtio_device *dev, unsigned int queue,
			const struct vring_chain *chain);

/* Counters of one request queue (events: 0), or of all with queue = -1. */
void kmem_dev_get_stats(const struct virtio_device *dev, int queue, struct kmem_dev_stats *stats);

#endif
