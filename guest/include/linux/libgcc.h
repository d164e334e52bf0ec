/* SPDX-License-Identifier: BSD-2-Clause */
/* The types of the functions that a compiler may call for what its CPU lacks. x86-64 lacks none of
 * it; they are for sources that bring such functions. */
#ifndef GUEST_LINUX_LIBGCC_H
#define GUEST_LINUX_LIBGCC_H

#include <asm/byteorder.h>
#include <linux/compiler.h>

typedef int word_type __attribute__((__mode__(__word__)));

struct DWstruct {
	int low, high;
};

typedef union {
	struct DWstruct s;
	long long ll;
} DWunion;

#endif
