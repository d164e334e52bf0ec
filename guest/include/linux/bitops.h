/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bits of words and of arrays of words. set_bit(), clear_bit() and change_bit() are
 * atomic and order nothing, test_and_..._bit() are fully ordered; those with two
 * underscores are for one who has the array to himself.
 */
#ifndef GUEST_LINUX_BITOPS_H
#define GUEST_LINUX_BITOPS_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>

#define BITS_TO_LONGS(n) (((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define BIT_MASK(n)      (1UL << ((n) % BITS_PER_LONG))
#define BIT_WORD(n)      ((n) / BITS_PER_LONG)

#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]

static inline bool test_bit(long n, const volatile unsigned long *addr)
{
	return READ_ONCE(addr[BIT_WORD(n)]) & BIT_MASK(n);
}

static inline void set_bit(long n, volatile unsigned long *addr)
{
	__atomic_fetch_or(&addr[BIT_WORD(n)], BIT_MASK(n), __ATOMIC_RELAXED);
}

static inline void clear_bit(long n, volatile unsigned long *addr)
{
	__atomic_fetch_and(&addr[BIT_WORD(n)], ~BIT_MASK(n), __ATOMIC_RELAXED);
}

static inline void change_bit(long n, volatile unsigned long *addr)
{
	__atomic_fetch_xor(&addr[BIT_WORD(n)], BIT_MASK(n), __ATOMIC_RELAXED);
}

static inline bool test_and_set_bit(long n, volatile unsigned long *addr)
{
	return __atomic_fetch_or(&addr[BIT_WORD(n)], BIT_MASK(n), __ATOMIC_SEQ_CST) & BIT_MASK(n);
}

static inline bool test_and_clear_bit(long n, volatile unsigned long *addr)
{
	return __atomic_fetch_and(&addr[BIT_WORD(n)], ~BIT_MASK(n), __ATOMIC_SEQ_CST) & BIT_MASK(n);
}

static inline void __set_bit(long n, volatile unsigned long *addr)
{
	addr[BIT_WORD(n)] |= BIT_MASK(n);
}

static inline void __clear_bit(long n, volatile unsigned long *addr)
{
	addr[BIT_WORD(n)] &= ~BIT_MASK(n);
}

static inline bool __test_and_set_bit(long n, volatile unsigned long *addr)
{
	bool was = test_bit(n, addr);

	__set_bit(n, addr);
	return was;
}

static inline bool __test_and_clear_bit(long n, volatile unsigned long *addr)
{
	bool was = test_bit(n, addr);

	__clear_bit(n, addr);
	return was;
}

/* The number of the first, or last, bit that is set; of 0 it means nothing. */
#define __ffs(x) ((unsigned long)__builtin_ctzl(x))
#define __fls(x) ((unsigned long)(BITS_PER_LONG - 1 - __builtin_clzl(x)))
#define ffz(x)   __ffs(~(x))

/* The same counted from 1; 0 of 0. In the hosted build ffs() is the C library's. */
static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

#ifndef SLABVISOR_HOSTED
static inline int ffs(int x)
{
	return __builtin_ffs(x);
}
#endif

/* How many bits are set. */
static inline unsigned long hweight64(u64 x)
{
	x -= x >> 1 & 0x5555555555555555ull;
	x = (x & 0x3333333333333333ull) + (x >> 2 & 0x3333333333333333ull);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return (x * 0x0101010101010101ull) >> 56;
}

static inline unsigned int hweight32(u32 x)
{
	return (unsigned int)hweight64(x);
}

static inline unsigned long hweight_long(unsigned long x)
{
	return hweight64(x);
}

#endif
