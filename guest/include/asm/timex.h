/* SPDX-License-Identifier: BSD-2-Clause */
/* The counter of cycles, as in Linux's <asm/timex.h>. */
#ifndef GUEST_ASM_TIMEX_H
#define GUEST_ASM_TIMEX_H

#include <linux/types.h>

static inline cycles_t get_cycles(void)
{
	return __builtin_ia32_rdtsc();
}

#endif
