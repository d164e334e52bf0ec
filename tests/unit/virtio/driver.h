/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest for the virtio tests: its memory, and a driver that can be as wrong as a
 * test wants. Addresses are guest-physical.
 */
#ifndef VIRTIO_DRIVER_H
#define VIRTIO_DRIVER_H

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "virtio/mmio/mmio.h"
#include "virtio/ring/vring.h"

/* Memory is [RAM_BASE, RAM_END) and [HIGH_BASE, HIGH_END), each an allocation of its
 * own, so that a sanitizer sees a step over an edge. */
#define RAM_BASE  0x10000ull
#define RAM_END   0x70000ull
#define HIGH_BASE 0x90000ull
#define HIGH_END  0xa0000ull

/* Where drv_* puts the rings of queue i, and what is free for a test's buffers. */
#define RING_BASE(i) (RAM_BASE + (i)*0x4000ull)
#define BUFFERS      (RAM_BASE + 0x40000ull)

struct guest {
	uint8_t *ram, *high;
	bool vanished; /* the door refuses everything: memory was re-arranged */
	struct virtio_guest_mem mem;
};

void guest_init(struct guest *g);
void guest_fini(struct guest *g);
/* Host pointer to a guest address, checked by an assertion. */
void *guest_at(struct guest *g, uint64_t gpa, uint64_t len);

/* A driver's view of one ring. */
struct drv_queue {
	struct guest *g;
	uint16_t size;
	bool packed;
	uint64_t desc, avail, used;
	/* Next to publish, to look at. Split: as in the rings. Packed: counted without end
	 * from 0, so that index and wrap counter follow. */
	uint16_t avail_idx, used_idx;
	uint64_t put, taken;
	uint16_t slots[VRING_MAX_SIZE]; /* packed: entries of each buffer id */
};

/* Lays the three rings of a queue, or a packed queue, out at base and clears them. */
void drv_queue_init(struct drv_queue *q, struct guest *g, uint16_t size, uint64_t base);
void drv_packed_init(struct drv_queue *q, struct guest *g, uint16_t size, uint64_t base);
/* The one or the other, by a test's features. */
void drv_lay_out(struct drv_queue *q, struct guest *g, uint16_t size, uint64_t base,
		 uint64_t features);

/* Either format. A buffer of a chain, as a descriptor has it but for NEXT. */
struct drv_buf {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
};

/* Makes a chain of n buffers available under an id: the head in a split queue, where it
 * takes the descriptors from id on. */
void drv_put(struct drv_queue *q, uint16_t id, const struct drv_buf *buf, unsigned int n);
/* Takes the next used chain; false when there is none. */
bool drv_used(struct drv_queue *q, uint32_t *id, uint32_t *len);
/* Asks for no interrupts (by flags, for a queue without event index). */
void drv_quiet(struct drv_queue *q);
/* Something that no device can make sense of. */
void drv_nonsense(struct drv_queue *q);
struct vring_setup drv_setup(const struct drv_queue *q);

/* Packed: entry i as it is to be; the flags of entry number n, counted without end, that
 * make it available; the two event words. */
void drv_packed_desc(struct drv_queue *q, unsigned int i, uint64_t addr, uint32_t len, uint16_t id,
		     uint16_t flags);
uint16_t drv_packed_flags(const struct drv_queue *q, uint64_t n);
void drv_set_event(struct drv_queue *q, uint32_t event);
uint32_t drv_device_event(struct drv_queue *q);

/* Split. */
void drv_desc(struct drv_queue *q, unsigned int i, uint64_t addr, uint32_t len, uint16_t flags,
	      uint16_t next);
/* Writes a descriptor into an indirect table at gpa table. */
void drv_indirect(struct drv_queue *q, uint64_t table, unsigned int i, uint64_t addr, uint32_t len,
		  uint16_t flags, uint16_t next);
/* Makes head available. */
void drv_avail(struct drv_queue *q, uint16_t head);
void drv_set_avail_idx(struct drv_queue *q, uint16_t idx);
void drv_set_avail_flags(struct drv_queue *q, uint16_t flags);
void drv_set_used_event(struct drv_queue *q, uint16_t idx);
uint16_t drv_avail_event(struct drv_queue *q);
uint16_t drv_used_flags(struct drv_queue *q);
uint16_t drv_used_idx(struct drv_queue *q);

/* Registers. */
uint32_t reg(const struct virtio_mmio *mmio, uint32_t offset);
void set_reg(struct virtio_mmio *mmio, uint32_t offset, uint32_t value);
uint64_t drv_device_features(struct virtio_mmio *mmio);
/* Status from 0 to FEATURES_OK, with VERSION_1 and these; asserts it is taken. */
void drv_negotiate(struct virtio_mmio *mmio, uint64_t features);
/* Stores a queue's set-up; returns QueueReady after asking for it. */
uint32_t drv_queue_setup(struct virtio_mmio *mmio, uint32_t queue, const struct drv_queue *q);
void drv_driver_ok(struct virtio_mmio *mmio);
/* All of it, with the device's queues 0 to n - 1, laid out anew at RING_BASE() of their numbers. */
void drv_bring_up(struct virtio_mmio *mmio, struct guest *g, struct drv_queue *q, unsigned int n,
		  uint16_t size, uint64_t features);
bool drv_needs_reset(const struct virtio_mmio *mmio);

#endif
