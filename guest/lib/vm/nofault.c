/* SPDX-License-Identifier: BSD-2-Clause */
/* Accesses that bring no page in, and what brings pages in before them. */
#include "guest/lib/machine/grt.h"
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/uaccess.h>

/* How often each vCPU has disabled page faults; its own affair. */
static u32 disabled[PLATFORM_MAX_CPUS];

void pagefault_disable(void)
{
	disabled[this_cpu()->cpu]++;
	barrier();
}

void pagefault_enable(void)
{
	barrier();
	disabled[this_cpu()->cpu]--;
}

bool pagefault_disabled(void)
{
	return READ_ONCE(disabled[this_cpu()->cpu]) != 0;
}

/* What is left of size bytes from start on, where the page at addr cannot be had. */
static size_t left(unsigned long start, unsigned long addr, size_t size)
{
	const size_t done = addr > start ? addr - start : 0;

	return size > done ? size - done : 0;
}

size_t fault_in_readable(const char __user *uaddr, size_t size)
{
	const unsigned long start = (unsigned long)uaddr;
	unsigned long addr = start;
	u64 byte;

	if (!size)
		return 0;
	if (!access_ok(uaddr, size))
		return size;
	/* The first byte, then the first of each page. */
	for (; addr < start + size; addr = (addr & PAGE_MASK) + PAGE_SIZE) {
		if (grt_get_user(&byte, (const char __user *)addr, 1))
			return left(start, addr, size);
	}
	return 0;
}

size_t fault_in_writeable(char __user *uaddr, size_t size)
{
	const unsigned long start = (unsigned long)uaddr;

	if (!size)
		return 0;
	if (!access_ok(uaddr, size))
		return size;
	for (unsigned long addr = start; addr < start + size;
	     addr = (addr & PAGE_MASK) + PAGE_SIZE) {
		struct page *page;

		/* What get_user_pages_fast() finds may be written, and nothing is. */
		if (get_user_pages_fast(addr, 1, FOLL_WRITE, &page) != 1)
			return left(start, addr, size);
		put_page(page);
	}
	return 0;
}

size_t fault_in_safe_writeable(const char __user *uaddr, size_t size)
{
	return fault_in_writeable((char __user *)uaddr, size);
}

long copy_from_user_nofault(void *dst, const void __user *src, size_t size)
{
	unsigned long rest = size;

	if (access_ok(src, size)) {
		pagefault_disable();
		rest = raw_copy_from_user(dst, src, size);
		pagefault_enable();
	}
	return rest ? -EFAULT : 0;
}

long copy_to_user_nofault(void __user *dst, const void *src, size_t size)
{
	unsigned long rest = size;

	if (access_ok(dst, size)) {
		pagefault_disable();
		rest = raw_copy_to_user(dst, src, size);
		pagefault_enable();
	}
	return rest ? -EFAULT : 0;
}

long strncpy_from_user_nofault(char *dst, const void __user *src, long count)
{
	long len;

	if (count <= 0)
		return 0;
	pagefault_disable();
	len = strncpy_from_user(dst, src, count);
	pagefault_enable();
	if (len < 0)
		return len;
	if (len < count)
		return len + 1;
	dst[count - 1] = '\0';
	return count;
}

long strnlen_user_nofault(const void __user *str, long count)
{
	long len;

	pagefault_disable();
	len = strnlen_user(str, count);
	pagefault_enable();
	return len;
}

static bool is_kernel(const void *p, size_t size)
{
	return (unsigned long)p >= TASK_SIZE && (unsigned long)p + size >= (unsigned long)p;
}

/* The copies are those of user memory, whose exception table is good for any address. */
long copy_from_kernel_nofault(void *dst, const void *src, size_t size)
{
	if (!is_kernel(src, size))
		return -ERANGE;
	return raw_copy_from_user(dst, src, size) ? -EFAULT : 0;
}

long copy_to_kernel_nofault(void *dst, const void *src, size_t size)
{
	if (!is_kernel(dst, size))
		return -ERANGE;
	return raw_copy_to_user(dst, src, size) ? -EFAULT : 0;
}

long strncpy_from_kernel_nofault(char *dst, const void *src, long count)
{
	if (count <= 0)
		return 0;
	if (!is_kernel(src, (size_t)count))
		return -ERANGE;
	for (long i = 0; i < count; i++) {
		if (raw_copy_from_user(&dst[i], (const char *)src + i, 1)) {
			dst[i] = '\0';
			return -EFAULT;
		}
		if (!dst[i])
			return i + 1;
	}
	dst[count - 1] = '\0';
	return count;
}
