/* SPDX-License-Identifier: BSD-2-Clause */
/* What the register page shows of the device: the registers behind a selector, and the
 * configuration. */
#include "virtio/mmio/priv.h"

void virtio_mmio_publish_features(struct virtio_mmio *mmio)
{
	uint32_t sel = mmio->device_features_sel;

	virtio_mmio_publish(mmio, VIRTIO_MMIO_DEVICE_FEATURES,
			    sel < 2 ? (uint32_t)(virtio_mmio_offered(mmio) >> 32 * sel) : 0);
}

void virtio_mmio_publish_queue(struct virtio_mmio *mmio)
{
	struct virtio_mmio_queue *q = virtio_mmio_selected(mmio);

	virtio_mmio_publish(mmio, VIRTIO_MMIO_QUEUE_NUM_MAX,
			    q ? mmio->dev->queue[mmio->queue_sel].max_size : 0);
	virtio_mmio_publish(mmio, VIRTIO_MMIO_QUEUE_READY, q && q->ready);
}

void virtio_mmio_publish_selected(struct virtio_mmio *mmio)
{
	virtio_mmio_publish_features(mmio);
	virtio_mmio_publish_queue(mmio);
}

void virtio_mmio_publish_config(struct virtio_mmio *mmio, uint32_t offset, uint32_t size)
{
	for (uint32_t i = offset & ~3u; i < offset + size; i += 4)
		/* Relaxed: another thread may be changing the next value already; it
		 * will copy that when it gets the state lock. */
		virtio_mmio_publish(
			mmio, VIRTIO_MMIO_CONFIG + i,
			atomic_load_explicit((_Atomic uint32_t *)(mmio->dev->config + i),
					     memory_order_relaxed));
}
