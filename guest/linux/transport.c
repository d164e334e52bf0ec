// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What the two ways to the device have in common: its config, its queues, and how it ends. */
#include <linux/slab.h>

#include "priv.h"

bool sv_config_valid(const struct virtio_kmem_config *c)
{
	u64 base = le64_to_cpu(c->heap_base);
	u64 size = le64_to_cpu(c->heap_size);

	return le32_to_cpu(c->version) == VIRTIO_KMEM_VERSION &&
	       le32_to_cpu(c->frame_shift) == PAGE_SHIFT && size && base + size > base &&
	       le16_to_cpu(c->num_request_queues) &&
	       le16_to_cpu(c->num_ranges) <= VIRTIO_KMEM_MAX_RANGES;
}

int sv_queues_init(struct sv_device *dev, unsigned int n)
{
	dev->queue = kvcalloc(n, sizeof(*dev->queue), GFP_KERNEL);
	if (!dev->queue)
		return -ENOMEM;
	dev->queues = n;
	for (unsigned int i = 0; i < n; i++) {
		dev->queue[i].x = kzalloc(sizeof(*dev->queue[i].x), GFP_KERNEL);
		if (!dev->queue[i].x)
			return -ENOMEM;
	}
	return 0;
}

void sv_queues_exit(struct sv_device *dev)
{
	for (unsigned int i = 0; i < dev->queues; i++)
		kfree(dev->queue[i].x);
	kvfree(dev->queue);
}

void sv_device_dead(struct sv_device *dev, const char *why)
{
	WRITE_ONCE(dev->down, true);
	if (xchg(&dev->dead, true))
		return;
	pr_err("slabvisor: %s: memory comes from the kernel's own allocator\n", why);
	if (dev->ops->wake)
		dev->ops->wake(dev);
}

bool sv_event_asks(u32 type, u64 value)
{
	return type == VIRTIO_KMEM_EVENT_GIVE_BACK || (type == VIRTIO_KMEM_EVENT_PRESSURE && value);
}
