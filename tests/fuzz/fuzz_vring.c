/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: all of guest memory and a list of stores to a virtio-kmem device, over the
 * real mm. The input is a program: it begins with register stores of its own, or has
 * the device brought up for it, so that rings and requests are reached at once.
 *
 * Whatever it does, the device must come back to a good driver: that is the end of
 * each run, and its only assertion besides the sanitizers'.
 */
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <stdlib.h>
#include <string.h>

#include "virtio/kmem/kmem.h"
#include "virtio/mmio/mmio.h"

#define RAM_SIZE  0x8000u
#define HEAP_BASE 0x100000000ull
#define HEAP_SIZE (8ull << 20)
#define CPUS      2

/* What the first byte of the input asks for. */
#define IN_UP     1u /* the device is brought up */
#define IN_EVENT  2u /* ... with the event index */
#define IN_PACKED 4u /* ... with packed queues */

/* Layout of a queue that is brought up: rings, 4 KiB apart. */
#define RING(i)    ((i)*0x1000u)
#define AVAIL      0x400u
#define USED       0x800u
#define QUEUE_SIZE 16u

static _Alignas(4096) uint8_t ram[RAM_SIZE];
static struct mm_heap *heap;

static void *host_ptr(void *opaque, uint64_t gpa, uint64_t len)
{
	(void)opaque;
	return len && gpa < RAM_SIZE && len <= RAM_SIZE - gpa ? ram + gpa : NULL;
}

static uint32_t reg(struct virtio_mmio *mmio, uint32_t offset)
{
	return ((const uint32_t *)virtio_mmio_page(mmio))[offset / 4];
}

static void set(struct virtio_mmio *mmio, uint32_t offset, uint32_t value)
{
	virtio_mmio_write(mmio, offset, value, 4, 0);
}

static void bring_up(struct virtio_mmio *mmio, uint64_t features)
{
	set(mmio, VIRTIO_MMIO_STATUS, 0);
	set(mmio, VIRTIO_MMIO_STATUS, 3);
	set(mmio, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	set(mmio, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)features);
	set(mmio, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	set(mmio, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32) | 1);
	set(mmio, VIRTIO_MMIO_STATUS, 0xb);
	for (uint32_t i = 0; i <= CPUS; i++) {
		set(mmio, VIRTIO_MMIO_QUEUE_SEL, i);
		set(mmio, VIRTIO_MMIO_QUEUE_NUM, QUEUE_SIZE);
		set(mmio, VIRTIO_MMIO_QUEUE_DESC_LOW, RING(i));
		set(mmio, VIRTIO_MMIO_QUEUE_DESC_HIGH, 0);
		set(mmio, VIRTIO_MMIO_QUEUE_AVAIL_LOW, RING(i) + AVAIL);
		set(mmio, VIRTIO_MMIO_QUEUE_AVAIL_HIGH, 0);
		set(mmio, VIRTIO_MMIO_QUEUE_USED_LOW, RING(i) + USED);
		set(mmio, VIRTIO_MMIO_QUEUE_USED_HIGH, 0);
		set(mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	}
	set(mmio, VIRTIO_MMIO_STATUS, 0xf);
}

/* One good request; aborts if it is not answered. */
static void check(struct virtio_mmio *mmio)
{
	const struct vring_desc desc[] = {{0x4000, 64, VRING_F_NEXT, 1},
					  {0x5000, 16 + 8, VRING_F_WRITE, 0}};
	const struct virtio_kmem_req req = {
		.type = VIRTIO_KMEM_ALLOC, .count = 1, .cache = 1, .node = VIRTIO_KMEM_NODE_ANY};
	struct virtio_kmem_resp resp;
	uint16_t one = 1;
	uint16_t idx;

	memset(ram, 0, sizeof(ram));
	bring_up(mmio, 0);
	memcpy(ram, desc, sizeof(desc));
	memcpy(ram + 0x4000, &req, sizeof(req));
	memcpy(ram + AVAIL + 2, &one, 2);
	set(mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	memcpy(&idx, ram + USED + 2, 2);
	memcpy(&resp, ram + 0x5000, sizeof(resp));
	if (reg(mmio, VIRTIO_MMIO_STATUS) != 0xf || idx != 1 || resp.status || resp.count != 1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mm_range range = {
		.base = HEAP_BASE, .size = HEAP_SIZE, .host_node = -1};
	const struct virtio_guest_mem mem = {.host_ptr = host_ptr};
	struct kmem_dev_config config = {
		.cpus = CPUS, .pin_quota = 64, .range = &range, .nr_ranges = 1};
	struct mm_config mm = {.range = {range}, .nr_ranges = 1, .cpus = CPUS, .pin_quota = 64};
	struct virtio_device *dev;
	struct virtio_mmio *mmio;
	size_t i;
	size_t stores;

	if (size < 2)
		return 0;
	if (!heap && mm_heap_create(&mm, &heap, NULL))
		abort();
	config.heap = heap;
	if (kmem_dev_create(&config, &dev))
		abort();
	dev->offered |= VRING_FEATURE_PACKED | 1ull << VIRTIO_F_RING_RESET;
	if (virtio_mmio_create(dev, &mem, NULL, NULL, &mmio))
		abort();
	memset(ram, 0, sizeof(ram));
	if (data[0] & IN_UP)
		bring_up(mmio, 3 | VRING_FEATURE_INDIRECT | 1ull << VIRTIO_F_RING_RESET |
				       (data[0] & IN_EVENT ? VRING_FEATURE_EVENT_IDX : 0) |
				       (data[0] & IN_PACKED ? VRING_FEATURE_PACKED : 0));
	stores = data[1] % 32;
	data += 2;
	size -= 2;
	/* A store is 6 bytes: offset / 4 with a width, value; the rest is memory. */
	for (i = 0; i < stores && size >= 6 * (i + 1); i++)
		;
	stores = i;
	memcpy(ram, data + 6 * stores,
	       size - 6 * stores < sizeof(ram) ? size - 6 * stores : sizeof(ram));
	for (i = 0; i < stores; i++, data += 6) {
		uint32_t value;

		memcpy(&value, data + 2, 4);
		if (data[1] & 0x10)
			set(mmio, VIRTIO_MMIO_QUEUE_NOTIFY, value % (CPUS + 2));
		else if (data[1] & 0x20)
			kmem_dev_post_event(dev, value % 5, data[0]);
		else
			virtio_mmio_write(mmio, data[0] * 4u + (data[1] >> 6), value,
					  data[1] & 8 ? 1u << (data[1] & 3) : 4, data[1] & 7);
	}
	if (data[-1] & 1 || !stores)
		for (i = 0; i <= CPUS; i++)
			set(mmio, VIRTIO_MMIO_QUEUE_NOTIFY, (uint32_t)i);
	check(mmio);
	virtio_mmio_destroy(mmio);
	virtio_device_destroy(dev);
	return 0;
}
