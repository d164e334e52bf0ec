// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The one device: what there is while it is. */
#include <linux/slab.h>

#include "slabvisor/svm.h"

#include "enter.h"
#include "priv.h"

struct sv_device *sv_dev;

/* Each size class has its first objects, so that those who must not sleep find some. */
static void stock(void)
{
	static const u32 size[VIRTIO_KMEM_CLASSES] = VIRTIO_KMEM_CLASS_SIZES;

	for (unsigned int i = 0; i < VIRTIO_KMEM_CLASSES; i++)
		svm_kfree(svm_kmalloc(size[i], GFP_KERNEL | __GFP_NOWARN));
}

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

void sv_give_back(void)
{
	sv_pages_flush();
	sv_drain();
}

int sv_device_added(struct sv_device *dev)
{
	int err;

	err = sv_window_init(dev);
	if (err)
		return err;
	WRITE_ONCE(sv_dev, dev);
	err = sv_channel_start(dev);
	if (err)
		goto no_window;
	err = sv_chardev_register();
	if (err)
		goto no_channel;
	stock();
	pr_info("slabvisor: %llu MiB of the host's memory at %#llx, %u queues\n",
		le64_to_cpu(dev->config.heap_size) >> 20, le64_to_cpu(dev->config.heap_base),
		dev->queues);
	return 0;

no_channel:
	sv_channel_stop();
no_window:
	WRITE_ONCE(sv_dev, NULL);
	sv_window_exit();
	return err;
}

/* No page and no object is out any more: whoever has some keeps the module. */
void sv_device_removed(struct sv_device *dev)
{
	sv_chardev_unregister();
	sv_pages_flush();
	sv_drain();
	sv_channel_stop();
	sv_window_exit();
	WRITE_ONCE(sv_dev, NULL);
}
