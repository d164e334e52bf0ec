/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks of what a vCPU has for itself, as in Linux's <linux/local_lock.h>. Nothing takes a vCPU
 * from what runs on it and no interrupt comes in between, so that, as in Linux without its own
 * checks, a lock is a mark for the reader and holds nothing.
 */
#ifndef GUEST_LINUX_LOCAL_LOCK_H
#define GUEST_LINUX_LOCAL_LOCK_H

#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

typedef struct {
} local_lock_t;

#define INIT_LOCAL_LOCK(name) \
	{                     \
	}
#define local_lock_init(lock) ((void)(lock))

#define local_lock(lock)                         \
	do {                                     \
		preempt_disable();               \
		(void)(lock); /* is evaluated */ \
	} while (0)
#define local_unlock(lock)        \
	do {                      \
		(void)(lock);     \
		preempt_enable(); \
	} while (0)
#define local_lock_irq(lock)   local_lock(lock)
#define local_unlock_irq(lock) local_unlock(lock)
#define local_lock_irqsave(lock, flags) \
	do {                            \
		local_irq_save(flags);  \
		local_lock(lock);       \
	} while (0)
#define local_unlock_irqrestore(lock, flags) \
	do {                                 \
		local_unlock(lock);          \
		local_irq_restore(flags);    \
	} while (0)

#endif
