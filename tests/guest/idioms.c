/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code that means something in the kernel because Kbuild says so to the compiler, and nothing by
 * the standard alone. tests/guest/install.t builds it with what pkg-config says; what is otherwise
 * than in the kernel is printed, and counted by the status.
 */
#include "virtio/abi/platform.h"
#include <limits.h>
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
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

/* A statement wherever one may stand, of what is constant once it is inlined. */
static inline __attribute__((__always_inline__)) int powers_only(unsigned int n, bool look)
{
	if (look)
		BUILD_BUG_ON(n & (n - 1));
	else
		BUILD_BUG_ON_MSG(n > 4096, "too much");
	BUILD_BUG_ON_NOT_POWER_OF_2(n);
	switch (n) {
	case 0:
		BUILD_BUG();
		break;
	default:
		break;
	}
	return (int)n;
}

/* Entries of page tables are structures. */
typedef struct {
	unsigned long pte;
} pte_t;

static __attribute__((noipa)) unsigned long entry(pte_t *table, const volatile pte_t *other)
{
	pte_t old = READ_ONCE(*table);

	WRITE_ONCE(*table, ((pte_t){old.pte + 1}));
	return READ_ONCE(*table).pte + READ_ONCE(*other).pte + READ_ONCE(READ_ONCE(table)->pte);
}

static __attribute__((noipa)) int once(int *calls)
{
	return ++*calls;
}

/* min() and max() of constants are one, where statements may stand. */
static size_t rooms(void)
{
	struct room {
		char most[max(4, 7)];
		char least[min(4ul, 7ul)];
		char kept[clamp(9, 1, 5)];
		char three[MAX(3, MIN(8, 9))];
	};
	static const int most = max(3, 4);

	return sizeof(struct room) + most;
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
	u8 narrow = 200;
	size_t wide = 100;
	int calls = 0;
	pte_t table = {1};

	expect(two_types(&word, (u32 *)&word) == 2, "two types may name one memory");
	expect(!next_is_more(INT_MAX), "a signed number wraps");
	expect(!end_is_behind((const char *)-16L, 32), "a pointer wraps");
	expect(first_of(NULL) == -1, "NULL is looked for after a load, too");
	expect(member_check((struct list_head *)-8L) == 0, "a member's address may be NULL");
	expect(text_char("\xff") == 255, "a char is no negative number");
	expect(sum(3, 1, 2, 3) == 6, "arguments are found");
	expect(powers_only(64, true) == 64 && powers_only(8, false) == 8,
	       "BUILD_BUG_ON is a statement");
	expect(rooms() == 7 + 4 + 5 + 8 + 4, "max() of constants is a constant");
	expect(max(once(&calls), 0) == 1 && min(2, once(&calls)) == 2 && calls == 2 &&
		       clamp(once(&calls), 0, 9) == 3 && min_t(u8, once(&calls), 255) == 4,
	       "what is compared is evaluated once");
	expect(min(wide, 7) == 7 && max(narrow, -1) == 200 && umax(calls, wide) == 100,
	       "types may differ where no sign is lost");
	expect(entry(&table, &table) == 6 && table.pte == 2, "READ_ONCE() takes a structure");
	return wrong;
}
