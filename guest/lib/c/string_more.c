/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's own strings that are rarely come to: bounded searches and copies. */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/string.h>

size_t memweight(const void *ptr, size_t bytes)
{
	size_t weight = 0;

	for (const u8 *p = ptr; bytes; bytes--)
		weight += hweight8(*p++);
	return weight;
}

void *memscan(void *s, int c, size_t n)
{
	u8 *p = s;

	for (; n && *p != (u8)c; n--)
		p++;
	return p;
}

char *strnchrnul(const char *s, size_t n, int c)
{
	for (; n && *s && *s != (char)c; n--)
		s++;
	return (char *)s;
}

char *strnstr(const char *s, const char *what, size_t len)
{
	const size_t n = strlen(what);

	for (; len >= n; len--, s++) {
		if (!memcmp(s, what, n))
			return (char *)s;
	}
	return NULL;
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
	const size_t len = strlen(src);

	if (size) {
		memcpy(dst, src, min(len, size - 1));
		dst[min(len, size - 1)] = '\0';
	}
	return len;
}

size_t strlcat(char *dst, const char *src, size_t size)
{
	const size_t len = strnlen(dst, size);

	BUG_ON(len == size);
	return len + strlcpy(dst + len, src, size - len);
}

int __sysfs_match_string(const char *const *array, size_t n, const char *string)
{
	for (size_t i = 0; i < n && array[i]; i++) {
		if (sysfs_streq(array[i], string))
			return (int)i;
	}
	return -EINVAL;
}

ssize_t memory_read_from_buffer(void *to, size_t count, loff_t *pos, const void *from,
				size_t available)
{
	const loff_t at = *pos;

	if (at < 0)
		return -EINVAL;
	if ((size_t)at >= available)
		return 0;
	count = min(count, available - (size_t)at);
	memcpy(to, (const char *)from + at, count);
	*pos = at + (loff_t)count;
	return (ssize_t)count;
}
