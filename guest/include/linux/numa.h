/* SPDX-License-Identifier: BSD-2-Clause */
/* Nodes of memory, as in Linux's <linux/numa.h>. */
#ifndef GUEST_LINUX_NUMA_H
#define GUEST_LINUX_NUMA_H

#define NUMA_NO_NODE (-1)

#endif
