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
#include "vmm/machine/channels.h"
#include "vmm/machine/disk.h"

struct guest_kind;
struct kvm_vm;
struct memory;
struct run;
struct virtio_mmio;
struct wait_queue;

/* How a device interrupts the guest. */
struct device_irq {
	int fd;                     /* an irqfd; -1: the guest has no interrupts, */
	struct wait_queue *waiters; /* and what a device has to say ends these waits */
};

struct devices {
	/* Of the machine that they are in. */
	const struct guest_kind *kind;
	struct memory *mem;
	struct kvm_vm *kvm;
	struct wait_queue *waiters;

	struct disks disks;
	struct channels channels;
	struct virtio_device *kmem;
	struct virtio_device *dev[PLATFORM_MMIO_MAX];
	struct virtio_mmio *mmio[PLATFORM_MMIO_MAX];
	struct device_irq irq[PLATFORM_MMIO_MAX];
	unsigned int count;
};

/* Makes the devices of a guest of run and maps their pages. The other three are its machine's, and
 * outlive them. Returns 0 or the exit status, the error having been reported. */
enum exit_status devices_create(struct devices *devices, struct run *run, struct memory *mem,
				struct kvm_vm *kvm, struct wait_queue *waiters);

/* Resets the devices, which takes all memory back from the guest, and frees them.
 * No vCPU runs. */
void devices_destroy(struct devices *devices);

/* The guest is ending: no device that a vCPU may be serving begins anything any more. From any
 * thread. */
void devices_halt(struct devices *devices);

/* Between the two no device takes anything of the guest's, nor touches its memory. */
void devices_pause(struct devices *devices);
void devices_resume(struct devices *devices);

/* What became of a store. */
enum devices_store {
	DEVICES_NONE,  /* no device lies there */
	DEVICES_DONE,  /* it went to a register */
	DEVICES_RUNG,  /* ... and rang a queue */
	DEVICES_AGAIN, /* ... which is paused: to be made again when the guest goes on */
};

/* A store of len bytes at addr by vCPU cpu. */
enum devices_store devices_write(struct devices *devices, unsigned int cpu, uint64_t addr,
				 uint64_t value, unsigned int len);

#endif
