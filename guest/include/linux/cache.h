/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of the CPU's cache, as in Linux's <linux/cache.h>. */
#ifndef GUEST_LINUX_CACHE_H
#define GUEST_LINUX_CACHE_H

#include <linux/compiler.h>

#define L1_CACHE_SHIFT  6
#define L1_CACHE_BYTES  (1 << L1_CACHE_SHIFT)
#define SMP_CACHE_BYTES L1_CACHE_BYTES

#define ____cacheline_aligned_in_smp ____cacheline_aligned
#define __cacheline_aligned_in_smp   __cacheline_aligned

#endif
