/* SPDX-License-Identifier: BSD-2-Clause */
/* What every kernel file takes for granted. The C library includes this file too. */
#ifdef SLABVISOR_HOSTED
#include_next <linux/kernel.h>
#endif
#ifndef GUEST_LINUX_KERNEL_H
#define GUEST_LINUX_KERNEL_H

#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/kstrtox.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/sprintf.h>
#include <linux/stddef.h>
#include <linux/stringify.h>
#include <linux/types.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]) + BUILD_BUG_ON_ZERO(__same_type((a), &(a)[0])))

#define upper_32_bits(n) ((u32)(((n) >> 16) >> 16))
#define lower_32_bits(n) ((u32)((n)&0xffffffff))

/* User space hands pointers over as 64-bit numbers. */
#define u64_to_user_ptr(x) ((void __user *)(unsigned long)(u64)(x))

#define might_sleep() \
	do {          \
	} while (0)

#endif
