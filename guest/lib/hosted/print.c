/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's names for printing, over the C library's functions. */
#include <stdarg.h>
#include <stdio.h>

#include <linux/printk.h>
#include <linux/sprintf.h>

int vprintk(const char *fmt, va_list args)
{
	/* Standard output is the results of tests. */
	return vfprintf(stderr, fmt, args);
}

int printk(const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vprintk(fmt, args);
	va_end(args);
	return len;
}

int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	int len = vsnprintf(buf, size, fmt, args);

	if (!size)
		return 0;
	return (size_t)len < size ? len : (int)size - 1;
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vscnprintf(buf, size, fmt, args);
	va_end(args);
	return len;
}
