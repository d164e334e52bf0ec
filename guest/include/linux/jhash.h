/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bob Jenkins' hash "lookup3", of 2006 and in the public domain, by Linux's names: of bytes, of
 * words of 32 bits, of up to three of them. Its values are those of <linux/jhash.h>.
 */
#ifndef GUEST_LINUX_JHASH_H
#define GUEST_LINUX_JHASH_H

#include <linux/bitops.h>
#include <linux/types.h>

#define JHASH_INITVAL 0xdeadbeef

#define jhash_size(n) ((u32)1 << (n))
#define jhash_mask(n) (jhash_size(n) - 1)

/* Lengths are in bytes, and in words. */
u32 jhash(const void *key, u32 length, u32 initval);
u32 jhash2(const u32 *words, u32 length, u32 initval);
u32 jhash_3words(u32 a, u32 b, u32 c, u32 initval);

static inline u32 jhash_2words(u32 a, u32 b, u32 initval)
{
	/* Jenkins' start depends on the length, which is to be 8 bytes. */
	return jhash_3words(a, b, 0, initval - 4);
}

static inline u32 jhash_1word(u32 a, u32 initval)
{
	return jhash_3words(a, 0, 0, initval - 8);
}

#endif
