/* SPDX-License-Identifier: BSD-2-Clause */
/* Rounding to powers of two, as in Linux's <linux/align.h>. */
#ifndef GUEST_LINUX_ALIGN_H
#define GUEST_LINUX_ALIGN_H

/* To a multiple of a, a power of two. */
#undef ALIGN
#define ALIGN(x, a)      (((x) + ((__typeof__(x))(a)-1)) & ~((__typeof__(x))(a)-1))
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a)-1))
#define PTR_ALIGN(p, a)  ((__typeof__(p))ALIGN((unsigned long)(p), (a)))
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a)-1)) == 0)

#define __ALIGN_MASK(x, mask) (((x) + (mask)) & ~(mask))

#endif
