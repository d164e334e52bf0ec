// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* slabvisor: the memory service of the host for a Linux guest. */
#include <linux/module.h>
#include <linux/workqueue.h>

#include "enter.h"
#include "priv.h"

struct workqueue_struct *sv_wq;

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
		goto no_virtio;
	err = sv_ivshmem_register();
	if (err)
		goto no_ivshmem;
	return 0;

no_ivshmem:
	sv_virtio_unregister();
no_virtio:
	sv_debugfs_exit();
	sv_cpus_exit();
no_cpus:
	destroy_workqueue(sv_wq);
	return err;
}

static void __exit slabvisor_exit(void)
{
	sv_ivshmem_unregister();
	sv_virtio_unregister();
	sv_debugfs_exit();
	sv_cpus_exit();
	sv_ram_free();
	sv_caches_exit();
	destroy_workqueue(sv_wq);
}

module_init(slabvisor_init);
module_exit(slabvisor_exit);
MODULE_DESCRIPTION("Memory of the host, by the object and by the page");
MODULE_AUTHOR("The Slabvisor authors");
MODULE_LICENSE("Dual BSD/GPL");
