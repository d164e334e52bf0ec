/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/virtio/kmem/driver.h"

#include <string.h>

static void irq(void *opaque)
{
	struct kmem_guest *k = opaque;

	k->irqs++;
}

void kmem_guest_init(struct kmem_guest *k, struct mm_heap *heap, const struct mm_range *range,
		     unsigned int nr_ranges)
{
	kmem_guest_init_user(k, heap, range, nr_ranges, 0);
}

void kmem_guest_init_user(struct kmem_guest *k, struct mm_heap *heap, const struct mm_range *range,
			  unsigned int nr_ranges, uint32_t user_nodes)
{
	struct kmem_dev_config config = {
		.heap = heap,
		.cpus = KMEM_CPUS,
		.page_map_gpa = KMEM_PAGE_MAP,
		.pin_quota = KMEM_QUOTA,
		.range = range,
		.nr_ranges = nr_ranges,
		.user_nodes = user_nodes,
	};

	memset(k, 0, sizeof(*k));
	guest_init(&k->g);
	assert_int_equal(kmem_dev_create(&config, &k->dev), 0);
	assert_int_equal(virtio_mmio_create(k->dev, &k->g.mem, irq, k, &k->mmio), 0);
}

void kmem_guest_fini(struct kmem_guest *k)
{
	virtio_mmio_destroy(k->mmio);
	virtio_device_destroy(k->dev);
	guest_fini(&k->g);
}

void kmem_bring_up(struct kmem_guest *k, uint64_t features)
{
	drv_bring_up(k->mmio, &k->g, k->q, KMEM_CPUS + 1, KMEM_QUEUE_SIZE, features);
}

void kmem_queue_up(struct kmem_guest *k, unsigned int queue, uint64_t features)
{
	struct drv_queue *q = &k->q[queue];

	drv_lay_out(q, &k->g, KMEM_QUEUE_SIZE, RING_BASE(queue), features);
	assert_int_equal(drv_queue_setup(k->mmio, queue, q), 1);
}

int32_t kmem_send(struct kmem_guest *k, unsigned int queue, const struct virtio_kmem_req *req,
		  size_t head, const void *payload, size_t payload_size, size_t room)
{
	struct drv_queue *q = &k->q[queue];
	uint8_t *at = guest_at(&k->g, REQ_AT(queue), 0x2000);
	const struct drv_buf chain[] = {
		{REQ_AT(queue), (uint32_t)(head + payload_size), 0},
		{RESP_AT(queue), (uint32_t)room, VRING_F_WRITE},
	};
	uint32_t id;

	memcpy(at, req, head);
	if (payload_size)
		memcpy(at + head, payload, payload_size);
	memset(guest_at(&k->g, RESP_AT(queue), RESP_SIZE), 0xa5, RESP_SIZE);
	drv_put(q, 0, chain, 2);
	virtio_mmio_write(k->mmio, VIRTIO_MMIO_QUEUE_NOTIFY, queue, 4, queue);
	if (!drv_used(q, &id, &k->used_len[queue]))
		return NOT_ANSWERED;
	assert_int_equal(id, 0);
	assert_true(k->used_len[queue] <= room);
	memcpy(&k->resp[queue], guest_at(&k->g, RESP_AT(queue), sizeof(k->resp[queue])),
	       sizeof(k->resp[queue]));
	return (int32_t)k->resp[queue].status;
}

void *kmem_reply(struct kmem_guest *k, unsigned int queue)
{
	return guest_at(&k->g, RESP_AT(queue) + sizeof(struct virtio_kmem_resp),
			RESP_SIZE - sizeof(struct virtio_kmem_resp));
}

int32_t kmem_alloc(struct kmem_guest *k, unsigned int queue, uint32_t cache, uint32_t count)
{
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_ALLOC,
				      .count = count,
				      .cache = cache,
				      .node = VIRTIO_KMEM_NODE_ANY};

	return kmem_send(k, queue, &req, sizeof(req), NULL, 0, RESP_SIZE);
}

int32_t kmem_free(struct kmem_guest *k, unsigned int queue, uint32_t cache, uint32_t count,
		  const uint64_t *addr)
{
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_FREE, .count = count, .cache = cache};

	return kmem_send(k, queue, &req, sizeof(req), addr, 8ull * count, RESP_SIZE);
}
