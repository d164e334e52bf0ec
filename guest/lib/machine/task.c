/* SPDX-License-Identifier: BSD-2-Clause */
/* Tasks, of which a program has one on each vCPU, and what is left of a scheduler. */
#include "guest/lib/machine/grt.h"
#include <linux/kernel.h>
#include <linux/sched.h>
#include <slabvisor/kmem.h>
#include <slabvisor/kmem_port.h>

struct mm_struct grt_user_mm = {
	.mmap_lock = __RWSEM_INITIALIZER(grt_user_mm.mmap_lock),
};

static struct task_struct tasks[PLATFORM_MAX_CPUS];

struct task_struct *get_current(void)
{
	const unsigned int cpu = this_cpu()->cpu;
	struct task_struct *task = &tasks[cpu];

	/* Each vCPU makes its own. */
	if (!task->pid) {
		task->flags = cpu ? PF_KTHREAD : 0;
		task->tgid = 1;
		task->mm = &grt_user_mm;
		scnprintf(task->comm, sizeof(task->comm), "cpu%u", cpu);
		task->pid = (pid_t)cpu + 1;
	}
	return task;
}

int cond_resched(void)
{
	kmem_poll();
	return 0;
}

void yield(void)
{
	kmem_poll();
	kmem_yield();
}
