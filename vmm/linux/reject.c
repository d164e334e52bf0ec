/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/linux/reject.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int linux_reject(char *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, LINUX_WHY_MAX, fmt, args);
	va_end(args);
	return -ENOEXEC;
}
