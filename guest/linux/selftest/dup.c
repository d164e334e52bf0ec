// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Copies, of the kernel's memory and of a process's. */
#include "selftest.h"

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <slabvisor/svm.h>

static void strings(void)
{
	char text[] = "a text";
	char raw[4] = {'a', 'b', 'c', 'd'};
	const char *name = hex_asc;
	const char *c;
	char *p;

	p = svm_kstrdup(text, GFP_KERNEL);
	st_check(p && !strcmp(p, text), "svm_kstrdup: copies");
	st_check(!svm_kstrdup(NULL, GFP_KERNEL), "svm_kstrdup: of NULL is NULL");
	svm_kfree(p);
	p = svm_kstrndup(raw, sizeof(raw), GFP_KERNEL);
	st_check(p && !memcmp(p, "abcd", 5),
		 "svm_kstrndup: reads no byte beyond, and ends with NUL");
	svm_kfree(p);
	p = svm_kmemdup(text, sizeof(text), GFP_KERNEL);
	st_check(p && !memcmp(p, text, sizeof(text)), "svm_kmemdup: copies");
	svm_kfree(p);
	c = svm_kstrdup_const(name, GFP_KERNEL);
	st_check(c == name, "svm_kstrdup_const: the kernel's constants are as they are");
	svm_kfree_const(c);
	st_check(true, "svm_kfree_const: and are not freed");
	c = svm_kstrdup_const(text, GFP_KERNEL);
	st_check(c && c != text && !strcmp(c, text), "svm_kstrdup_const: other strings are copied");
	svm_kfree_const(c);
}

static void users(void)
{
	unsigned long at = vm_mmap(NULL, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, 0);
	void __user *u = (void __user *)at;
	char *p;

	if (IS_ERR_VALUE(at) || copy_to_user(u, "from user", 10)) {
		st_check(false, "memory of the process");
		return;
	}
	p = svm_memdup_user(u, 10);
	st_check(!IS_ERR_OR_NULL(p) && !strcmp(p, "from user"), "svm_memdup_user: copies");
	if (!IS_ERR(p))
		svm_kfree(p);
	vm_munmap(at, 2 * PAGE_SIZE);
	p = svm_memdup_user(u, 10);
	st_check(PTR_ERR_OR_ZERO(p) == -EFAULT, "svm_memdup_user: a bad address is -EFAULT");
	p = svm_memdup_user(u, SIZE_MAX / 2);
	st_check(PTR_ERR_OR_ZERO(p) == -ENOMEM, "svm_memdup_user: too much is -ENOMEM");
}

void st_dup(void)
{
	strings();
	users();
}

void st_pages(void)
{
	unsigned long at = vm_mmap(NULL, 0, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, 0);
	struct page *pages[4];
	int got;

	if (IS_ERR_VALUE(at))
		return;
	got = svm_get_user_pages_fast(at, 4, FOLL_WRITE, pages);
	st_check(got == 4, "svm_get_user_pages_fast: faults in and pins");
	for (int i = 0; i < got; i++)
		svm_put_page(pages[i]);
	st_check(svm_get_user_pages_fast(at, 0, FOLL_WRITE, pages) == 0,
		 "svm_get_user_pages_fast: none asked for is 0");
	got = svm_pin_user_pages_fast(at, 4, FOLL_WRITE, pages);
	st_check(got == 4, "svm_pin_user_pages_fast: pins");
	if (got > 0)
		svm_unpin_user_pages_dirty_lock(pages, got, true);
	vm_munmap(at, 4 * PAGE_SIZE);
	st_check(svm_get_user_pages_fast(at, 4, FOLL_WRITE, pages) < 0,
		 "svm_get_user_pages_fast: what is not mapped is an error");
}
