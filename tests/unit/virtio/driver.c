/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/virtio/driver.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static void *host_ptr(void *opaque, uint64_t gpa, uint64_t len)
{
	struct guest *g = opaque;

	if (g->vanished || !len)
		return NULL;
	if (gpa >= RAM_BASE && gpa < RAM_END && len <= RAM_END - gpa)
		return g->ram + (gpa - RAM_BASE);
	if (gpa >= HIGH_BASE && gpa < HIGH_END && len <= HIGH_END - gpa)
		return g->high + (gpa - HIGH_BASE);
	return NULL;
}

void guest_init(struct guest *g)
{
	*g = (struct guest){.mem = {.host_ptr = host_ptr, .opaque = g}};
	g->ram = aligned_alloc(4096, RAM_END - RAM_BASE);
	g->high = aligned_alloc(4096, HIGH_END - HIGH_BASE);
	assert_non_null(g->ram);
	assert_non_null(g->high);
	memset(g->ram, 0, RAM_END - RAM_BASE);
	memset(g->high, 0, HIGH_END - HIGH_BASE);
}

void guest_fini(struct guest *g)
{
	free(g->ram);
	free(g->high);
}

void *guest_at(struct guest *g, uint64_t gpa, uint64_t len)
{
	void *p = host_ptr(g, gpa, len);

	assert_non_null(p);
	return p;
}

void drv_queue_init(struct drv_queue *q, struct guest *g, uint16_t size, uint64_t base)
{
	*q = (struct drv_queue){.g = g, .size = size};
	q->desc = base;
	q->avail = q->desc + 16ull * size;
	q->used = (q->avail + 6 + 2ull * size + 3) & ~3ull;
	memset(guest_at(g, base, q->used + 6 + 8ull * size - base), 0,
	       q->used + 6 + 8ull * size - base);
}

void drv_packed_init(struct drv_queue *q, struct guest *g, uint16_t size, uint64_t base)
{
	*q = (struct drv_queue){.g = g, .size = size, .packed = true};
	q->desc = base;
	q->avail = q->desc + 16ull * size;
	q->used = q->avail + 4;
	memset(guest_at(g, base, 16ull * size + 8), 0, 16ull * size + 8);
}

void drv_lay_out(struct drv_queue *q, struct guest *g, uint16_t size, uint64_t base,
		 uint64_t features)
{
	if (features & VRING_FEATURE_PACKED)
		drv_packed_init(q, g, size, base);
	else
		drv_queue_init(q, g, size, base);
}

void drv_packed_desc(struct drv_queue *q, unsigned int i, uint64_t addr, uint32_t len, uint16_t id,
		     uint16_t flags)
{
	struct vring_packed_desc *desc = guest_at(q->g, q->desc + 16ull * i, 16);

	desc->addr = addr;
	desc->len = len;
	desc->id = id;
	atomic_store_explicit(&desc->flags, flags, memory_order_release);
}

uint16_t drv_packed_flags(const struct drv_queue *q, uint64_t n)
{
	return n / q->size % 2 ? VRING_F_USED : VRING_F_AVAIL;
}

static _Atomic uint32_t *event_word(struct drv_queue *q, uint64_t gpa)
{
	return guest_at(q->g, gpa, 4);
}

void drv_set_event(struct drv_queue *q, uint32_t event)
{
	atomic_store(event_word(q, q->avail), event);
}

uint32_t drv_device_event(struct drv_queue *q)
{
	return atomic_load(event_word(q, q->used));
}

void drv_put(struct drv_queue *q, uint16_t id, const struct drv_buf *buf, unsigned int n)
{
	if (!q->packed) {
		for (unsigned int i = 0; i < n; i++)
			drv_desc(q, (id + i) % q->size, buf[i].addr, buf[i].len,
				 (uint16_t)(buf[i].flags | (i + 1 < n ? VRING_F_NEXT : 0)),
				 (uint16_t)((id + i + 1) % q->size));
		drv_avail(q, id);
		return;
	}
	/* The first one last: it makes them all available. */
	for (unsigned int i = n; i--;)
		drv_packed_desc(q, (unsigned int)((q->put + i) % q->size), buf[i].addr, buf[i].len,
				id,
				(uint16_t)(buf[i].flags | (i + 1 < n ? VRING_F_NEXT : 0) |
					   drv_packed_flags(q, q->put + i)));
	q->put += n;
	q->slots[id % VRING_MAX_SIZE] = (uint16_t)n;
}

void drv_quiet(struct drv_queue *q)
{
	if (q->packed)
		drv_set_event(q, VRING_EVENT_DISABLE);
	else
		drv_set_avail_flags(q, VRING_AVAIL_NO_INTERRUPT);
}

void drv_nonsense(struct drv_queue *q)
{
	const struct drv_buf none = {0, 0, 0};

	if (q->packed)
		drv_put(q, q->size, &none, 1); /* no such buffer id */
	else
		drv_avail(q, q->size); /* no such descriptor */
}

void drv_indirect(struct drv_queue *q, uint64_t table, unsigned int i, uint64_t addr, uint32_t len,
		  uint16_t flags, uint16_t next)
{
	struct vring_desc desc = {.addr = addr, .len = len, .flags = flags, .next = next};

	memcpy(guest_at(q->g, table + 16ull * i, 16), &desc, sizeof(desc));
}

void drv_desc(struct drv_queue *q, unsigned int i, uint64_t addr, uint32_t len, uint16_t flags,
	      uint16_t next)
{
	drv_indirect(q, q->desc, i, addr, len, flags, next);
}

static _Atomic uint16_t *word(struct drv_queue *q, uint64_t gpa)
{
	return guest_at(q->g, gpa, 2);
}

void drv_set_avail_idx(struct drv_queue *q, uint16_t idx)
{
	q->avail_idx = idx;
	atomic_store(word(q, q->avail + 2), idx);
}

void drv_avail(struct drv_queue *q, uint16_t head)
{
	atomic_store(word(q, q->avail + 4 + 2ull * (q->avail_idx & (q->size - 1))), head);
	drv_set_avail_idx(q, (uint16_t)(q->avail_idx + 1));
}

void drv_set_avail_flags(struct drv_queue *q, uint16_t flags)
{
	atomic_store(word(q, q->avail), flags);
}

void drv_set_used_event(struct drv_queue *q, uint16_t idx)
{
	atomic_store(word(q, q->avail + 4 + 2ull * q->size), idx);
}

uint16_t drv_avail_event(struct drv_queue *q)
{
	return atomic_load(word(q, q->used + 4 + 8ull * q->size));
}

uint16_t drv_used_flags(struct drv_queue *q)
{
	return atomic_load(word(q, q->used));
}

uint16_t drv_used_idx(struct drv_queue *q)
{
	return atomic_load(word(q, q->used + 2));
}

bool drv_used(struct drv_queue *q, uint32_t *id, uint32_t *len)
{
	struct vring_used_elem elem;

	if (q->packed) {
		const struct vring_packed_desc *desc =
			guest_at(q->g, q->desc + 16ull * (q->taken % q->size), 16);
		uint16_t flags = atomic_load_explicit(&desc->flags, memory_order_acquire);
		bool turn = !(q->taken / q->size % 2);

		if (!!(flags & VRING_F_USED) != turn || !!(flags & VRING_F_AVAIL) != turn)
			return false;
		*id = desc->id;
		*len = desc->len;
		assert_int_equal(!!(flags & VRING_F_WRITE), *len != 0);
		assert_true(desc->id < q->size);
		q->taken += q->slots[desc->id];
		return true;
	}
	if (drv_used_idx(q) == q->used_idx)
		return false;
	memcpy(&elem, guest_at(q->g, q->used + 4 + 8ull * (q->used_idx & (q->size - 1)), 8), 8);
	q->used_idx++;
	*id = elem.id;
	*len = elem.len;
	return true;
}

struct vring_setup drv_setup(const struct drv_queue *q)
{
	return (struct vring_setup){
		.size = q->size,
		.desc = q->desc,
		.avail = q->avail,
		.used = q->used,
		.packed = q->packed,
		.base = vring_fresh_base(q->packed),
	};
}

uint32_t reg(const struct virtio_mmio *mmio, uint32_t offset)
{
	const _Atomic uint32_t *page = virtio_mmio_page(mmio);

	return atomic_load(&page[offset / 4]);
}

void set_reg(struct virtio_mmio *mmio, uint32_t offset, uint32_t value)
{
	virtio_mmio_write(mmio, offset, value, 4, 0);
}

uint64_t drv_device_features(struct virtio_mmio *mmio)
{
	uint64_t features;

	set_reg(mmio, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	features = (uint64_t)reg(mmio, VIRTIO_MMIO_DEVICE_FEATURES) << 32;
	set_reg(mmio, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	return features | reg(mmio, VIRTIO_MMIO_DEVICE_FEATURES);
}

void drv_negotiate(struct virtio_mmio *mmio, uint64_t features)
{
	const uint32_t status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;

	features |= 1ull << VIRTIO_F_VERSION_1;
	set_reg(mmio, VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(reg(mmio, VIRTIO_MMIO_STATUS), 0);
	set_reg(mmio, VIRTIO_MMIO_STATUS, status);
	set_reg(mmio, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	set_reg(mmio, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)features);
	set_reg(mmio, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	set_reg(mmio, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32));
	set_reg(mmio, VIRTIO_MMIO_STATUS, status | VIRTIO_CONFIG_S_FEATURES_OK);
	assert_true(reg(mmio, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_FEATURES_OK);
}

uint32_t drv_queue_setup(struct virtio_mmio *mmio, uint32_t queue, const struct drv_queue *q)
{
	set_reg(mmio, VIRTIO_MMIO_QUEUE_SEL, queue);
	set_reg(mmio, VIRTIO_MMIO_QUEUE_NUM, q->size);
	set_reg(mmio, VIRTIO_MMIO_QUEUE_DESC_LOW, (uint32_t)q->desc);
	set_reg(mmio, VIRTIO_MMIO_QUEUE_DESC_HIGH, (uint32_t)(q->desc >> 32));
	set_reg(mmio, VIRTIO_MMIO_QUEUE_AVAIL_LOW, (uint32_t)q->avail);
	set_reg(mmio, VIRTIO_MMIO_QUEUE_AVAIL_HIGH, (uint32_t)(q->avail >> 32));
	set_reg(mmio, VIRTIO_MMIO_QUEUE_USED_LOW, (uint32_t)q->used);
	set_reg(mmio, VIRTIO_MMIO_QUEUE_USED_HIGH, (uint32_t)(q->used >> 32));
	set_reg(mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	return reg(mmio, VIRTIO_MMIO_QUEUE_READY);
}

void drv_driver_ok(struct virtio_mmio *mmio)
{
	set_reg(mmio, VIRTIO_MMIO_STATUS,
		reg(mmio, VIRTIO_MMIO_STATUS) | VIRTIO_CONFIG_S_DRIVER_OK);
	assert_true(reg(mmio, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_DRIVER_OK);
}

void drv_bring_up(struct virtio_mmio *mmio, struct guest *g, struct drv_queue *q, unsigned int n,
		  uint16_t size, uint64_t features)
{
	drv_negotiate(mmio, features);
	for (unsigned int i = 0; i < n; i++) {
		drv_lay_out(&q[i], g, size, RING_BASE(i), features);
		assert_int_equal(drv_queue_setup(mmio, i, &q[i]), 1);
	}
	drv_driver_ok(mmio);
}

bool drv_needs_reset(const struct virtio_mmio *mmio)
{
	return reg(mmio, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET;
}
