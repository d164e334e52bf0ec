/* SPDX-License-Identifier: BSD-2-Clause */
/* Formats that tell how much was written, and not how much there was to write. */
#include <linux/sprintf.h>
#include <linux/types.h>

int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	size_t len = (size_t)vsnprintf(buf, size, fmt, args);

	if (!size)
		return 0;
	return (int)(len < size ? len : size - 1);
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
