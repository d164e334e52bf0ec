/* SPDX-License-Identifier: BSD-2-Clause */
/* Masks of bits, as in Linux's <linux/bits.h>. */
#ifndef GUEST_LINUX_BITS_H
#define GUEST_LINUX_BITS_H

#include <linux/build_bug.h>

#define BITS_PER_BYTE      8
#define BITS_PER_LONG      64
#define BITS_PER_LONG_LONG 64
#define BITS_PER_TYPE(t)   (sizeof(t) * BITS_PER_BYTE)

#ifndef BIT
#define BIT(n) (1UL << (n))
#endif
#define BIT_ULL(n) (1ULL << (n))

/* An error of compilation where both are constants in the wrong order. */
#define GENMASK_INPUT_CHECK(h, l) \
	(BUILD_BUG_ON_ZERO(__builtin_choose_expr(__builtin_constant_p((l) > (h)), (l) > (h), 0)))
/* Bits l..h set, both included. */
#define GENMASK(h, l)     ((~0UL << (l)) & (~0UL >> (BITS_PER_LONG - 1 - (h))))
#define GENMASK_ULL(h, l) ((~0ULL << (l)) & (~0ULL >> (BITS_PER_LONG_LONG - 1 - (h))))

#endif
