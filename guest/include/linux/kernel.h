/* SPDX-License-Identifier: BSD-2-Clause */
/* What every kernel file takes for granted. The C library includes this file too. */
#ifdef SLABVISOR_HOSTED
#include_next <linux/kernel.h>
#endif
#ifndef GUEST_LINUX_KERNEL_H
#define GUEST_LINUX_KERNEL_H

#include <linux/align.h>
#include <linux/array_size.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/hex.h>
#include <linux/init.h>
#include <linux/kconfig.h>
#include <linux/kstrtox.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/panic.h>
#include <linux/printk.h>
#include <linux/sprintf.h>
#include <linux/stdarg.h>
#include <linux/stddef.h>
#include <linux/stringify.h>
#include <linux/types.h>

#define REPEAT_BYTE(x) ((~0ul / 0xff) * (x))

#define upper_32_bits(n) ((u32)(((n) >> 16) >> 16))
#define lower_32_bits(n) ((u32)((n)&0xffffffff))
#define upper_16_bits(n) ((u16)((n) >> 16))
#define lower_16_bits(n) ((u16)((n)&0xffff))

/* User space hands pointers over as 64-bit numbers. */
#define u64_to_user_ptr(x) ((void __user *)(unsigned long)(u64)(x))

/* What Linux checks when it is built for that. */
#define might_sleep() \
	do {          \
	} while (0)
#define might_fault()     might_sleep()
#define cant_sleep()      might_sleep()
#define non_block_start() might_sleep()
#define non_block_end()   might_sleep()

#define PTR_IF(cond, ptr) ((cond) ? (ptr) : NULL)

/* trace_printk() goes to the console, as there is no other place. */
#define trace_printk(...) printk(__VA_ARGS__)

/* The smaller types of numbers in text: <linux/kstrtox.h>. */
#define __is_defined(x) __kconfig_is_1(x)

/*
 * Options in text, as command lines have them. get_option() reads a number at *str, moves *str past
 * it and what follows, and returns 0: there is none; 1: nothing follows; 2: a comma does; 3: "-",
 * a range, of which *str is at the "-". pint may be NULL, for an answer alone. get_options() reads
 * numbers and ranges with commas between into ints[1] and up, of which ints has nints with ints[0],
 * the count. With nints 0 it only counts into ints[0]. Returns where it stopped. memparse() reads
 * a number with a K, M, G, T, P or E behind, for powers of 1024; retptr, unless NULL, is the end.
 */
int get_option(char **str, int *pint);
char *get_options(const char *str, int nints, int *ints);
unsigned long long memparse(const char *ptr, char **retptr);
/* Tells whether option is one of those in str, which has commas between. */
bool parse_option_str(const char *str, const char *option);
/* Takes one argument off args: *param is its name, *val what follows a "=", or NULL. Quotes keep
 * blanks together. Returns the rest. */
char *next_arg(char *args, char **param, char **val);

#endif
