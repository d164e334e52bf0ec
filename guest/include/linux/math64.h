/* SPDX-License-Identifier: BSD-2-Clause */
/* Division of 64-bit numbers, as in Linux's <linux/math64.h>: what a CPU of 64 bits just does. */
#ifndef GUEST_LINUX_MATH64_H
#define GUEST_LINUX_MATH64_H

#include <asm/div64.h>
#include <linux/math.h>
#include <linux/types.h>

#define div64_long(x, y) div64_s64(x, y)
#define div64_ul(x, y)   div64_u64(x, y)

static inline u64 div_u64_rem(u64 dividend, u32 divisor, u32 *remainder)
{
	*remainder = (u32)(dividend % divisor);
	return dividend / divisor;
}

static inline s64 div_s64_rem(s64 dividend, s32 divisor, s32 *remainder)
{
	*remainder = (s32)(dividend % divisor);
	return dividend / divisor;
}

static inline u64 div64_u64_rem(u64 dividend, u64 divisor, u64 *remainder)
{
	*remainder = dividend % divisor;
	return dividend / divisor;
}

static inline u64 div64_u64(u64 dividend, u64 divisor)
{
	return dividend / divisor;
}

static inline s64 div64_s64(s64 dividend, s64 divisor)
{
	return dividend / divisor;
}

static inline u64 div_u64(u64 dividend, u32 divisor)
{
	return dividend / divisor;
}

static inline s64 div_s64(s64 dividend, s32 divisor)
{
	return dividend / divisor;
}

/* How often divisor fits; for a quotient that is known to be small. */
static inline u32 iter_div_u64_rem(u64 dividend, u32 divisor, u64 *remainder)
{
	*remainder = dividend % divisor;
	return (u32)(dividend / divisor);
}

static inline u64 mul_u32_u32(u32 a, u32 b)
{
	return (u64)a * b;
}

/* a * b >> shift, a * mul / div: nothing in between overflows. */
static inline u64 mul_u64_u32_shr(u64 a, u32 mul, unsigned int shift)
{
	return (u64)(((unsigned __int128)a * mul) >> shift);
}

static inline u64 mul_u64_u64_shr(u64 a, u64 mul, unsigned int shift)
{
	return (u64)(((unsigned __int128)a * mul) >> shift);
}

static inline u64 mul_s64_u64_shr(s64 a, u64 b, unsigned int shift)
{
	u64 product = mul_u64_u64_shr(a < 0 ? 0 - (u64)a : (u64)a, b, shift);

	return a < 0 ? 0 - product : product;
}

/* The quotient is to fit into 64 bits: libgcc's division of 128 bits is not in a guest. */
static inline u64 mul_u64_u64_div_u64(u64 a, u64 mul, u64 div)
{
	u64 quotient;
	u64 high;

	asm("mulq %[mul]\n"
	    "divq %[div]\n"
	    : "=a"(quotient), "=&d"(high)
	    : "a"(a), [mul] "rm"(mul), [div] "rm"(div)
	    : "cc");
	return quotient;
}

static inline u64 mul_u64_u32_div(u64 a, u32 mul, u32 div)
{
	return mul_u64_u64_div_u64(a, mul, div);
}

#define DIV64_U64_ROUND_UP(ll, d)                 \
	({                                        \
		u64 _tmp = (d);                   \
		div64_u64((ll) + _tmp - 1, _tmp); \
	})
#define DIV64_U64_ROUND_CLOSEST(dividend, divisor)      \
	({                                              \
		u64 _tmp = (divisor);                   \
		div64_u64((dividend) + _tmp / 2, _tmp); \
	})
#define DIV_U64_ROUND_CLOSEST(dividend, divisor)           \
	({                                                 \
		u32 _tmp = (divisor);                      \
		div_u64((u64)(dividend) + _tmp / 2, _tmp); \
	})
#define DIV_S64_ROUND_CLOSEST(dividend, divisor)                                \
	({                                                                      \
		s64 __dsx = (dividend);                                         \
		s32 __dsd = (divisor);                                          \
		(__dsx > 0) == (__dsd > 0) ? div_s64(__dsx + __dsd / 2, __dsd)  \
					   : div_s64(__dsx - __dsd / 2, __dsd); \
	})

#endif
