/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes the other way round, as in Linux's <linux/swab.h>. A constant for a constant. */
#ifndef GUEST_LINUX_SWAB_H
#define GUEST_LINUX_SWAB_H

#include <linux/types.h>

#define __swab16(x) ((__u16)__builtin_bswap16((__u16)(x)))
#define __swab32(x) ((__u32)__builtin_bswap32((__u32)(x)))
#define __swab64(x) ((__u64)__builtin_bswap64((__u64)(x)))
#define __swab(x)   ((unsigned long)__builtin_bswap64((unsigned long)(x)))
/* The halves of a word changed; the bytes within each half changed. */
#define __swahw32(x) ((__u32)((__u32)(x) << 16 | (__u32)(x) >> 16))
#define __swahb32(x) __swab32(__swahw32(x))

static inline __u16 __swab16p(const __u16 *p)
{
	return __swab16(*p);
}

static inline __u32 __swab32p(const __u32 *p)
{
	return __swab32(*p);
}

static inline __u64 __swab64p(const __u64 *p)
{
	return __swab64(*p);
}

static inline void __swab16s(__u16 *p)
{
	*p = __swab16(*p);
}

static inline void __swab32s(__u32 *p)
{
	*p = __swab32(*p);
}

static inline void __swab64s(__u64 *p)
{
	*p = __swab64(*p);
}

#define swab16  __swab16
#define swab32  __swab32
#define swab64  __swab64
#define swab    __swab
#define swahw32 __swahw32
#define swahb32 __swahb32
#define swab16p __swab16p
#define swab32p __swab32p
#define swab64p __swab64p
#define swab16s __swab16s
#define swab32s __swab32s
#define swab64s __swab64s

/* n words, each for itself. */
static inline void swab16_array(u16 *words, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		words[i] = __swab16(words[i]);
}

static inline void swab32_array(u32 *words, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		words[i] = __swab32(words[i]);
}

static inline void swab64_array(u64 *words, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		words[i] = __swab64(words[i]);
}

#endif
