/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Usage: negative CASE [SIZE]; `negative list` prints the cases. Each does one thing that a
 * program must not do. How each ends, with which status and message, is written in
 * tests/guest/negative.tbl. double_free and overrun do it to an object of SIZE bytes.
 */
#include "cases.h"
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/string.h>

size_t negative_size = 64;

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3 || !strcmp(argv[1], "--help") ||
	    (argc == 3 && kstrtoul(argv[2], 10, &negative_size))) {
		printk("usage: negative CASE [SIZE]: does one thing that no program may do\n"
		       "       negative list: the cases that there are, as null_read or double_free\n");
		return 2;
	}
	for (const struct negative_case *c = negative_cases; c->name; c++) {
		if (!strcmp(argv[1], "list")) {
			printk("%s\n", c->name);
		} else if (!strcmp(argv[1], c->name)) {
			c->run();
			printk("negative: %s: the program went on\n", c->name);
			return 0;
		}
	}
	if (!strcmp(argv[1], "list"))
		return 0;
	printk("negative: no such case: %s: see negative list\n", argv[1]);
	return 2;
}
