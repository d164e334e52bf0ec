/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's own strings, and its copies of them from kmalloc's memory. */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

ssize_t strscpy(char *dst, const char *src, size_t size)
{
	size_t len;

	if (!size || size > SSIZE_MAX)
		return -E2BIG;
	for (len = 0; len < size - 1; len++) {
		/* Once: the source may change meanwhile. */
		char c = READ_ONCE(src[len]);

		dst[len] = c;
		if (!c)
			return (ssize_t)len;
	}
	dst[len] = '\0';
	return READ_ONCE(src[len]) ? -E2BIG : (ssize_t)len;
}

ssize_t strscpy_pad(char *dst, const char *src, size_t size)
{
	ssize_t len = strscpy(dst, src, size);

	if (len >= 0)
		memset(dst + len, 0, size - len);
	return len;
}

void *memchr_inv(const void *s, int c, size_t n)
{
	for (const u8 *p = s; n; n--, p++) {
		if (*p != (u8)c)
			return (void *)p;
	}
	return NULL;
}

bool mem_is_zero(const void *s, size_t n)
{
	return !memchr_inv(s, 0, n);
}

void *memset16(u16 *s, u16 v, size_t n)
{
	for (u16 *p = s; n; n--)
		*p++ = v;
	return s;
}

void *memset32(u32 *s, u32 v, size_t n)
{
	for (u32 *p = s; n; n--)
		*p++ = v;
	return s;
}

void *memset64(u64 *s, u64 v, size_t n)
{
	for (u64 *p = s; n; n--)
		*p++ = v;
	return s;
}

char *strnchr(const char *s, size_t n, int c)
{
	for (; n; n--, s++) {
		if (*s == (char)c)
			return (char *)s;
		if (!*s)
			break;
	}
	return NULL;
}

char *strreplace(char *s, char old, char new)
{
	for (char *p = s; *p; p++) {
		if (*p == old)
			*p = new;
	}
	return s;
}

void memzero_explicit(void *s, size_t n)
{
	memset(s, 0, n);
	__asm__ volatile("" : : "r"(s) : "memory");
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

char *skip_spaces(const char *s)
{
	while (is_space(*s))
		s++;
	return (char *)s;
}

char *strim(char *s)
{
	char *end = s + strlen(s);

	while (end > s && is_space(end[-1]))
		end--;
	*end = '\0';
	return skip_spaces(s);
}

size_t str_has_prefix(const char *s, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(s, prefix, len) == 0 ? len : 0;
}

bool sysfs_streq(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == '\n' && !a[1])
		a++;
	if (*b == '\n' && !b[1])
		b++;
	return !*a && !*b;
}

int match_string(const char *const *array, size_t n, const char *string)
{
	for (size_t i = 0; i < n && array[i]; i++) {
		if (strcmp(array[i], string) == 0)
			return (int)i;
	}
	return -EINVAL;
}

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

#ifdef SLABVISOR_HOSTED
bool hosted_is_rodata(const void *p);
#define is_rodata hosted_is_rodata
#else
extern const char __start_rodata[], __end_rodata[];

static bool is_rodata(const void *p)
{
	return (const char *)p >= __start_rodata && (const char *)p < __end_rodata;
}
#endif

const char *kstrdup_const(const char *s, gfp_t gfp)
{
	return is_rodata(s) ? s : kstrdup(s, gfp);
}

void kfree_const(const void *p)
{
	if (!is_rodata(p))
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
