/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers of two decimal digits, four bits each, as in Linux's <linux/bcd.h>. */
#ifndef GUEST_LINUX_BCD_H
#define GUEST_LINUX_BCD_H

#include <linux/compiler.h>

#define const_bcd2bin(x) (((x)&0x0f) + ((x) >> 4) * 10)
#define const_bin2bcd(x) ((((x) / 10) << 4) + (x) % 10)
#define bcd2bin(x)       ((unsigned int)const_bcd2bin((unsigned char)(x)))
#define bin2bcd(x)       ((unsigned char)const_bin2bcd((unsigned int)(x)))

#endif
