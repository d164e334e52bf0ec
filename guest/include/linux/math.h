/* SPDX-License-Identifier: BSD-2-Clause */
/* Rounding and division of integers, as in Linux's <linux/math.h>. */
#ifndef GUEST_LINUX_MATH_H
#define GUEST_LINUX_MATH_H

#define __round_mask(x, y) ((__typeof__(x))((y)-1))
/* To a multiple of y, a power of two. */
#define round_up(x, y)   ((((x)-1) | __round_mask(x, y)) + 1)
#define round_down(x, y) ((x) & ~__round_mask(x, y))
/* Of any y. */
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))
#define roundup(x, y)                                  \
	({                                             \
		__typeof__(y) __ruy = (y);             \
		(((x) + (__ruy - 1)) / __ruy) * __ruy; \
	})
#define rounddown(x, y)                    \
	({                                 \
		__typeof__(x) __rdx = (x); \
		__rdx - (__rdx % (y));     \
	})
#define DIV_ROUND_CLOSEST(n, d) (((n) + (d) / 2) / (d))

#undef abs
#define abs(x)                                 \
	({                                     \
		__typeof__(x) __absx = (x);    \
		__absx < 0 ? -__absx : __absx; \
	})

#endif
