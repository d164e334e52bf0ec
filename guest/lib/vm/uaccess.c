/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access to user memory. Each instruction here that touches it has an entry in the
 * exception table. The copies are string instructions, whose count says at a fault how
 * far they came; by words first, because emulators take them one at a time, and by bytes
 * from the word at fault on, so that the count of what is left is exact.
 */
#include "guest/lib/machine/extable.h"
#include <linux/bug.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/uaccess.h>

/* One side is user memory. Returns the bytes left. */
static unsigned long raw_copy(void *to, const void *from, unsigned long n)
{
	unsigned long left = n / 8;

	asm volatile("1: rep movsq\n"
		     "   movq %[rest], %%rcx\n"
		     "2: rep movsb\n"
		     "3:\n"
		     ".subsection 1\n"
		     "4: leaq (%[rest], %%rcx, 8), %%rcx\n"
		     "   jmp 2b\n"
		     ".previous\n" EX_TABLE("1b", "4b") EX_TABLE("2b", "3b")
		     : "+&c"(left), "+&D"(to), "+&S"(from)
		     : [rest] "r"(n % 8)
		     : "memory");
	return left;
}

unsigned long raw_copy_from_user(void *to, const void __user *from, unsigned long n)
{
	return raw_copy(to, from, n);
}

unsigned long raw_copy_to_user(void __user *to, const void *from, unsigned long n)
{
	return raw_copy(to, from, n);
}

/* A size that is negative as an int comes from arithmetic on what a user said: as in
 * Linux nothing is done then, not even zero-filling, whose target has no such size. */
static bool size_ok(unsigned long n)
{
	return !WARN_ON_ONCE(n > INT_MAX);
}

unsigned long copy_from_user(void *to, const void __user *from, unsigned long n)
{
	unsigned long left;

	if (!size_ok(n))
		return n;
	left = access_ok(from, n) ? raw_copy(to, from, n) : n;
	if (unlikely(left))
		memset((char *)to + (n - left), 0, left);
	return left;
}

unsigned long copy_to_user(void __user *to, const void *from, unsigned long n)
{
	return size_ok(n) && access_ok(to, n) ? raw_copy(to, from, n) : n;
}

unsigned long clear_user(void __user *to, unsigned long n)
{
	unsigned long left = n / 8;

	if (!access_ok(to, n))
		return n;
	asm volatile("1: rep stosq\n"
		     "   movq %[rest], %%rcx\n"
		     "2: rep stosb\n"
		     "3:\n"
		     ".subsection 1\n"
		     "4: leaq (%[rest], %%rcx, 8), %%rcx\n"
		     "   jmp 2b\n"
		     ".previous\n" EX_TABLE("1b", "4b") EX_TABLE("2b", "3b")
		     : "+&c"(left), "+&D"(to)
		     : "a"(0), [rest] "r"(n % 8)
		     : "memory");
	return left;
}

#define GET(insn, reg)                             \
	asm volatile("1: " insn " %2, %" reg "0\n" \
		     "   xorl %1, %1\n"            \
		     "2:\n" EX_TABLE("1b", "2b")   \
		     : "+r"(v), "+r"(err)          \
		     : "m"(*(const char *)ptr)     \
		     : "cc")

int grt_get_user(u64 *value, const void __user *ptr, unsigned int size)
{
	int err = -EFAULT;
	u64 v = 0;

	if (access_ok(ptr, size)) {
		if (size == 1)
			GET("movzbl", "k");
		else if (size == 2)
			GET("movzwl", "k");
		else if (size == 4)
			GET("movl", "k");
		else
			GET("movq", "q");
	}
	*value = v;
	return err;
}

#define PUT(insn, reg)                               \
	asm volatile("1: " insn " %" reg "2, %1\n"   \
		     "   xorl %0, %0\n"              \
		     "2:\n" EX_TABLE("1b", "2b")     \
		     : "+r"(err), "=m"(*(char *)ptr) \
		     : "r"(value)                    \
		     : "cc", "memory")

int grt_put_user(u64 value, void __user *ptr, unsigned int size)
{
	int err = -EFAULT;

	if (!access_ok(ptr, size))
		return err;
	if (size == 1)
		PUT("movb", "b");
	else if (size == 2)
		PUT("movw", "w");
	else if (size == 4)
		PUT("movl", "k");
	else
		PUT("movq", "q");
	return err;
}

/* Reads the aligned word that holds addr. No page ends within it. */
static bool get_word(unsigned long addr, u64 *word)
{
	return grt_get_user(word, (const void *)(addr & ~7ul), 8) == 0;
}

/* How many of at most n bytes come before the first NUL; *nul: whether there is one. */
static long find_nul(unsigned long addr, unsigned long n, bool *nul)
{
	unsigned long len = 0;
	u64 word = 0;

	*nul = false;
	for (; len < n; len++) {
		unsigned long at = addr + len;

		if (!len || at % 8 == 0)
			if (!get_word(at, &word))
				return -EFAULT;
		if (!(u8)(word >> (at % 8 * 8))) {
			*nul = true;
			break;
		}
	}
	return (long)len;
}

long strncpy_from_user(char *dst, const char __user *src, long count)
{
	unsigned long addr = (unsigned long)src;
	unsigned long room;
	long len;

	if (count <= 0)
		return 0;
	if (addr >= TASK_SIZE)
		return -EFAULT;
	room = min_t(unsigned long, (unsigned long)count, TASK_SIZE - addr);
	/* Byte by byte from one reading, so that dst ends where a NUL was seen. */
	for (len = 0; (unsigned long)len < room; len++) {
		u64 c;

		if (grt_get_user(&c, src + len, 1))
			return -EFAULT;
		dst[len] = (char)c;
		if (!c)
			return len;
	}
	return len == count ? len : -EFAULT;
}

long strnlen_user(const char __user *str, long n)
{
	unsigned long addr = (unsigned long)str;
	unsigned long room;
	bool nul;
	long len;

	if (n <= 0 || addr >= TASK_SIZE)
		return 0;
	room = min_t(unsigned long, (unsigned long)n, TASK_SIZE - addr);
	len = find_nul(addr, room, &nul);
	if (len < 0)
		return 0;
	if (nul)
		return len + 1;
	return len == n ? n + 1 : 0;
}

int check_zeroed_user(const void __user *from, size_t size)
{
	unsigned long addr = (unsigned long)from;
	u64 word;

	if (!size)
		return 1;
	if (!access_ok(from, size))
		return -EFAULT;
	for (unsigned long end = addr + size; addr < end; addr = (addr & ~7ul) + 8) {
		if (!get_word(addr, &word))
			return -EFAULT;
		word >>= addr % 8 * 8;
		if (end - (addr & ~7ul) < 8)
			word &= (1ull << (end - addr) * 8) - 1;
		if (word)
			return 0;
	}
	return 1;
}

int copy_struct_from_user(void *dst, size_t ksize, const void __user *src, size_t usize)
{
	size_t size = min(ksize, usize);
	int zeroed;

	if (usize < ksize) {
		memset((char *)dst + size, 0, ksize - size);
	} else if (usize > ksize) {
		zeroed = check_zeroed_user((const char *)src + size, usize - size);
		if (zeroed <= 0)
			return zeroed ? zeroed : -E2BIG;
	}
	return copy_from_user(dst, src, size) ? -EFAULT : 0;
}
