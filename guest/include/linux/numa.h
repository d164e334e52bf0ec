/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GUEST_LINUX_NUMA_H
#define GUEST_LINUX_NUMA_H

#define NUMA_NO_NODE (-1)

#endif
