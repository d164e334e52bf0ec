/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bits of words and of arrays of words. set_bit(), clear_bit() and change_bit() are
 * atomic and order nothing, test_and_..._bit() are fully ordered; those with two
 * underscores are for one who has the array to himself.
 */
#ifndef GUEST_LINUX_BITOPS_H
#define GUEST_LINUX_BITOPS_H

#include <asm/barrier.h>
#include <asm/byteorder.h>
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>

#define BITS_TO_LONGS(n) (((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define BITS_TO_U64(n)   (((n) + 63) / 64)
#define BITS_TO_U32(n)   (((n) + 31) / 32)
#define BITS_TO_BYTES(n) (((n) + BITS_PER_BYTE - 1) / BITS_PER_BYTE)
#define BIT_MASK(n)      (1UL << ((n) % BITS_PER_LONG))
#define BIT_WORD(n)      ((n) / BITS_PER_LONG)

#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]

/* The low n bytes of a word. */
#define aligned_byte_mask(n) ((1UL << 8 * (n)) - 1)

static __always_inline bool __grt_test_bit(long n, const volatile unsigned long *addr)
{
	return READ_ONCE(addr[BIT_WORD(n)]) & BIT_MASK(n);
}

/* Of a word that the compiler knows, what it knows. */
static __always_inline bool const_test_bit(unsigned long n, const volatile unsigned long *addr)
{
	return ((const unsigned long *)addr)[BIT_WORD(n)] & BIT_MASK(n);
}

#define test_bit(n, addr)                                                                \
	(__builtin_constant_p(n) && __builtin_constant_p(*(const unsigned long *)(addr)) \
		 ? const_test_bit(n, addr)                                               \
		 : __grt_test_bit(n, addr))
#define test_bit_acquire(n, addr) ((bool)(smp_load_acquire(&(addr)[BIT_WORD(n)]) & BIT_MASK(n)))

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

static inline bool test_and_change_bit(long n, volatile unsigned long *addr)
{
	return __atomic_fetch_xor(&addr[BIT_WORD(n)], BIT_MASK(n), __ATOMIC_SEQ_CST) & BIT_MASK(n);
}

/* A bit as a lock: what is done between the two stays between them. */
static inline bool test_and_set_bit_lock(long n, volatile unsigned long *addr)
{
	return __atomic_fetch_or(&addr[BIT_WORD(n)], BIT_MASK(n), __ATOMIC_ACQUIRE) & BIT_MASK(n);
}

static inline void clear_bit_unlock(long n, volatile unsigned long *addr)
{
	__atomic_fetch_and(&addr[BIT_WORD(n)], ~BIT_MASK(n), __ATOMIC_RELEASE);
}

static inline void __clear_bit_unlock(long n, volatile unsigned long *addr)
{
	clear_bit_unlock(n, addr);
}

static __always_inline void __set_bit(long n, volatile unsigned long *addr)
{
	((unsigned long *)addr)[BIT_WORD(n)] |= BIT_MASK(n);
}

static __always_inline void __clear_bit(long n, volatile unsigned long *addr)
{
	((unsigned long *)addr)[BIT_WORD(n)] &= ~BIT_MASK(n);
}

static __always_inline void __change_bit(long n, volatile unsigned long *addr)
{
	((unsigned long *)addr)[BIT_WORD(n)] ^= BIT_MASK(n);
}

static inline bool __test_and_change_bit(long n, volatile unsigned long *addr)
{
	bool was = test_bit(n, addr);

	__change_bit(n, addr);
	return was;
}

static inline void assign_bit(long n, volatile unsigned long *addr, bool value)
{
	if (value)
		set_bit(n, addr);
	else
		clear_bit(n, addr);
}

static inline void __assign_bit(long n, volatile unsigned long *addr, bool value)
{
	if (value)
		__set_bit(n, addr);
	else
		__clear_bit(n, addr);
}

/* Bits by their place in memory, in a byte order: the CPU's is little-endian. */
#define BITOP_LE_SWIZZLE                 0
#define test_bit_le(n, addr)             test_bit(n, (const void *)(addr))
#define set_bit_le(n, addr)              set_bit(n, (void *)(addr))
#define clear_bit_le(n, addr)            clear_bit(n, (void *)(addr))
#define __set_bit_le(n, addr)            __set_bit(n, (void *)(addr))
#define __clear_bit_le(n, addr)          __clear_bit(n, (void *)(addr))
#define test_and_set_bit_le(n, addr)     test_and_set_bit(n, (void *)(addr))
#define test_and_clear_bit_le(n, addr)   test_and_clear_bit(n, (void *)(addr))
#define __test_and_set_bit_le(n, addr)   __test_and_set_bit(n, (void *)(addr))
#define __test_and_clear_bit_le(n, addr) __test_and_clear_bit(n, (void *)(addr))

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
#define __ffs(x)   ((unsigned long)__builtin_ctzl(x))
#define __fls(x)   ((unsigned long)(BITS_PER_LONG - 1 - __builtin_clzl(x)))
#define ffz(x)     __ffs(~(x))
#define __ffs64(x) __ffs((unsigned long)(x))

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

static inline unsigned int hweight16(unsigned int x)
{
	return (unsigned int)hweight64((u16)x);
}

static inline unsigned int hweight8(unsigned int x)
{
	return (unsigned int)hweight64((u8)x);
}

static __always_inline unsigned long hweight_long(unsigned long x)
{
	return hweight64(x);
}

/* The same of a constant, as a constant. */
#define HWEIGHT64(x) ((unsigned int)__builtin_popcountll(x))
#define HWEIGHT32(x) HWEIGHT64((u32)(x))
#define HWEIGHT16(x) HWEIGHT64((u16)(x))
#define HWEIGHT8(x)  HWEIGHT64((u8)(x))

static inline unsigned int fls_long(unsigned long x)
{
	return (unsigned int)fls64(x);
}

/* The least order for which 1 << order is count at least; -1 of 0. */
static inline int get_count_order(unsigned int count)
{
	return count ? fls(count - 1) : -1;
}

static inline int get_count_order_long(unsigned long count)
{
	return count ? fls64(count - 1) : -1;
}

/* How many bits it takes to write count down. */
static inline int get_bitmask_order(unsigned int count)
{
	return fls(count);
}

/* Rotations: to the left by any n, which counts modulo the width. */
#define __guest_rotate(bits)                                                      \
	static inline u##bits rol##bits(u##bits x, unsigned int n)                \
	{                                                                         \
		return (u##bits)(x << (n & (bits - 1)) | x >> (-n & (bits - 1))); \
	}                                                                         \
	static inline u##bits ror##bits(u##bits x, unsigned int n)                \
	{                                                                         \
		return (u##bits)(x >> (n & (bits - 1)) | x << (-n & (bits - 1))); \
	}
__guest_rotate(8) __guest_rotate(16) __guest_rotate(32) __guest_rotate(64)
#undef __guest_rotate

	/* The number whose sign is bit index. */
	static __always_inline s32 sign_extend32(u32 value, int index)
{
	return (s32)(value << (31 - index)) >> (31 - index);
}

static __always_inline s64 sign_extend64(u64 value, int index)
{
	return (s64)(value << (63 - index)) >> (63 - index);
}

/* The number of the n-th bit that is set, counted from 0; BITS_PER_LONG: it has not so many. */
static inline unsigned long fns(unsigned long word, unsigned int n)
{
	while (word && n--)
		word &= word - 1;
	return word ? __ffs(word) : BITS_PER_LONG;
}

/* Sets the bits of mask in *ptr to those of bits, at once. Returns the old value. */
#define set_mask_bits(ptr, mask, bits)                                                             \
	({                                                                                         \
		const __typeof__(*(ptr)) __smb_mask = (mask), __smb_bits = (bits);                 \
		__typeof__(*(ptr)) __smb_old = READ_ONCE(*(ptr));                                  \
		while (!__atomic_compare_exchange_n((ptr), &__smb_old,                             \
						    (__smb_old & ~__smb_mask) | __smb_bits, false, \
						    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))           \
			;                                                                          \
		__smb_old;                                                                         \
	})
/* Clears bits, unless one of test is set. Tells whether it did. */
#define bit_clear_unless(ptr, clear, test)                                                       \
	({                                                                                       \
		const __typeof__(*(ptr)) __bcu_clear = (clear), __bcu_test = (test);             \
		__typeof__(*(ptr)) __bcu_old = READ_ONCE(*(ptr));                                \
		while (!(__bcu_old & __bcu_test) &&                                              \
		       !__atomic_compare_exchange_n((ptr), &__bcu_old, __bcu_old & ~__bcu_clear, \
						    false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))  \
			;                                                                        \
		!(__bcu_old & __bcu_test);                                                       \
	})

#include <linux/find.h>

#endif
