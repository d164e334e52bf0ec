/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio-mmio transport as an object, and what a device has to say. What a driver has to say is
 * in regs.c, what it reads in page.c.
 */
#include "virtio/mmio/mmio.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "virtio/mmio/priv.h"

#define MAGIC   0x74726976u /* "virt" */
#define VERSION 2u
/* A shared memory region that does not exist has length and base -1 (4.2.2.1). */
#define NO_SHM 0xffffffffu

static void raise_irq(struct virtio_mmio *mmio)
{
	virtio_mmio_count(&mmio->irqs);
	if (mmio->irq)
		mmio->irq(mmio->irq_opaque);
}

static void used_buffer(void *opaque, unsigned int queue)
{
	struct virtio_mmio *mmio = opaque;

	(void)queue;
	pthread_mutex_lock(&mmio->state);
	virtio_mmio_set_interrupts(mmio, mmio->interrupts | VIRTIO_MMIO_INT_VRING);
	pthread_mutex_unlock(&mmio->state);
	raise_irq(mmio);
}

static void config_changed(void *opaque, uint32_t offset, uint32_t size)
{
	struct virtio_mmio *mmio = opaque;
	bool tell;

	pthread_mutex_lock(&mmio->state);
	/* Before and after: a driver that read any of the old value finds the
	 * generation changed, whichever of the two it raced with. */
	virtio_mmio_publish(mmio, VIRTIO_MMIO_CONFIG_GENERATION, ++mmio->generation);
	virtio_mmio_publish_config(mmio, offset, size);
	virtio_mmio_publish(mmio, VIRTIO_MMIO_CONFIG_GENERATION, ++mmio->generation);
	tell = mmio->status & VIRTIO_CONFIG_S_DRIVER_OK;
	if (tell)
		virtio_mmio_set_interrupts(mmio, mmio->interrupts | VIRTIO_MMIO_INT_CONFIG);
	pthread_mutex_unlock(&mmio->state);
	if (tell)
		raise_irq(mmio);
}

static void needs_reset(void *opaque)
{
	struct virtio_mmio *mmio = opaque;
	bool tell;

	virtio_mmio_count(&mmio->broken);
	pthread_mutex_lock(&mmio->state);
	mmio->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	virtio_mmio_publish(mmio, VIRTIO_MMIO_STATUS, mmio->status);
	tell = mmio->status & VIRTIO_CONFIG_S_DRIVER_OK;
	if (tell)
		virtio_mmio_set_interrupts(mmio, mmio->interrupts | VIRTIO_MMIO_INT_CONFIG);
	pthread_mutex_unlock(&mmio->state);
	if (tell)
		raise_irq(mmio);
}

static const struct virtio_transport_ops mmio_transport_ops = {
	.used_buffer = used_buffer,
	.config_changed = config_changed,
	.needs_reset = needs_reset,
};

int virtio_mmio_create(struct virtio_device *dev, const struct virtio_guest_mem *mem,
		       void (*irq)(void *opaque), void *irq_opaque, struct virtio_mmio **out)
{
	struct virtio_mmio *mmio;
	int ret;

	if (!dev->queue || dev->transport || !mem->host_ptr)
		return -EINVAL;
	mmio = calloc(1, sizeof(*mmio));
	if (!mmio)
		return -ENOMEM;
	mmio->dev = dev;
	mmio->mem = *mem;
	mmio->irq = irq;
	mmio->irq_opaque = irq_opaque;
	ret = -ENOMEM;
	mmio->queue = calloc(dev->nr_queues, sizeof(*mmio->queue));
	if (!mmio->queue)
		goto err_free;
	mmio->page = mmap(NULL, VIRTIO_MMIO_PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mmio->page == MAP_FAILED)
		goto err_queue;
	ret = -pthread_mutex_init(&mmio->control, NULL);
	if (ret)
		goto err_page;
	ret = -pthread_mutex_init(&mmio->state, NULL);
	if (ret)
		goto err_control;

	virtio_mmio_publish(mmio, VIRTIO_MMIO_MAGIC_VALUE, MAGIC);
	virtio_mmio_publish(mmio, VIRTIO_MMIO_VERSION, VERSION);
	virtio_mmio_publish(mmio, VIRTIO_MMIO_DEVICE_ID, dev->id);
	virtio_mmio_publish(mmio, VIRTIO_MMIO_VENDOR_ID, VIRTIO_MMIO_VENDOR);
	virtio_mmio_publish(mmio, VIRTIO_MMIO_SHM_LEN_LOW, NO_SHM);
	virtio_mmio_publish(mmio, VIRTIO_MMIO_SHM_LEN_HIGH, NO_SHM);
	virtio_mmio_publish(mmio, VIRTIO_MMIO_SHM_BASE_LOW, NO_SHM);
	virtio_mmio_publish(mmio, VIRTIO_MMIO_SHM_BASE_HIGH, NO_SHM);
	virtio_mmio_publish_selected(mmio);
	virtio_mmio_publish_config(mmio, 0, dev->config_size);
	dev->transport_opaque = mmio;
	dev->transport = &mmio_transport_ops;
	*out = mmio;
	return 0;

err_control:
	pthread_mutex_destroy(&mmio->control);
err_page:
	munmap((void *)mmio->page, VIRTIO_MMIO_PAGE_SIZE);
err_queue:
	free(mmio->queue);
err_free:
	free(mmio);
	return ret;
}

void virtio_mmio_destroy(struct virtio_mmio *mmio)
{
	if (!mmio)
		return;
	virtio_mmio_reset(mmio);
	mmio->dev->transport = NULL;
	pthread_mutex_destroy(&mmio->state);
	pthread_mutex_destroy(&mmio->control);
	munmap((void *)mmio->page, VIRTIO_MMIO_PAGE_SIZE);
	free(mmio->queue);
	free(mmio);
}

const void *virtio_mmio_page(const struct virtio_mmio *mmio)
{
	return (const void *)mmio->page;
}

void virtio_mmio_get_stats(const struct virtio_mmio *mmio, struct virtio_mmio_stats *stats)
{
	/* Relaxed: each is right by itself, together they are of about now. */
	stats->writes = atomic_load_explicit(&mmio->writes, memory_order_relaxed);
	stats->ignored = atomic_load_explicit(&mmio->ignored, memory_order_relaxed);
	stats->notifies = atomic_load_explicit(&mmio->notifies, memory_order_relaxed);
	stats->interrupts = atomic_load_explicit(&mmio->irqs, memory_order_relaxed);
	stats->resets = atomic_load_explicit(&mmio->resets, memory_order_relaxed);
	stats->broken = atomic_load_explicit(&mmio->broken, memory_order_relaxed);
}
