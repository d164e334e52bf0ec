// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The one device: what there is while it is. */
#include <linux/gfp.h>
#include <linux/printk.h>

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
	sv_give_back();
	sv_channel_stop();
	sv_window_exit();
	WRITE_ONCE(sv_dev, NULL);
}
