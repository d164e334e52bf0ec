/* SPDX-License-Identifier: BSD-2-Clause */
/* Of a network's buffer slab_bulk_test takes the size, which is that of Linux 6.1 on x86-64. */
#ifndef TESTS_LINUX_SKBUFF_H
#define TESTS_LINUX_SKBUFF_H

#include <linux/types.h>

struct sk_buff {
	u8 bytes[232];
} __attribute__((__aligned__(8)));

#endif
