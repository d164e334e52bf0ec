/* SPDX-License-Identifier: BSD-2-Clause */
/* The smaller and the larger of values, as in Linux's <linux/minmax.h>. */
#ifndef GUEST_LINUX_MINMAX_H
#define GUEST_LINUX_MINMAX_H

#include <linux/build_bug.h>
#include <linux/compiler.h>

/*
 * Each evaluated once. The types may differ, as since Linux 6.7 and in its stable releases, unless
 * one could be negative and the other is compared as an unsigned number: that does not compile. Of
 * constant expressions of one type they are constant expressions, as in 6.1.
 */
#define min(x, y)     __mm_cmp(x, y, <, "min")
#define max(x, y)     __mm_cmp(x, y, >, "max")
#define min3(x, y, z) min(min(x, y), z)
#define max3(x, y, z) max(max(x, y), z)
/* Of numbers that are not negative, whatever their types. */
#define umin(x, y) min((x) + 0u + 0ul + 0ull, (y) + 0u + 0ul + 0ull)
#define umax(x, y) max((x) + 0u + 0ul + 0ull, (y) + 0u + 0ul + 0ull)
/* Both made of a type first. */
#define min_t(type, x, y) __mm_cmp_t(type, x, y, <)
#define max_t(type, x, y) __mm_cmp_t(type, x, y, >)
/* lo is not more than hi. */
#define clamp(v, lo, hi)         min(max(v, lo), hi)
#define clamp_t(type, v, lo, hi) min_t(type, max_t(type, v, lo), hi)
#define clamp_val(v, lo, hi)     clamp_t(__typeof__(v), v, lo, hi)
#define min_not_zero(x, y)       __mm_not_zero(x, y, __grt_name(__x_), __grt_name(__y_))

/* For the sizes of arrays, and where a statement cannot stand: constants, evaluated more than once.
 */
#define MIN(x, y)         ((x) < (y) ? (x) : (y))
#define MAX(x, y)         ((x) > (y) ? (x) : (y))
#define MIN_T(type, x, y) MIN((type)(x), (type)(y))
#define MAX_T(type, x, y) MAX((type)(x), (type)(y))

#define __mm_cmp(x, y, op, name)                                                           \
	__builtin_choose_expr(__is_constexpr(x) && __is_constexpr(y) && __same_type(x, y), \
			      (x)op(y) ? (x) : (y),                                        \
			      __mm_once(x, y, op, name, __grt_name(__x_), __grt_name(__y_)))
#define __mm_once(x, y, op, name, ux, uy)                                                       \
	({                                                                                      \
		__auto_type ux = (x);                                                           \
		__auto_type uy = (y);                                                           \
		BUILD_BUG_ON_MSG(!(__mm_sign(ux, x) & __mm_sign(uy, y)),                        \
				 name "(" #x ", " #y "): one may be negative, and is no more"); \
		ux op uy ? ux : uy;                                                             \
	})
#define __mm_cmp_t(type, x, y, op) __mm_once_t(type, x, y, op, __grt_name(__x_), __grt_name(__y_))
#define __mm_once_t(type, x, y, op, ux, uy) \
	({                                  \
		type ux = (x);              \
		type uy = (y);              \
		ux op uy ? ux : uy;         \
	})
#define __mm_not_zero(x, y, ux, uy)                          \
	({                                                   \
		__typeof__(x) ux = (x);                      \
		__typeof__(y) uy = (y);                      \
		ux == 0 ? uy : (uy == 0 ? ux : min(ux, uy)); \
	})
/* As what a variable of a value may be compared without being taken for another: 1, unsigned; 2,
 * signed. The value is looked at where it is known, and not evaluated. */
#define __mm_sign(v, value)                                                             \
	(((__typeof__(v))(-1)) < (__typeof__(v))1                                       \
		 ? 2 + statically_true(!((unsigned long long)(long long)(value) >> 63)) \
		 : 1 + 2 * (sizeof(v) < 4))

#undef swap
#define swap(a, b)                         \
	do {                               \
		__typeof__(a) __swp = (a); \
		(a) = (b);                 \
		(b) = __swp;               \
	} while (0)

#endif
