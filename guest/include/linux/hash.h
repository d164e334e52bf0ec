/* SPDX-License-Identifier: BSD-2-Clause */
/* Hashes of numbers and pointers by a multiplication, as in Linux's <linux/hash.h>. */
#ifndef GUEST_LINUX_HASH_H
#define GUEST_LINUX_HASH_H

#include <asm/types.h>
#include <linux/compiler.h>
#include <linux/types.h>

/* 2^32 and 2^64 by the square of the golden ratio: Knuth, "The Art of Computer Programming", 6.4. */
#define GOLDEN_RATIO_32    0x61C88647
#define GOLDEN_RATIO_64    0x61C8864680B583EBull
#define GOLDEN_RATIO_PRIME GOLDEN_RATIO_64

#define hash_long(val, bits) hash_64(val, bits)

static inline u32 __hash_32_generic(u32 val)
{
	return val * GOLDEN_RATIO_32;
}

#define __hash_32 __hash_32_generic

/* To bits of them, which are the high ones. */
static inline u32 hash_32(u32 val, unsigned int bits)
{
	return __hash_32(val) >> (32 - bits);
}

static __always_inline u32 hash_64_generic(u64 val, unsigned int bits)
{
	return (u32)(val * GOLDEN_RATIO_64 >> (64 - bits));
}

#define hash_64 hash_64_generic

static inline u32 hash_ptr(const void *ptr, unsigned int bits)
{
	return hash_long((unsigned long)ptr, bits);
}

/* All 32 bits, without a multiplication. */
static inline u32 hash32_ptr(const void *ptr)
{
	return (u32)((unsigned long)ptr ^ (unsigned long)ptr >> 32);
}

#endif
