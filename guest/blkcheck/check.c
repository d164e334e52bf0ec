/* SPDX-License-Identifier: BSD-2-Clause */
/* TAP, and the disk that it is about. */
#include "blkcheck.h"
#include <linux/printk.h>
#include <linux/sprintf.h>

struct blk_disk *disk;
struct blk_info info;
static unsigned int checks, failures;

void check_at(bool holds, const char *cond, int line, const char *what, ...)
{
	char text[160];
	va_list args;

	va_start(args, what);
	vsnprintf(text, sizeof(text), what, args);
	va_end(args);
	checks++;
	if (!holds)
		failures++;
	printk("%sok %u - %s\n", holds ? "" : "not ", checks, text);
	if (!holds)
		printk("# line %d: %s\n", line, cond);
}

int check_end(void)
{
	printk("1..%u\n", checks);
	return failures != 0;
}
