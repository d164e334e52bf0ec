/* SPDX-License-Identifier: BSD-2-Clause */
/* What is not as it should be. */
#include "pincheck.h"
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/smp.h>

unsigned int findings;

void wrong(const char *format, ...)
{
	char text[120];
	va_list args;

	if (__atomic_fetch_add(&findings, 1, __ATOMIC_RELAXED) >= 10)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printk("# vCPU %u: %s\n", smp_processor_id(), text);
}
