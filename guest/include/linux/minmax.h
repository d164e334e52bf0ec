/* SPDX-License-Identifier: BSD-2-Clause */
/* The smaller and the larger of values, as in Linux's <linux/minmax.h>. */
#ifndef GUEST_LINUX_MINMAX_H
#define GUEST_LINUX_MINMAX_H

#include <linux/compiler.h>

/* Both of one type, each evaluated once; mixed types want the _t variants. */
#define __minmax(x, y, op) __minmax_in(x, y, op, __mm_name(__x_), __mm_name(__y_))
#define __minmax_in(x, y, op, ux, uy)                                 \
	({                                                            \
		__typeof__(x) ux = (x);                               \
		__typeof__(y) uy = (y);                               \
		(void)(&ux == &uy); /* warns when the types differ */ \
		ux op uy ? ux : uy;                                   \
	})
#define __minmax_t(type, x, y, op) __minmax_t_in(type, x, y, op, __mm_name(__x_), __mm_name(__y_))
#define __minmax_t_in(type, x, y, op, ux, uy) \
	({                                    \
		type ux = (x);                \
		type uy = (y);                \
		ux op uy ? ux : uy;           \
	})
/* Nested, none shadows another. */
#define __mm_name(prefix)      __mm_paste(prefix, __COUNTER__)
#define __mm_paste(a, b)       __mm_paste_again(a, b)
#define __mm_paste_again(a, b) a##b

#undef min
#undef max
#define min(x, y)                __minmax(x, y, <)
#define max(x, y)                __minmax(x, y, >)
#define min_t(type, x, y)        __minmax_t(type, x, y, <)
#define max_t(type, x, y)        __minmax_t(type, x, y, >)
#define min3(x, y, z)            min((__typeof__(x))min(x, y), z)
#define max3(x, y, z)            max((__typeof__(x))max(x, y), z)
#define clamp(v, lo, hi)         min((__typeof__(v))max(v, lo), hi)
#define clamp_t(type, v, lo, hi) min_t(type, max_t(type, v, lo), hi)
#define clamp_val(v, lo, hi)     clamp_t(__typeof__(v), v, lo, hi)
#define min_not_zero(x, y)                                                     \
	({                                                                     \
		__typeof__(x) __nzx = (x);                                     \
		__typeof__(y) __nzy = (y);                                     \
		__nzx == 0 ? __nzy : (__nzy == 0 ? __nzx : min(__nzx, __nzy)); \
	})

#undef swap
#define swap(a, b)                         \
	do {                               \
		__typeof__(a) __swp = (a); \
		(a) = (b);                 \
		(b) = __swp;               \
	} while (0)

#endif
