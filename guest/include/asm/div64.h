/* SPDX-License-Identifier: BSD-2-Clause */
/* do_div(), as in Linux's <asm/div64.h>. */
#ifndef GUEST_ASM_DIV64_H
#define GUEST_ASM_DIV64_H

#include <linux/types.h>

/* Divides n, a u64 variable, by base, a u32, in place. The value is what is left over. */
#define do_div(n, base)                                     \
	({                                                  \
		u32 __dd_base = (base);                     \
		u32 __dd_rem = (u32)((u64)(n) % __dd_base); \
		(n) = (u64)(n) / __dd_base;                 \
		__dd_rem;                                   \
	})

#endif
