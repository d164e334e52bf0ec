// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Copies, of the kernel's memory and of a process's. */
#include "selftest.h"

#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
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
	st_check(!svm_kstrndup(NULL, 4, GFP_KERNEL), "svm_kstrndup: of NULL is NULL");
	p = svm_kmemdup(text, sizeof(text), GFP_KERNEL);
	st_check(p && !memcmp(p, text, sizeof(text)), "svm_kmemdup: copies");
	svm_kfree(p);
	st_check(!svm_kmemdup(text, SIZE_MAX / 2, GFP_KERNEL | __GFP_NOWARN),
		 "svm_kmemdup: NULL where there is no memory");
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

/* What of a process cannot be had, or not all of it. */
static void unfit(unsigned long at)
{
	struct page *pages[4];
	int got;

	st_check(svm_get_user_pages_fast(at, 0, FOLL_WRITE, pages) == 0 &&
			 svm_get_user_pages_fast(at, -1, FOLL_WRITE, pages) == 0,
		 "svm_get_user_pages_fast: none asked for, or fewer, is 0");
	st_check(svm_get_user_pages_fast(TASK_SIZE_MAX - PAGE_SIZE, 2, FOLL_WRITE, pages) ==
			 -EFAULT,
		 "svm_get_user_pages_fast: beyond user space is -EFAULT");
	vm_munmap(at + 2 * PAGE_SIZE, 2 * PAGE_SIZE);
	got = svm_get_user_pages_fast(at, 4, FOLL_WRITE, pages);
	st_check(got == 2, "svm_get_user_pages_fast: those before a hole are pinned");
	for (int i = 0; i < got; i++)
		svm_put_page(pages[i]);
	vm_munmap(at, 2 * PAGE_SIZE);
	st_check(svm_get_user_pages_fast(at, 4, FOLL_WRITE, pages) == -EFAULT,
		 "svm_get_user_pages_fast: what is not mapped is -EFAULT");
	at = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, 0);
	st_check(!IS_ERR_VALUE(at) && svm_get_user_pages_fast(at, 1, FOLL_WRITE, pages) == -EFAULT,
		 "svm_get_user_pages_fast: to write where only reading is allowed is -EFAULT");
	vm_munmap(at, PAGE_SIZE);
}

/* Pages of the window outlive their mapping for as long as they are pinned. */
static void hosts_pages(void)
{
	struct file *file = filp_open("/dev/slabvisor", O_RDWR, 0);
	struct page *pages[2];
	unsigned long at;
	u64 word = 0;
	int got = 0;

	if (IS_ERR(file)) {
		st_check(false, "/dev/slabvisor is there");
		return;
	}
	at = vm_mmap(file, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	if (!IS_ERR_VALUE(at) && !copy_to_user((void __user *)at, &at, sizeof(at)))
		got = svm_get_user_pages_fast(at, 2, FOLL_WRITE, pages);
	st_check(got == 2 && svm_is_hosts(page_address(pages[0])),
		 "svm_get_user_pages_fast: pins pages of the host's");
	if (!IS_ERR_VALUE(at))
		vm_munmap(at, 2 * PAGE_SIZE);
	if (got > 0)
		word = *(u64 *)page_address(pages[0]);
	for (int i = 0; i < got; i++)
		svm_put_page(pages[i]);
	st_check(word == at, "svm_put_page: until then they are what they were");
	fput(file);
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
	got = svm_pin_user_pages_fast(at, 4, FOLL_WRITE, pages);
	st_check(got == 4, "svm_pin_user_pages_fast: pins");
	if (got > 0)
		svm_unpin_user_pages_dirty_lock(pages, got, true);
	unfit(at);
	hosts_pages();
}
