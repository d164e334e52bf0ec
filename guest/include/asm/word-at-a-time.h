/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings by the word, as in Linux's <asm/word-at-a-time.h>: which of eight bytes is the first 0. */
#ifndef GUEST_ASM_WORD_AT_A_TIME_H
#define GUEST_ASM_WORD_AT_A_TIME_H

#include <linux/bitops.h>
#include <linux/kernel.h>

struct word_at_a_time {
	const unsigned long one_bits, high_bits;
};

#define WORD_AT_A_TIME_CONSTANTS                     \
	{                                            \
		REPEAT_BYTE(0x01), REPEAT_BYTE(0x80) \
	}

/* Nonzero if a byte of a is 0, with the top bit of the first such byte set as its lowest bit.
 * (Mycroft; Warren, "Hacker's Delight", 6.1.) */
static inline unsigned long has_zero(unsigned long a, unsigned long *bits,
				     const struct word_at_a_time *c)
{
	*bits = (a - c->one_bits) & ~a & c->high_bits;
	return *bits;
}

static inline unsigned long prep_zero_mask(unsigned long a, unsigned long bits,
					   const struct word_at_a_time *c)
{
	(void)a;
	(void)c;
	return bits;
}

/* All bits of the bytes before the first 0. */
static inline unsigned long create_zero_mask(unsigned long bits)
{
	return (bits - 1) & ~bits;
}

#define zero_bytemask(mask) ((mask) >> 7)

/* The number of that byte. */
static inline unsigned long find_zero(unsigned long mask)
{
	return hweight64(mask) / 8;
}

/* A word at any address in mapped memory; what lies beyond the page of its first byte reads as 0. */
static inline unsigned long load_unaligned_zeropad(const void *addr)
{
	const unsigned long offset = (unsigned long)addr % sizeof(long);
	unsigned long word = 0;

	if (((unsigned long)addr & 4095) <= 4096 - sizeof(long))
		__builtin_memcpy(&word, addr, sizeof(word));
	else
		word = *(const unsigned long *)((unsigned long)addr - offset) >> offset * 8;
	return word;
}

#endif
