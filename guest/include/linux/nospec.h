/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits that hold under speculation, too: as in Linux's <linux/nospec.h>. */
#ifndef GUEST_LINUX_NOSPEC_H
#define GUEST_LINUX_NOSPEC_H

#include <linux/compiler.h>

#define barrier_nospec() asm volatile("lfence" : : : "memory")

/* All ones if index < size, else 0, without a branch that could be guessed. */
static inline unsigned long array_index_mask_nospec(unsigned long index, unsigned long size)
{
	unsigned long mask;

	asm volatile("cmpq %2, %1; sbbq %0, %0" : "=r"(mask) : "r"(index), "rm"(size) : "cc");
	return mask;
}

/* index, or 0 if it is not less than size. */
#define array_index_nospec(index, size)                                                     \
	({                                                                                  \
		__typeof__(index) __ain_i = (index);                                        \
		__typeof__(size) __ain_s = (size);                                          \
		(__typeof__(__ain_i))(__ain_i & array_index_mask_nospec(__ain_i, __ain_s)); \
	})

#endif
