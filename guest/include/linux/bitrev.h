/* SPDX-License-Identifier: BSD-2-Clause */
/* The bits of a word the other way round, as in Linux's <linux/bitrev.h>. */
#ifndef GUEST_LINUX_BITREV_H
#define GUEST_LINUX_BITREV_H

#include <linux/swab.h>
#include <linux/types.h>

/* Of each byte. */
static inline u64 __bitrev_bytes(u64 x)
{
	x = (x >> 1 & 0x5555555555555555ull) | (x & 0x5555555555555555ull) << 1;
	x = (x >> 2 & 0x3333333333333333ull) | (x & 0x3333333333333333ull) << 2;
	return (x >> 4 & 0x0f0f0f0f0f0f0f0full) | (x & 0x0f0f0f0f0f0f0f0full) << 4;
}

#define bitrev8(x)   ((u8)__bitrev_bytes((u8)(x)))
#define bitrev16(x)  ((u16)__swab16((u16)__bitrev_bytes((u16)(x))))
#define bitrev32(x)  ((u32)__swab32((u32)__bitrev_bytes((u32)(x))))
#define bitrev8x4(x) ((u32)__bitrev_bytes((u32)(x)))

#endif
