/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest that stays, for whoever tries a control socket: it prints a line a second, for ever or as
 * often as its argument says. */
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>

int main(int argc, char **argv)
{
	unsigned long last = 0;

	if (argc > 2 || (argc == 2 && (kstrtoul(argv[1], 10, &last) || !last))) {
		printk("usage: ticker [N]: N lines, one a second; without N for ever\n");
		return 2;
	}
	for (unsigned long n = 1;; n++) {
		char *line = kasprintf(GFP_KERNEL, "tick %lu", n);

		if (!line) {
			printk("no memory is left for tick %lu\n", n);
			return 1;
		}
		printk("%s\n", line);
		kfree(line);
		if (n == last)
			return 0;
		msleep(1000);
	}
}
