/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest with a virtio-kmem device, and a driver that sends it requests of any
 * shape. */
#ifndef VIRTIO_KMEM_DRIVER_H
#define VIRTIO_KMEM_DRIVER_H

#include "tests/unit/virtio/driver.h"
#include "virtio/kmem/kmem.h"

#define KMEM_CPUS       2
#define KMEM_QUEUE_SIZE 16
#define KMEM_EVENTS     KMEM_CPUS
#define KMEM_PAGE_MAP   0x7f000000ull
#define KMEM_QUOTA      1000

#define NOT_ANSWERED INT32_MAX

/* Where a queue's request lies, and its answer: 16 KiB a queue. */
#define REQ_AT(queue)  (BUFFERS + (queue)*0x4000ull)
#define RESP_AT(queue) (REQ_AT(queue) + 0x2000ull)
#define RESP_SIZE      (sizeof(struct virtio_kmem_resp) + 8 * VIRTIO_KMEM_MAX_BATCH)

struct kmem_guest {
	struct guest g;
	struct virtio_device *dev;
	struct virtio_mmio *mmio;
	struct drv_queue q[KMEM_CPUS + 1];
	_Atomic unsigned int irqs;
	/* The last answer of each queue. */
	struct virtio_kmem_resp resp[KMEM_CPUS];
	uint32_t used_len[KMEM_CPUS];
};

void kmem_guest_init(struct kmem_guest *k, struct mm_heap *heap, const struct mm_range *range,
		     unsigned int nr_ranges);
/* The same with a heap that is for user space in part: nodes as in kmem_dev_config. */
void kmem_guest_init_user(struct kmem_guest *k, struct mm_heap *heap, const struct mm_range *range,
			  unsigned int nr_ranges, uint32_t user_nodes);
void kmem_guest_fini(struct kmem_guest *k);
/* Reset, features, queues, DRIVER_OK. */
void kmem_bring_up(struct kmem_guest *k, uint64_t features);
/* Lays one queue out anew, in the format of these features, and makes it ready. */
void kmem_queue_up(struct kmem_guest *k, unsigned int queue, uint64_t features);
#define KMEM_FEATURES \
	(1ull << VIRTIO_KMEM_F_EVENTS | 1ull << VIRTIO_KMEM_F_PIN | VRING_FEATURE_INDIRECT)

/*
 * Sends a request of head and payload bytes, with room bytes for the answer, as two
 * descriptors. Returns the status, or NOT_ANSWERED. The answer is in k->resp[queue],
 * what follows it at kmem_reply(k, queue).
 */
int32_t kmem_send(struct kmem_guest *k, unsigned int queue, const struct virtio_kmem_req *req,
		  size_t head, const void *payload, size_t payload_size, size_t room);
void *kmem_reply(struct kmem_guest *k, unsigned int queue);

/* Usual requests. */
int32_t kmem_alloc(struct kmem_guest *k, unsigned int queue, uint32_t cache, uint32_t count);
int32_t kmem_free(struct kmem_guest *k, unsigned int queue, uint32_t cache, uint32_t count,
		  const uint64_t *addr);

#endif
