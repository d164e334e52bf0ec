/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies in kmalloc's memory: of strings, of anything, of user memory. */
#include "slabvisor/kmem_port.h"
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

void *kmemdup(const void *src, size_t len, gfp_t gfp)
{
	void *p = kmalloc(len, gfp);

	if (p && len)
		memcpy(p, src, len);
	return p;
}

void *kmemdup_array(const void *src, size_t n, size_t size, gfp_t gfp)
{
	return kmemdup(src, size_mul(n, size), gfp);
}

/* The length is taken once: what the source becomes, the copy ends there. */
char *kmemdup_nul(const char *s, size_t len, gfp_t gfp)
{
	char *p;

	if (!s || len == SIZE_MAX)
		return NULL;
	p = kmalloc(len + 1, gfp);
	if (p) {
		memcpy(p, s, len);
		p[len] = '\0';
	}
	return p;
}

char *kstrdup(const char *s, gfp_t gfp)
{
	return s ? kmemdup_nul(s, strlen(s), gfp) : NULL;
}

char *kstrndup(const char *s, size_t max, gfp_t gfp)
{
	return s ? kmemdup_nul(s, strnlen(s, max), gfp) : NULL;
}

const char *kstrdup_const(const char *s, gfp_t gfp)
{
	return kmem_is_rodata(s) ? s : kstrdup(s, gfp);
}

void kfree_const(const void *p)
{
	if (!kmem_is_rodata(p))
		kfree(p);
}

/* Warnings are off: the size is the user's, and so is the blame. */
static void *dup_user(const void __user *src, size_t len, size_t more)
{
	char *p;

	if (len > KMALLOC_MAX_SIZE)
		return ERR_PTR(-ENOMEM);
	p = kmalloc(len + more, GFP_USER | __GFP_NOWARN);
	if (!p)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(p, src, len)) {
		kfree(p);
		return ERR_PTR(-EFAULT);
	}
	if (more)
		p[len] = '\0';
	return p;
}

void *memdup_user(const void __user *src, size_t len)
{
	return dup_user(src, len, 0);
}

void *memdup_user_nul(const void __user *src, size_t len)
{
	return dup_user(src, len, 1);
}

void *memdup_array_user(const void __user *src, size_t n, size_t size)
{
	size_t bytes;

	if (check_mul_overflow(n, size, &bytes))
		return ERR_PTR(-EOVERFLOW);
	return memdup_user(src, bytes);
}

char *strndup_user(const char __user *s, long max)
{
	long len = strnlen_user(s, max);
	char *p;

	if (!len)
		return ERR_PTR(-EFAULT);
	if (len > max)
		return ERR_PTR(-EINVAL);
	p = memdup_user(s, len);
	/* The user may have overwritten the NUL meanwhile. */
	if (!IS_ERR(p))
		p[len - 1] = '\0';
	return p;
}
