/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's own strings. */
#include <linux/kernel.h>
#include <linux/string.h>

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
