// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "selftest.h"

#include <linux/printk.h>

static unsigned int tests, failures;

void st_check(bool good, const char *name)
{
	pr_info("%s %u %s\n", good ? "ok" : "not ok", ++tests, name);
	failures += !good;
}

unsigned int st_done(void)
{
	pr_info("1..%u\n", tests);
	return failures;
}
