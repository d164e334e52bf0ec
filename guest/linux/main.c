// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* slabvisor: the memory service of the host for a Linux guest. */
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/suspend.h>
#include <linux/workqueue.h>

#include "enter.h"
#include "priv.h"

struct workqueue_struct *sv_wq;

/*
 * Whoever wakes up resets its devices, by which the host has back all that the kernel and programs
 * still use; and what is stored on disk does not have the host's memory in it. So the system does
 * not sleep in either way while there is a device.
 */
static int before_sleep(struct notifier_block *unused, unsigned long what, void *data)
{
	if ((what != PM_HIBERNATION_PREPARE && what != PM_SUSPEND_PREPARE) || !READ_ONCE(sv_dev))
		return NOTIFY_DONE;
	pr_info("slabvisor: the host's memory does not outlast sleep: unload the module first\n");
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block sleep_notifier = {
	.notifier_call = before_sleep,
};

static int __init slabvisor_init(void)
{
	int err = -ENOMEM;

	sv_wq = alloc_workqueue("slabvisor", WQ_UNBOUND, 0);
	if (!sv_wq)
		return err;
	err = sv_cpus_init();
	if (err)
		goto no_cpus;
	err = register_pm_notifier(&sleep_notifier);
	if (err)
		goto no_notifier;
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
	unregister_pm_notifier(&sleep_notifier);
no_notifier:
	sv_cpus_exit();
no_cpus:
	destroy_workqueue(sv_wq);
	return err;
}

static void __exit slabvisor_exit(void)
{
	/* First, so that nobody reads there of a device that goes. */
	sv_debugfs_exit();
	sv_ivshmem_unregister();
	sv_virtio_unregister();
	unregister_pm_notifier(&sleep_notifier);
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
