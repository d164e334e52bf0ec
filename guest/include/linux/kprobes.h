/* SPDX-License-Identifier: BSD-2-Clause */
/* Probes of Linux, which are not here: what sources say of their functions means nothing. */
#ifndef GUEST_LINUX_KPROBES_H
#define GUEST_LINUX_KPROBES_H

#define __kprobes
#define NOKPROBE_SYMBOL(fn)

#endif
