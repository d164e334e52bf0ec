/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/devices.h"

#include <linux/virtio_mmio.h>
#include <string.h>

#include "virtio/kmem_dev.h"
#include "virtio/mmio.h"
#include "vmm/cli.h"
#include "vmm/kvm.h"
#include "vmm/vm.h"

static void *ram_ptr(void *opaque, uint64_t addr, uint64_t len)
{
	return memory_ram(opaque, addr, len);
}

/* The guest runs without interrupts: what a device has to say ends a wait. */
static void interrupt(void *opaque)
{
	struct vm *vm = opaque;

	wait_queue_event(&vm->waiters);
}

static uint32_t debug_bits(unsigned int mm_flags)
{
	return (mm_flags & MM_DEBUG_SANITY ? VIRTIO_KMEM_DEBUG_SANITY : 0) |
	       (mm_flags & MM_DEBUG_REDZONE ? VIRTIO_KMEM_DEBUG_REDZONE : 0) |
	       (mm_flags & MM_DEBUG_POISON ? VIRTIO_KMEM_DEBUG_POISON : 0) |
	       (mm_flags & MM_DEBUG_OWNER ? VIRTIO_KMEM_DEBUG_OWNER : 0);
}

/* Puts a device on the next register page. */
static int attach(struct vm *vm, struct virtio_device *dev)
{
	const struct virtio_guest_mem mem = {.host_ptr = ram_ptr, .opaque = &vm->mem};
	struct devices *d = &vm->devices;
	int ret;

	ret = virtio_mmio_create(dev, &mem, interrupt, vm, &d->mmio[d->count]);
	if (ret)
		return ret;
	ret = kvm_add_slot(vm, PLATFORM_MMIO_BASE + d->count * PLATFORM_MMIO_STRIDE,
			   virtio_mmio_page(d->mmio[d->count]), VIRTIO_MMIO_PAGE_SIZE, true);
	if (ret) {
		virtio_mmio_destroy(d->mmio[d->count]);
		return ret;
	}
	d->count++;
	return 0;
}

int devices_create(struct vm *vm)
{
	const struct kmem_dev_config kmem = {
		.heap = vm->mem.heap,
		.cpus = vm->config->cpus,
		.page_map_gpa = vm->mem.page_map,
		.debug = debug_bits(vm->config->slab_debug),
		.pin_quota = vm->config->heap >> MM_FRAME_SHIFT,
		.range = vm->mem.range,
		.nr_ranges = vm->mem.nr_ranges,
	};
	int ret;

	ret = kmem_dev_create(&kmem, &vm->devices.kmem);
	if (ret)
		goto fail;
	ret = attach(vm, vm->devices.kmem);
	if (ret) {
		virtio_device_destroy(vm->devices.kmem);
		goto fail;
	}
	return 0;
fail:
	return cli_fail(STATUS_HOST_ERROR, "virtio-kmem: cannot be set up: %s", strerror(-ret));
}

void devices_destroy(struct vm *vm)
{
	struct devices *d = &vm->devices;

	while (d->count)
		virtio_mmio_destroy(d->mmio[--d->count]);
	virtio_device_destroy(d->kmem);
	d->kmem = NULL;
}

bool devices_write(struct vm *vm, unsigned int cpu, uint64_t addr, uint64_t value, unsigned int len,
		   bool *kick)
{
	uint64_t offset = addr - PLATFORM_MMIO_BASE;
	uint64_t i = offset / PLATFORM_MMIO_STRIDE;

	if (addr < PLATFORM_MMIO_BASE || i >= vm->devices.count)
		return false;
	offset %= PLATFORM_MMIO_STRIDE;
	*kick = offset == VIRTIO_MMIO_QUEUE_NOTIFY;
	virtio_mmio_write(vm->devices.mmio[i], offset, value, len, cpu);
	return true;
}
