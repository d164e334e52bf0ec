/* SPDX-License-Identifier: BSD-2-Clause */
/* Preemption, as in Linux's <linux/preempt.h>: nothing takes a vCPU from what runs on it. */
#ifndef GUEST_LINUX_PREEMPT_H
#define GUEST_LINUX_PREEMPT_H

#include <linux/compiler.h>

#define preempt_disable()           barrier()
#define preempt_enable()            barrier()
#define preempt_enable_no_resched() barrier()
#define preempt_disable_notrace()   barrier()
#define preempt_enable_notrace()    barrier()
#define preempt_count()             0
#define migrate_disable()           barrier()
#define migrate_enable()            barrier()
#define preemptible()               0

#define in_interrupt() 0
#define in_atomic()    0
#define in_task()      1
#define in_irq()       0
#define in_hardirq()   0
#define in_softirq()   0
#define in_nmi()       0

#endif
