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
#include "vmm/machine/memory.h"
#include "vmm/machine/run.h"
#include "vmm/machine/wait.h"

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
		wait_queue_event(irq->waiters);
	else
		eventfd_write(irq->fd, 1);
}

static int irq_create(struct devices *d, unsigned int i)
{
	struct device_irq *irq = &d->irq[i];

	*irq = (struct device_irq){.fd = -1, .waiters = d->waiters};
	if (!d->kind->irq)
		return 0;
	irq->fd = d->kind->irq(d->kvm->fd, i);
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
static int attach(struct devices *d, struct virtio_device *dev, bool pins)
{
	const struct virtio_guest_mem mem = {
		.host_ptr = memory_ram_of,
		.buffer_ptr = pins ? buffer_ptr : NULL,
		.opaque = d->mem,
	};
	int ret;

	ret = irq_create(d, d->count);
	if (ret)
		return ret;
	ret = virtio_mmio_create(dev, &mem, interrupt, &d->irq[d->count], &d->mmio[d->count]);
	if (ret)
		goto fail_irq;
	ret = kvm_add_slot(d->kvm, PLATFORM_MMIO_BASE + d->count * PLATFORM_MMIO_STRIDE,
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
	struct devices *d = opaque;

	/* The disks first: what they finish ends waits, and those look at memory. */
	if (begin) {
		disks_reclaim(&d->disks, true);
		memory_quiesce(d->mem, true);
	} else {
		memory_quiesce(d->mem, false);
		disks_reclaim(&d->disks, false);
	}
}

static enum exit_status create_kmem(struct devices *d, const struct run_config *config)
{
	const struct kmem_dev_config kmem = {
		.heap = d->mem->heap,
		.cpus = config->cpus,
		.page_map_gpa = d->mem->page_map,
		.debug = kmem_debug_bits(config->slab_debug),
		.pin_quota = config->heap >> MM_FRAME_SHIFT,
		.range = d->mem->range,
		.nr_ranges = d->mem->nr_ranges,
		.user_nodes = d->mem->user_nodes,
		.quiesce = quiesce,
		.quiesce_opaque = d,
	};
	int ret;

	ret = kmem_dev_create(&kmem, &d->kmem);
	if (ret)
		goto fail;
	ret = attach(d, d->kmem, false);
	if (ret) {
		virtio_device_destroy(d->kmem);
		goto fail;
	}
	return 0;
fail:
	return cli_fail(STATUS_HOST_ERROR, "virtio-kmem: cannot be set up: %s", strerror(-ret));
}

static enum exit_status create_channels(struct devices *d, struct run *run)
{
	struct channels *ch = &d->channels;
	enum exit_status status;
	int ret = 0;

	if (!d->kind->channels)
		return 0;
	status = channels_create(ch, run, d->mem, d->disks.engine);
	if (status)
		return status;
	if (ch->rng)
		ret = attach(d, ch->rng, false);
	if (!ret && ch->balloon)
		ret = attach(d, ch->balloon, false);
	if (!ret && ch->console)
		ret = attach(d, ch->console, false);
	if (ret)
		return cli_fail(STATUS_HOST_ERROR,
				"virtio-rng, -balloon and -console: cannot be set up: %s",
				strerror(-ret));
	return 0;
}

enum exit_status devices_create(struct devices *d, struct run *run, struct memory *mem,
				struct kvm_vm *kvm, struct wait_queue *waiters)
{
	const struct run_config *config = run->config;
	unsigned int i;
	enum exit_status status;
	int ret = 0;

	*d = (struct devices){.kind = run->kind, .mem = mem, .kvm = kvm, .waiters = waiters};
	status = create_kmem(d, config);
	if (status)
		return status;
	status = disks_create(&d->disks, run, mem);
	for (i = 0; i < d->disks.count && !ret; i++)
		ret = attach(d, d->disks.dev[i], true);
	if (ret)
		status = cli_fail(STATUS_HOST_ERROR, "--disk path=%s: cannot be set up: %s",
				  config->disk[i - 1].path, strerror(-ret));
	if (!status)
		status = create_channels(d, run);
	if (status)
		devices_destroy(d);
	return status;
}

void devices_destroy(struct devices *d)
{
	/* The disks let go of the heap's memory before virtio-kmem takes it back. */
	while (d->count > 1)
		detach(d);
	disks_destroy(&d->disks);
	channels_destroy(&d->channels);
	if (d->count)
		detach(d);
	virtio_device_destroy(d->kmem);
	d->kmem = NULL;
}

void devices_halt(struct devices *d)
{
	/* But the console: what the guest wrote last goes out until its queues are stopped, and
	 * no doorbell waits for it. */
	for (unsigned int i = 0; i < d->count; i++)
		if (d->dev[i] != d->channels.console)
			virtio_device_halt(d->dev[i]);
}

void devices_pause(struct devices *d)
{
	for (unsigned int i = 0; i < d->count; i++)
		virtio_device_pause(d->dev[i]);
}

void devices_resume(struct devices *d)
{
	for (unsigned int i = 0; i < d->count; i++)
		virtio_device_resume(d->dev[i]);
}

enum devices_store devices_write(struct devices *d, unsigned int cpu, uint64_t addr, uint64_t value,
				 unsigned int len)
{
	uint64_t offset = addr - PLATFORM_MMIO_BASE;
	uint64_t i = offset / PLATFORM_MMIO_STRIDE;

	if (addr < PLATFORM_MMIO_BASE || i >= d->count)
		return DEVICES_NONE;
	offset %= PLATFORM_MMIO_STRIDE;
	if (!virtio_mmio_write(d->mmio[i], offset, value, len, cpu))
		return DEVICES_AGAIN;
	return offset == VIRTIO_MMIO_QUEUE_NOTIFY ? DEVICES_RUNG : DEVICES_DONE;
}
