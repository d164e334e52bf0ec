/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks, as in Linux's <linux/sched.h>. A program has one on each vCPU, which nothing takes from
 * it: what is here of a scheduler does what is left for a moment when there is none.
 */
#ifndef GUEST_LINUX_SCHED_H
#define GUEST_LINUX_SCHED_H

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/mm_types.h>
#include <linux/preempt.h>
#include <linux/thread_info.h>
#include <linux/types.h>

#define TASK_COMM_LEN 16

#define PF_KTHREAD 0x00200000

/* The memory is the user address space, and there is one. */
struct task_struct {
	unsigned int flags; /* PF_KTHREAD on all but vCPU 0 */
	pid_t pid;          /* the vCPU's number, from 1 on */
	pid_t tgid;         /* 1 */
	char comm[TASK_COMM_LEN];
	struct mm_struct *mm;
};

/* The one that runs on this vCPU. */
struct task_struct *get_current(void);
#define current get_current()

static inline pid_t task_pid_nr(struct task_struct *task)
{
	return task->pid;
}

/* Does what the allocator has left for such moments (kmem_poll()). Returns 0: no other task ran. */
int cond_resched(void);
/* The same, and lets other vCPUs go on that share the CPU with this one. */
void yield(void);

#define cond_resched_lock(lock) ((void)(lock), 0)
#define need_resched()          0

/* Nobody sends a program signals. */
#define signal_pending(task)       ((void)(task), 0)
#define fatal_signal_pending(task) ((void)(task), 0)

#endif
