/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's names for printing, over the C library's functions. */
#include <stdarg.h>
#include <stdio.h>

#include <linux/printk.h>

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
