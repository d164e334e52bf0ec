/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines that a bench reads. */
#include "zcbench.h"
#include <linux/printk.h>

void print(const char *name, u64 thousandths, const char *unit)
{
	printk("%s %llu.%03llu %s\n", name, thousandths / 1000, thousandths % 1000, unit);
}
