/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arithmetic that knows when it overflows. The size_*() functions stay at SIZE_MAX
 * once there, which no allocator can serve.
 */
#ifndef GUEST_LINUX_OVERFLOW_H
#define GUEST_LINUX_OVERFLOW_H

#include <linux/compiler.h>
#include <linux/limits.h>

static inline bool __must_check __overflowed(bool overflow)
{
	return unlikely(overflow);
}

#define check_add_overflow(a, b, d) __overflowed(__builtin_add_overflow(a, b, d))
#define check_sub_overflow(a, b, d) __overflowed(__builtin_sub_overflow(a, b, d))
#define check_mul_overflow(a, b, d) __overflowed(__builtin_mul_overflow(a, b, d))

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
