/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio-mmio transport, version 2 (virtio 1.2, section 4.2), one device.
 *
 * Its registers are a page of host memory that the monitor maps into the guest as
 * a read-only memory slot: a read costs no exit and finds the value there, since
 * the transport writes a register whenever it changes, and the registers behind a
 * selector (features, queue, shared memory) when the selector is stored. A store
 * is an exit, which the monitor hands to virtio_mmio_write().
 */
#ifndef VIRTIO_MMIO_MMIO_H
#define VIRTIO_MMIO_MMIO_H

#include <stdint.h>

#include "virtio/device.h"

#define VIRTIO_MMIO_PAGE_SIZE 4096u
#define VIRTIO_MMIO_VENDOR    0x56424c53u /* "SLBV" */

struct virtio_mmio;

/* What a transport has counted since it was made. */
struct virtio_mmio_stats {
	uint64_t writes;     /* stores, of any kind */
	uint64_t ignored;    /* ... that meant nothing: no such register, width, state */
	uint64_t notifies;   /* ... that rang a queue */
	uint64_t interrupts; /* calls of irq */
	uint64_t resets;     /* by the driver */
	uint64_t broken;     /* times the device needed a reset */
};

/*
 * Makes a transport for dev, which it borrows: destroy the transport first. mem is
 * copied. irq (NULL: none) is called, from any thread, each time the device has something to
 * say that the driver has not suppressed; the cause is in InterruptStatus by then.
 * It must not call back into the transport.
 * Returns 0, -EINVAL (a device that cannot be) or -ENOMEM.
 */
int virtio_mmio_create(struct virtio_device *dev, const struct virtio_guest_mem *mem,
		       void (*irq)(void *opaque), void *irq_opaque, struct virtio_mmio **mmio);

/* Stops the device's queues, resets it and frees the transport (NULL: nothing).
 * No other call may be under way. */
void virtio_mmio_destroy(struct virtio_mmio *mmio);

/* The register page, VIRTIO_MMIO_PAGE_SIZE bytes, page-aligned, the transport's.
 * To be mapped read-only for the guest. */
const void *virtio_mmio_page(const struct virtio_mmio *mmio);

/*
 * A store of the low len (1, 2, 4 or 8) bytes of value at offset of the page, by
 * vCPU cpu. Any offset, length and value is safe; what the specification gives no
 * meaning is ignored and counted. A store to QueueNotify returns when the device has
 * done what its notify does: for virtio-kmem, answered. A store of 0 to Status
 * returns when the reset is complete. May be called from several threads at once;
 * different queues are served in parallel.
 * Returns false if a doorbell was not served to the end since the device is paused: the same
 * store is to be made again when it goes on. Else true.
 */
bool virtio_mmio_write(struct virtio_mmio *mmio, uint64_t offset, uint64_t value, unsigned int len,
		       unsigned int cpu);

void virtio_mmio_get_stats(const struct virtio_mmio *mmio, struct virtio_mmio_stats *stats);

#endif
