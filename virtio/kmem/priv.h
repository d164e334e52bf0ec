/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the virtio-kmem device share; nobody else includes this. */
#ifndef VIRTIO_KMEM_PRIV_H
#define VIRTIO_KMEM_PRIV_H

#include "mm/util.h"
#include "virtio/kmem/kmem.h"

#define KMEM_DEV_EVENT_TYPES 3 /* of enum virtio_kmem_event_type, which begins at 1 */
#define KMEM_DEV_MAX_BYTES   ((uint64_t)MM_FRAME_SIZE << MM_MAX_ORDER)

/* One request queue's own memory; its queue's lock covers all but the counters. */
struct kmem_queue {
	_Atomic uint64_t requests;
	_Atomic uint64_t errors;
	struct iovec seg[VRING_MAX_SEGS];
	uint64_t addr[VIRTIO_KMEM_MAX_BATCH];
	struct mm_bad bad[VIRTIO_KMEM_MAX_BATCH];
};

/* Events that wait for a buffer, the oldest first, at most one of each type. The
 * event queue's lock covers them. */
struct kmem_events {
	uint32_t type[KMEM_DEV_EVENT_TYPES];
	uint64_t value[KMEM_DEV_EVENT_TYPES];
	unsigned int waiting;
	struct iovec seg[KMEM_DEV_EVENT_SIZE];
	_Atomic uint64_t delivered;
	_Atomic uint64_t merged;
};

struct kmem_dev {
	struct virtio_device dev;
	struct mm_heap *heap;
	void (*quiesce)(void *opaque, bool begin);
	void *quiesce_opaque;
	void (*tell)(void *opaque, uint32_t type, uint64_t value);
	void *tell_opaque;
	bool high;          /* as kmem_dev_config has it */
	unsigned int cpus;  /* request queues; the event queue is the next */
	unsigned int nodes; /* those for user space, which config.num_nodes leaves out, included */
	_Alignas(8) struct virtio_kmem_config config;
	/* Pins that the guest has of each frame of the window: those of the monitor and of
	 * disks, which it has too, are not the guest's to drop. */
	_Atomic uint32_t *pins;
	_Atomic bool pinned; /* since the last reset */
	/* Allocation flags that a cache was created with, by its number. */
	_Atomic uint8_t *cache_flags;
	uint32_t caches; /* highest number of one, of mm's */
	struct kmem_events events;
	struct kmem_queue *queue;
};

/*
 * A request while it is served. req is a private copy of the guest's header,
 * checked as far as struct kmem_request_type says; addr holds the payload of a request
 * that has addresses, and receives those of an allocation.
 */
struct kmem_request {
	struct kmem_dev *kmem;
	unsigned int cpu;
	struct virtio_kmem_req req;
	char name[VIRTIO_KMEM_NAME_MAX + 1];
	uint64_t *addr;
	struct mm_bad *bad;
	struct virtio_kmem_stats stats;
	/* The answer: value and count here, then reply_size bytes of reply. */
	struct virtio_kmem_resp resp;
	const void *reply;
	size_t reply_size;
};

static inline struct kmem_dev *kmem_dev_of(struct virtio_device *dev)
{
	return container_of(dev, struct kmem_dev, dev);
}

/* pages.c: forgets the guest's pins; no request is under way. */
void kmem_dev_forget_pins(struct kmem_dev *kmem);

/* request.c: the notify of request queues. */
bool kmem_dev_serve_queue(struct kmem_dev *kmem, unsigned int queue, unsigned int cpu);

/* events.c: hands waiting events to the buffers that the driver posted. The
 * event queue's lock is held. Returns true when it left off for fairness. */
bool kmem_dev_deliver_events(struct kmem_dev *kmem);

/* reply.c: checks that several requests share: of a node number, translated to mm's; of the
 * GFP bits, translated to MM_*; of a cache number. 0 or a negative errno. */
int kmem_dev_check_node(const struct kmem_request *r, int *node);
int kmem_dev_check_gfp(const struct kmem_request *r, unsigned int *flags);
int kmem_dev_check_cache(const struct kmem_request *r);
/* Of mm's flags: -ENOMEM if they ask for addresses that the guest's heap has none of. */
int kmem_dev_check_low(const struct kmem_request *r, unsigned int flags);

/* Answers with n addresses; with a call's result and the addresses it refused. Each
 * returns the request's status. */
int kmem_dev_reply_addrs(struct kmem_request *r, long n);
int kmem_dev_reply_bad(struct kmem_request *r, long n, size_t nr_bad);

/* objects.c, pages.c, caches.c, stats.c: the requests, one a type. Each returns the status, 0 or a
 * negative errno, and gives a value, count or reply only with 0. */
int kmem_dev_alloc(struct kmem_request *r);
int kmem_dev_free(struct kmem_request *r);
int kmem_dev_widen(struct kmem_request *r);
int kmem_dev_alloc_pages(struct kmem_request *r);
int kmem_dev_free_pages(struct kmem_request *r);
int kmem_dev_pin(struct kmem_request *r);
int kmem_dev_unpin(struct kmem_request *r);
int kmem_dev_cache_create(struct kmem_request *r);
int kmem_dev_cache_destroy(struct kmem_request *r);
int kmem_dev_cache_shrink(struct kmem_request *r);
int kmem_dev_stats(struct kmem_request *r);

#endif
