// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* slabvisor: the memory service of the host for a Linux guest. */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "slabvisor/svm.h"

#include "enter.h"
#include "priv.h"

struct sv_device *sv_dev;
struct workqueue_struct *sv_wq;

/* Each size class has its first objects, so that those who must not sleep find some. */
static void stock(void)
{
	static const u32 size[VIRTIO_KMEM_CLASSES] = VIRTIO_KMEM_CLASS_SIZES;

	for (unsigned int i = 0; i < VIRTIO_KMEM_CLASSES; i++)
		svm_kfree(svm_kmalloc(size[i], GFP_KERNEL | __GFP_NOWARN));
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

static int __init slabvisor_init(void)
{
	int err = -ENOMEM;

	sv_wq = alloc_workqueue("slabvisor", WQ_UNBOUND, 0);
	if (!sv_wq)
		return err;
	err = sv_cpus_init();
	if (err)
		goto no_cpus;
	sv_debugfs_init();
	err = sv_virtio_register();
	if (err)
		goto no_driver;
	return 0;

no_driver:
	sv_debugfs_exit();
	sv_cpus_exit();
no_cpus:
	destroy_workqueue(sv_wq);
	return err;
}

static void __exit slabvisor_exit(void)
{
	sv_virtio_unregister();
	sv_debugfs_exit();
	sv_cpus_exit();
	sv_ram_free();
	destroy_workqueue(sv_wq);
}

module_init(slabvisor_init);
module_exit(slabvisor_exit);
MODULE_DESCRIPTION("Memory of the host, by the object and by the page");
MODULE_AUTHOR("The Slabvisor authors");
MODULE_LICENSE("Dual BSD/GPL");
