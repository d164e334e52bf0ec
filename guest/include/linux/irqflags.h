/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts, as in Linux's <linux/irqflags.h>: a program has none, and they are off throughout. */
#ifndef GUEST_LINUX_IRQFLAGS_H
#define GUEST_LINUX_IRQFLAGS_H

#include <linux/compiler.h>

#define local_irq_disable()        barrier()
#define local_irq_enable()         barrier()
#define local_save_flags(flags)    ((flags) = 0)
#define local_irq_save(flags)      ((flags) = 0, ({ barrier(); }))
#define local_irq_restore(flags)   ((void)(flags), ({ barrier(); }))
#define irqs_disabled()            1
#define irqs_disabled_flags(flags) ((void)(flags), 1)

#endif
