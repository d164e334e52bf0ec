/* SPDX-License-Identifier: BSD-2-Clause */
/* Logarithms and powers of two, as in Linux's <linux/log2.h>. */
#ifndef GUEST_LINUX_LOG2_H
#define GUEST_LINUX_LOG2_H

#include <linux/types.h>

/* Of n > 0, rounded down; a constant for a constant. */
#define ilog2(n) (63 - __builtin_clzll(n))

static inline bool is_power_of_2(unsigned long n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

static inline unsigned long roundup_pow_of_two(unsigned long n)
{
	return n <= 1 ? 1 : 1UL << (ilog2(n - 1) + 1);
}

static inline unsigned long rounddown_pow_of_two(unsigned long n)
{
	return 1UL << ilog2(n);
}

static inline int order_base_2(unsigned long n)
{
	return n <= 1 ? 0 : ilog2(n - 1) + 1;
}

#endif
