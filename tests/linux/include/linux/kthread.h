/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads for tests of Linux's: each is run by a vCPU that has nothing else to do, from its
 * beginning to its end (tests/linux/threads.c). Of more threads than there are vCPUs beside the
 * first the last wait until one is free, so that a test is given as many vCPUs as it has threads
 * that wait for one another.
 */
#ifndef TESTS_LINUX_KTHREAD_H
#define TESTS_LINUX_KTHREAD_H

#include <linux/err.h>
#include <linux/sched.h>

/* Runs fn(data) on another vCPU. The thread is there until kthread_stop(). ERR_PTR(-ENOMEM). */
__printf(3, 4) struct task_struct *kthread_run(int (*fn)(void *data), void *data, const char *name,
					       ...);
/* Of a thread's own: whether somebody waits in kthread_stop() for it. */
bool kthread_should_stop(void);
/* Tells the thread, waits for its end, and returns what it returned: -EINTR if it never ran. */
int kthread_stop(struct task_struct *task);

#endif
