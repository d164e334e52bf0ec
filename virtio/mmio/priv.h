/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the virtio-mmio transport share; nobody else includes this.
 *
 * What the transport knows is in struct virtio_mmio; the page is written and never
 * read. The control lock covers all but QueueNotify, which takes only the queue's
 * lock. The state lock covers the three registers that other threads change while
 * vCPUs store to theirs: Status, InterruptStatus, ConfigGeneration.
 */
#ifndef VIRTIO_MMIO_PRIV_H
#define VIRTIO_MMIO_PRIV_H

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>

#include "virtio/mmio/mmio.h"

/* Of virtio 1.2, section 4.2.2; not in every <linux/virtio_mmio.h>. */
#define VIRTIO_MMIO_QUEUE_RESET 0x0c0

struct virtio_mmio_queue {
	struct vring_setup setup; /* as the driver is making it */
	bool ready;
};

struct virtio_mmio {
	struct virtio_device *dev;
	struct virtio_guest_mem mem;
	void (*irq)(void *opaque);
	void *irq_opaque;
	_Atomic uint32_t *page;

	pthread_mutex_t control;
	uint32_t device_features_sel;
	uint32_t driver_features_sel;
	uint32_t queue_sel;
	uint64_t driver_features;
	struct virtio_mmio_queue *queue;

	pthread_mutex_t state;
	uint32_t status;
	uint32_t interrupts;
	uint32_t generation;

	_Atomic uint64_t writes, ignored, notifies, irqs, resets, broken;
};

static inline void virtio_mmio_count(_Atomic uint64_t *counter)
{
	/* Relaxed: a statistic. */
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static inline void virtio_mmio_publish(struct virtio_mmio *mmio, uint32_t offset, uint32_t value)
{
	/* Release: a driver that sees a register sees those written before it. */
	atomic_store_explicit(&mmio->page[offset / 4], value, memory_order_release);
}

/* The state lock is held. */
static inline void virtio_mmio_set_interrupts(struct virtio_mmio *mmio, uint32_t interrupts)
{
	mmio->interrupts = interrupts;
	virtio_mmio_publish(mmio, VIRTIO_MMIO_INTERRUPT_STATUS, interrupts);
}

static inline uint64_t virtio_mmio_offered(const struct virtio_mmio *mmio)
{
	return mmio->dev->offered | 1ull << VIRTIO_F_VERSION_1;
}

/* The queue that is selected, or NULL when there is no such queue. */
static inline struct virtio_mmio_queue *virtio_mmio_selected(struct virtio_mmio *mmio)
{
	uint32_t sel = mmio->queue_sel;

	if (sel >= mmio->dev->nr_queues || !mmio->dev->queue[sel].max_size)
		return NULL;
	return &mmio->queue[sel];
}

/* page.c: shows the half of the features that is selected; the queue that is; and both, for when
 * the selectors are 0 again. The control lock is held, or the page is nobody's yet. */
void virtio_mmio_publish_features(struct virtio_mmio *mmio);
void virtio_mmio_publish_queue(struct virtio_mmio *mmio);
void virtio_mmio_publish_selected(struct virtio_mmio *mmio);

/* page.c: shows size bytes at offset of the configuration as the device has them. The state lock is
 * held, or the page is nobody's yet. */
void virtio_mmio_publish_config(struct virtio_mmio *mmio, uint32_t offset, uint32_t size);

/*
 * regs.c: reset (section 2.4). Status reads 0 only once nothing of the device touches guest
 * memory any more: no more service, each queue drained and stopped, the device's
 * own state gone, then the registers, Status last. The control lock is held.
 */
void virtio_mmio_reset(struct virtio_mmio *mmio);

#endif
