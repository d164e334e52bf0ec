/* SPDX-License-Identifier: BSD-2-Clause */
/* What start_kernel() of Linux calls itself, before any function of a module, for the trees that
 * want it. */
#include <linux/init.h>

__weak void radix_tree_init(void);
__weak void maple_tree_init(void);

static int start(void)
{
	if (radix_tree_init)
		radix_tree_init();
	if (maple_tree_init)
		maple_tree_init();
	return 0;
}

early_initcall(start);
