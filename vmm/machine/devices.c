/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/machine/devices.h"

#include <errno.h>
#include <linux/virtio_mmio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "virtio/kmem/debug.h"
#include "virtio/kmem/kmem.h"
#include "virtio/mmio/mmio.h"
#include "vmm/base/cli.h"
#include "vmm/machine/kind.h"
#include "vmm/machine/kvm.h"
#include "vmm/machine/vm.h"

static void *ram_ptr(void *opaque, uint64_t addr, uint64_t len)
{
	return memory_ram(opaque, addr, len);
}

/* A disk pins heap memory before it touches it, which is where the pages are checked. */
static void *buffer_ptr(void *opaque, uint64_t addr, uint64_t len)
{
	const struct memory *mem = opaque;

	if (addr < mem->heap_base)
		return memory_ram(mem, addr, len);
	if (addr >= mem->heap_end || len > mem->heap_end - addr)
		return NULL;
	return (uint8_t *)mm_heap_host(mem->heap) + (addr - mem->heap_base);
}

/* In a guest without interrupts what a device has to say ends a wait. */
static void interrupt(void *opaque)
{
	const struct device_irq *irq = opaque;

	if (irq->fd < 0)
		wait_queue_event(&irq->vm->waiters);
	else
		eventfd_write(irq->fd, 1);
}

static int irq_create(struct vm *vm, unsigned int i)
{
	struct device_irq *irq = &vm->devices.irq[i];

	*irq = (struct device_irq){.vm = vm, .fd = -1};
	if (!vm->run->kind->irq)
		return 0;
	irq->fd = vm->run->kind->irq(vm, i);
	return irq->fd < 0 ? irq->fd : 0;
}

/* Takes the last device off its register page. */
static void detach(struct devices *d)
{
	d->count--;
	virtio_mmio_destroy(d->mmio[d->count]);
	if (d->irq[d->count].fd >= 0)
		close(d->irq[d->count].fd);
}

/* Puts a device on the next register page. */
static int attach(struct vm *vm, struct virtio_device *dev, bool pins)
{
	const struct virtio_guest_mem mem = {
		.host_ptr = ram_ptr,
		.buffer_ptr = pins ? buffer_ptr : NULL,
		.opaque = &vm->mem,
	};
	struct devices *d = &vm->devices;
	int ret;

	ret = irq_create(vm, d->count);
	if (ret)
		return ret;
	ret = virtio_mmio_create(dev, &mem, interrupt, &d->irq[d->count], &d->mmio[d->count]);
	if (ret)
		goto fail_irq;
	ret = kvm_add_slot(vm, PLATFORM_MMIO_BASE + d->count * PLATFORM_MMIO_STRIDE,
			   virtio_mmio_page(d->mmio[d->count]), VIRTIO_MMIO_PAGE_SIZE, true);
	if (ret)
		goto fail_mmio;
	d->dev[d->count++] = dev;
	return 0;
fail_mmio:
	virtio_mmio_destroy(d->mmio[d->count]);
fail_irq:
	if (d->irq[d->count].fd >= 0)
		close(d->irq[d->count].fd);
	return ret;
}

/* The heap is about to take its memory back, and has. */
static void quiesce(void *opaque, bool begin)
{
	struct vm *vm = opaque;

	/* The disks first: what they finish ends waits, and those look at memory. */
	if (begin) {
		disks_reclaim(vm, true);
		memory_quiesce(&vm->mem, true);
	} else {
		memory_quiesce(&vm->mem, false);
		disks_reclaim(vm, false);
	}
}

static enum exit_status create_kmem(struct vm *vm)
{
	const struct kmem_dev_config kmem = {
		.heap = vm->mem.heap,
		.cpus = vm->run->config->cpus,
		.page_map_gpa = vm->mem.page_map,
		.debug = kmem_debug_bits(vm->run->config->slab_debug),
		.pin_quota = vm->run->config->heap >> MM_FRAME_SHIFT,
		.range = vm->mem.range,
		.nr_ranges = vm->mem.nr_ranges,
		.quiesce = quiesce,
		.quiesce_opaque = vm,
	};
	int ret;

	ret = kmem_dev_create(&kmem, &vm->devices.kmem);
	if (ret)
		goto fail;
	ret = attach(vm, vm->devices.kmem, false);
	if (ret) {
		virtio_device_destroy(vm->devices.kmem);
		goto fail;
	}
	return 0;
fail:
	return cli_fail(STATUS_HOST_ERROR, "virtio-kmem: cannot be set up: %s", strerror(-ret));
}

static enum exit_status create_channels(struct vm *vm)
{
	struct channels *ch = &vm->channels;
	enum exit_status status = channels_create(vm);
	int ret = 0;

	if (status)
		return status;
	if (ch->rng)
		ret = attach(vm, ch->rng, false);
	if (!ret && ch->balloon)
		ret = attach(vm, ch->balloon, false);
	if (!ret && ch->console)
		ret = attach(vm, ch->console, false);
	if (ret)
		return cli_fail(STATUS_HOST_ERROR,
				"virtio-rng, -balloon and -console: cannot be set up: %s",
				strerror(-ret));
	return 0;
}

enum exit_status devices_create(struct vm *vm)
{
	unsigned int i;
	enum exit_status status;
	int ret = 0;

	status = create_kmem(vm);
	if (status)
		return status;
	status = disks_create(vm);
	for (i = 0; i < vm->disks.count && !ret; i++)
		ret = attach(vm, vm->disks.dev[i], true);
	if (ret)
		status = cli_fail(STATUS_HOST_ERROR, "--disk path=%s: cannot be set up: %s",
				  vm->run->config->disk[i - 1].path, strerror(-ret));
	if (!status)
		status = create_channels(vm);
	if (status)
		devices_destroy(vm);
	return status;
}

void devices_destroy(struct vm *vm)
{
	struct devices *d = &vm->devices;

	/* The disks let go of the heap's memory before virtio-kmem takes it back. */
	while (d->count > 1)
		detach(d);
	disks_destroy(vm);
	channels_destroy(vm);
	if (d->count)
		detach(d);
	virtio_device_destroy(d->kmem);
	d->kmem = NULL;
}

void devices_halt(struct vm *vm)
{
	unsigned int i;

	/* But the console: what the guest wrote last goes out until its queues are stopped, and
	 * no doorbell waits for it. */
	for (i = 0; i < vm->devices.count; i++)
		if (vm->devices.dev[i] != vm->channels.console)
			virtio_device_halt(vm->devices.dev[i]);
}

void devices_pause(struct vm *vm)
{
	unsigned int i;

	for (i = 0; i < vm->devices.count; i++)
		virtio_device_pause(vm->devices.dev[i]);
}

void devices_resume(struct vm *vm)
{
	unsigned int i;

	for (i = 0; i < vm->devices.count; i++)
		virtio_device_resume(vm->devices.dev[i]);
}

enum devices_store devices_write(struct vm *vm, unsigned int cpu, uint64_t addr, uint64_t value,
				 unsigned int len)
{
	uint64_t offset = addr - PLATFORM_MMIO_BASE;
	uint64_t i = offset / PLATFORM_MMIO_STRIDE;

	if (addr < PLATFORM_MMIO_BASE || i >= vm->devices.count)
		return DEVICES_NONE;
	offset %= PLATFORM_MMIO_STRIDE;
	if (!virtio_mmio_write(vm->devices.mmio[i], offset, value, len, cpu))
		return DEVICES_AGAIN;
	return offset == VIRTIO_MMIO_QUEUE_NOTIFY ? DEVICES_RUNG : DEVICES_DONE;
}
