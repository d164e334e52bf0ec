/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies to and from user memory: what is mapped, what is not, and the edge between. */
#include "selftest.h"
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

/* Three pages in a row: readable and writable, read-only, not mapped. */
static u8 __user *area, __user *readonly, __user *hole;

#define KERNEL_ADDR ((void __user *)0xffff888000001000ul)

static void duplicates(void)
{
	u8 data[300];
	u64 before;
	bool fault = true;
	char *s;
	u8 *p;

	pattern_fill(data, sizeof(data), 21);
	check(copy_to_user(area, data, sizeof(data)) == 0, "copy_to_user: all copied");
	p = memdup_user(area, sizeof(data));
	check(!IS_ERR_OR_NULL(p) && pattern_holds(p, sizeof(data), 21),
	      "memdup_user: an equal copy");
	if (!IS_ERR_OR_NULL(p))
		kfree(p);
	before = objects_out();
	for (unsigned int i = 0; i < 20; i++) {
		fault = fault && memdup_user(hole - 8, 16) == ERR_PTR(-EFAULT);
		fault = fault && memdup_user_nul(hole - 8, 16) == ERR_PTR(-EFAULT);
	}
	check(fault, "memdup_user: ERR_PTR(-EFAULT) where not all can be read");
	check(objects_out() == before, "memdup_user: nothing leaks on a fault");
	check(memdup_user(NULL, 10) == ERR_PTR(-EFAULT), "memdup_user: NULL is -EFAULT");
	check(memdup_user(KERNEL_ADDR, 8) == ERR_PTR(-EFAULT),
	      "memdup_user: beyond user space is -EFAULT");
	check(memdup_user(area, KMALLOC_MAX_SIZE + 1) == ERR_PTR(-ENOMEM),
	      "memdup_user: ERR_PTR(-ENOMEM) when there is no memory, never NULL");
	p = memdup_user(area, 0);
	check(p == ZERO_SIZE_PTR, "memdup_user: no bytes give ZERO_SIZE_PTR");
	s = memdup_user_nul(area, 40);
	check(!IS_ERR_OR_NULL(s) && !memcmp(s, data, 40) && !s[40],
	      "memdup_user_nul: adds the NUL after len bytes");
	if (!IS_ERR_OR_NULL(s))
		kfree(s);
}

static void copies(void)
{
	u8 data[64];
	u8 back[64];
	volatile size_t size;

	memset(data, 0x3c, sizeof(data));
	check(copy_to_user(area + 100, data, 64) == 0 &&
		      copy_from_user(back, area + 100, 64) == 0 && !memcmp(data, back, 64),
	      "copy_from_user: what copy_to_user put there");
	check(copy_to_user(readonly - 24, data, 64) == 40,
	      "copy_to_user: the bytes it could not copy, at the edge of a read-only page");
	memset(back, 0xff, sizeof(back));
	check(copy_from_user(back, hole - 24, 64) == 40,
	      "copy_from_user: the bytes it could not copy, at the edge of a mapping");
	check(bytes_are(back, 24, 0) && bytes_are(back + 24, 40, 0),
	      "copy_from_user: zero-fills what it could not copy");
	check(copy_to_user(hole, data, 8) == 8, "copy_to_user: nothing copied where nothing is");
	check(copy_to_user(KERNEL_ADDR, data, 8) == 8, "copy_to_user: not beyond user space");
	memset(back, 0xff, sizeof(back));
	check(copy_from_user(back, KERNEL_ADDR, 8) == 8 && bytes_are(back, 8, 0),
	      "copy_from_user: not beyond user space");
	check(copy_from_user(back, hole, 0) == 0, "copy_from_user: no bytes, no fault");
	size = (size_t)-8;
	memset(back, 0xff, sizeof(back));
	check(copy_from_user(back, area, size) == size && bytes_are(back, 64, 0xff),
	      "copy_from_user: a size that is negative is refused, the target left alone");
	check(copy_to_user(area, data, size) == size && copy_to_user(hole, data, size) == size,
	      "copy_to_user: a size that is negative is refused");
	check(clear_user(area + 100, 64) == 0 && copy_from_user(back, area + 100, 64) == 0 &&
		      bytes_are(back, 64, 0),
	      "clear_user: zeroes");
	check(clear_user(readonly - 8, 16) == 8, "clear_user: the bytes it could not clear");
	check(access_ok(area, 64) && !access_ok(KERNEL_ADDR, 8) && !access_ok(area, ~0ul),
	      "access_ok: within user space only");
}

static void words(void)
{
	u64 __user *w64 = (u64 __user *)(area + 512);
	u32 __user *w32 = (u32 __user *)(area + 520);
	u16 __user *w16 = (u16 __user *)(area + 524);
	u8 __user *w8 = area + 526;
	u64 v64 = 0;
	u32 v32 = 0;
	u16 v16 = 0;
	u8 v8 = 0;

	check(!put_user(0x1122334455667788ull, w64) && !put_user(0x99aabbccu, w32) &&
		      !put_user((u16)0xddee, w16) && !put_user((u8)0xff, w8),
	      "put_user: 1, 2, 4 and 8 bytes");
	check(!get_user(v64, w64) && v64 == 0x1122334455667788ull && !get_user(v32, w32) &&
		      v32 == 0x99aabbccu && !get_user(v16, w16) && v16 == 0xddee &&
		      !get_user(v8, w8) && v8 == 0xff,
	      "get_user: 1, 2, 4 and 8 bytes");
	check(get_user(v64, (u64 __user *)hole) == -EFAULT && v64 == 0,
	      "get_user: -EFAULT where nothing is mapped, and the value is 0");
	check(get_user(v64, (u64 __user *)KERNEL_ADDR) == -EFAULT,
	      "get_user: -EFAULT beyond user space");
	check(get_user(v64, (u64 __user *)(hole - 4)) == -EFAULT,
	      "get_user: -EFAULT across the edge of a mapping");
	check(put_user(1ull, (u64 __user *)readonly) == -EFAULT,
	      "put_user: -EFAULT on a read-only page");
	check(!get_user(v64, (u64 __user *)readonly) && v64 == 0,
	      "get_user: a page never touched reads as zero");
	check(put_user(1u, (u32 __user *)NULL) == -EFAULT, "put_user: -EFAULT at NULL");
}

static void strings(void)
{
	static const char text[] = "user string";
	char back[32];

	check(!copy_to_user(area, text, sizeof(text)), "strncpy_from_user: a string to read");
	memset(back, 'x', sizeof(back));
	check(strncpy_from_user(back, (char __user *)area, sizeof(back)) == sizeof(text) - 1 &&
		      !strcmp(back, text),
	      "strncpy_from_user: the string and its length");
	memset(back, 'x', sizeof(back));
	check(strncpy_from_user(back, (char __user *)area, 4) == 4 && !memcmp(back, "userx", 5),
	      "strncpy_from_user: cut at count, no NUL then");
	check(!copy_to_user(hole - PAGE_SIZE - 5, "end", 4) &&
		      strncpy_from_user(back, (char __user *)hole - PAGE_SIZE - 5, 32) == 3,
	      "strncpy_from_user: up to the NUL just before a page's end");
	check(strncpy_from_user(back, (char __user *)hole, 32) == -EFAULT,
	      "strncpy_from_user: -EFAULT where nothing is mapped");
	check(strncpy_from_user(back, (char __user *)KERNEL_ADDR, 32) == -EFAULT,
	      "strncpy_from_user: -EFAULT beyond user space");
	check(strncpy_from_user(back, (char __user *)area, 0) == 0, "strncpy_from_user: count 0");
	check(strnlen_user((char __user *)area, 100) == sizeof(text),
	      "strnlen_user: the length, its NUL counted");
	check(strnlen_user((char __user *)area, 4) > 4, "strnlen_user: more than n when longer");
	check(strnlen_user((char __user *)hole, 100) == 0,
	      "strnlen_user: 0 where nothing is mapped");
}

static void structs(void)
{
	u64 known[3];

	check(!clear_user(area, 64) && check_zeroed_user(area, 64) == 1,
	      "check_zeroed_user: 1 when all is zero");
	check(!put_user((u8)1, area + 63) && check_zeroed_user(area, 64) == 0 &&
		      check_zeroed_user(area, 63) == 1,
	      "check_zeroed_user: 0 when the last byte is not");
	check(check_zeroed_user(hole, 8) == -EFAULT, "check_zeroed_user: -EFAULT");
	check(copy_struct_from_user(known, sizeof(known), area, 64) == -E2BIG,
	      "copy_struct_from_user: -E2BIG when what we do not know is set");
	check(!put_user((u8)0, area + 63) && !put_user((u8)5, area + 8) &&
		      copy_struct_from_user(known, sizeof(known), area, 64) == 0 && known[1] == 5,
	      "copy_struct_from_user: a larger struct whose rest is zero");
	memset(known, 0xff, sizeof(known));
	check(copy_struct_from_user(known, sizeof(known), area, 16) == 0 && known[1] == 5 &&
		      known[2] == 0,
	      "copy_struct_from_user: a smaller struct, the rest zeroed");
	check(copy_struct_from_user(known, sizeof(known), hole, 16) == -EFAULT,
	      "copy_struct_from_user: -EFAULT");
}

void test_user(void)
{
	u64 before = objects_out();

	area = user_area(3, true);
	if (area) {
		readonly = area + PAGE_SIZE;
		hole = area + 2 * PAGE_SIZE;
	}
	check(area && !user_protect(readonly, 1, false) && !user_release(hole, 1),
	      "user_mmap: pages to read and write, to read only, and a hole");
	if (!area)
		return;
	*(volatile u8 __force *)area = 1;
	check(*(volatile u8 __force *)(area + 1) == 0,
	      "user_mmap: a page comes with its first touch");
	duplicates();
	copies();
	words();
	strings();
	structs();
	check(!user_release(area, 2), "user_munmap: gives the pages back");
	check(copy_to_user(area, "x", 1) == 1, "user_munmap: and they are gone");
	check(objects_out() == before, "user family: nothing leaked");
}
