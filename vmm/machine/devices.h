/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's virtio devices and their register pages. Device 0 is
 * virtio-kmem, the disks follow. */
#ifndef VMM_MACHINE_DEVICES_H
#define VMM_MACHINE_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/abi/platform.h"
#include "virtio/device.h"
#include "vmm/base/cli.h"

struct vm;
struct virtio_mmio;

/* How a device interrupts the guest. */
struct device_irq {
	struct vm *vm;
	int fd; /* an irqfd; -1: the guest has no interrupts */
};

struct devices {
	struct virtio_device *kmem;
	struct virtio_device *dev[PLATFORM_MMIO_MAX];
	struct virtio_mmio *mmio[PLATFORM_MMIO_MAX];
	struct device_irq irq[PLATFORM_MMIO_MAX];
	unsigned int count;
};

/* Makes the devices and maps their pages. vm->mem exists. Returns 0 or the exit
 * status, the error having been reported. */
enum exit_status devices_create(struct vm *vm);

/* Resets the devices, which takes all memory back from the guest, and frees them.
 * No vCPU runs. */
void devices_destroy(struct vm *vm);

/* The guest is ending: no device that a vCPU may be serving begins anything any more. From any
 * thread. */
void devices_halt(struct vm *vm);

/* Between the two no device takes anything of the guest's, nor touches its memory. */
void devices_pause(struct vm *vm);
void devices_resume(struct vm *vm);

/* What became of a store. */
enum devices_store {
	DEVICES_NONE,  /* no device lies there */
	DEVICES_DONE,  /* it went to a register */
	DEVICES_RUNG,  /* ... and rang a queue */
	DEVICES_AGAIN, /* ... which is paused: to be made again when the guest goes on */
};

/* A store of len bytes at addr by vCPU cpu. */
enum devices_store devices_write(struct vm *vm, unsigned int cpu, uint64_t addr, uint64_t value,
				 unsigned int len);

#endif
