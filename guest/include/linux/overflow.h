/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arithmetic that knows when it overflows. The size_*() functions stay at SIZE_MAX
 * once there, which no allocator can serve.
 */
#ifndef GUEST_LINUX_OVERFLOW_H
#define GUEST_LINUX_OVERFLOW_H

#include <linux/compiler.h>
#include <linux/limits.h>

/* The limits of an integer type. */
#define __type_half_max(type) ((type)1 << (8 * sizeof(type) - 1 - is_signed_type(type)))
#define type_max(T)           ((T)((__type_half_max(T) - 1) + __type_half_max(T)))
#define type_min(T)           ((T)((T)-type_max(T) - (T)1))

static inline bool __must_check __overflowed(bool overflow)
{
	return unlikely(overflow);
}

#define check_add_overflow(a, b, d) __overflowed(__builtin_add_overflow(a, b, d))
#define check_sub_overflow(a, b, d) __overflowed(__builtin_sub_overflow(a, b, d))
#define check_mul_overflow(a, b, d) __overflowed(__builtin_mul_overflow(a, b, d))

/* *d = a << s; true: s is no shift of its type, a is negative, or bits or the sign are lost. */
#define check_shl_overflow(a, s, d)                                                             \
	__overflowed(({                                                                         \
		__typeof__(a) __shl_a = (a);                                                    \
		__typeof__(s) __shl_s = (s);                                                    \
		__typeof__(d) __shl_d = (d);                                                    \
		const u64 __shl_full = (u64)__shl_a;                                            \
		const bool __shl_ok =                                                           \
			!(is_signed_type(__typeof__(__shl_s)) && __shl_s < (__typeof__(s))0) && \
			(u64)__shl_s < 8 * sizeof(*__shl_d);                                    \
		const unsigned int __shl_by = __shl_ok ? (unsigned int)__shl_s : 0;             \
		*__shl_d = (__typeof__(*__shl_d))(__shl_full << __shl_by);                      \
		!__shl_ok || *__shl_d < 0 || __shl_a < 0 ||                                     \
			(__typeof__(__shl_a))(*__shl_d >> __shl_by) != __shl_a;                 \
	}))

/* Tells whether a value is beyond a type, or a variable. */
#define __overflows_type(n, T)                        \
	({                                            \
		__typeof__(T) __ovt;                  \
		__builtin_add_overflow(n, 0, &__ovt); \
	})
#define overflows_type(n, T) __overflows_type(n, T)

static inline size_t __must_check size_mul(size_t a, size_t b)
{
	size_t bytes;

	return check_mul_overflow(a, b, &bytes) ? SIZE_MAX : bytes;
}

static inline size_t __must_check size_add(size_t a, size_t b)
{
	size_t bytes;

	return check_add_overflow(a, b, &bytes) ? SIZE_MAX : bytes;
}

static inline size_t __must_check size_sub(size_t a, size_t b)
{
	size_t bytes;

	return a == SIZE_MAX || b == SIZE_MAX || check_sub_overflow(a, b, &bytes) ? SIZE_MAX
										  : bytes;
}

#define array_size(a, b)     size_mul(a, b)
#define array3_size(a, b, c) size_mul(size_mul(a, b), c)

/* Bytes of a trailing array of n elements, and of its structure with it. */
#define flex_array_size(p, member, n)  size_mul(n, sizeof(*(p)->member))
#define struct_size(p, member, n)      size_add(sizeof(*(p)), flex_array_size(p, member, n))
#define struct_size_t(type, member, n) struct_size((type *)NULL, member, n)

#endif
