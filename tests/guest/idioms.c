/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code that means something in the kernel because Kbuild says so to the compiler, and nothing by
 * the standard alone. tests/guest/install.t builds it with what pkg-config says; what is otherwise
 * than in the kernel is printed, and counted by the status.
 */
#include "virtio/abi/platform.h"
#include <limits.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/types.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

#ifndef __KERNEL__
#error "Makefile of the kernel, KBUILD_CPPFLAGS: -D__KERNEL__"
#endif
_Static_assert(__STDC_VERSION__ == 201112L, "KBUILD_CFLAGS: -std=gnu11");
_Static_assert(CHAR_MIN == 0 && CHAR_MAX == 255, "KBUILD_CFLAGS since 6.2: -funsigned-char");
_Static_assert(sizeof(L""[0]) == 2, "KBUILD_CFLAGS: -fshort-wchar");
_Static_assert(UINT64_MAX == UINT64_C(0xffffffffffffffff) && sizeof(uintptr_t) == 8, "stdint.h");
_Static_assert(alignof(max_align_t) == 16 && offsetof(struct list_head, prev) == 8, "stddef.h");

/* The types differ, the memory is one: -fno-strict-aliasing. */
static __attribute__((noipa)) u32 two_types(u64 *wide, u32 *narrow)
{
	*wide = 1;
	*narrow = 2;
	return (u32)*wide;
}

/* Signed numbers and pointers wrap: -fno-strict-overflow. */
static __attribute__((noipa)) bool next_is_more(int n)
{
	return n + 1 > n;
}

static __attribute__((noipa)) bool end_is_behind(const char *start, size_t length)
{
	return start + length >= start;
}

/* A pointer that was read through may be NULL all the same: -fno-delete-null-pointer-checks. What
 * lies there is the program's first instruction. */
static __attribute__((noipa)) int first_of(const char *p)
{
	int value = p[PLATFORM_IMAGE_VA];

	return p ? value : -1;
}

static __attribute__((noipa)) int member_check(struct list_head *head)
{
	struct list_head **prev = &head->prev;

	/* &head->prev of NULL is 8; of -8, which is no pointer but wraps, NULL. */
	return prev ? 1 : 0;
}

static __attribute__((noipa)) int text_char(const char *text)
{
	return *text;
}

static noreturn __attribute__((unused)) void never(void)
{
	for (;;)
		;
}

static int sum(int n, ...)
{
	va_list list;
	int all = 0;

	va_start(list, n);
	while (n--)
		all += va_arg(list, int);
	va_end(list);
	return all;
}

static int wrong;

static void expect(bool right, const char *what)
{
	if (!right) {
		printk("not as in the kernel: %s\n", what);
		wrong++;
	}
}

int main(int argc, char **argv)
{
	u64 word = 0;

	expect(two_types(&word, (u32 *)&word) == 2, "two types may name one memory");
	expect(!next_is_more(INT_MAX), "a signed number wraps");
	expect(!end_is_behind((const char *)-16l, 32), "a pointer wraps");
	expect(first_of(NULL) == -1, "NULL is looked for after a load, too");
	expect(member_check((struct list_head *)-8l) == 0, "a member's address may be NULL");
	expect(text_char("\xff") == 255, "a char is no negative number");
	expect(sum(3, 1, 2, 3) == 6, "arguments are found");
	return wrong;
}
