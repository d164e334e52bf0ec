/* SPDX-License-Identifier: BSD-2-Clause */
/* The smallest program that has memory of the host's: its greeting lies there. */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

int main(int argc, char **argv)
{
	const char *who = argc > 1 ? argv[1] : "world";
	char *text;

	text = kmalloc(strlen(who) + sizeof("Hello, !"), GFP_KERNEL);
	if (!text)
		return 1;
	sprintf(text, "Hello, %s!", who);
	printk("%s\n", text);
	kfree(text);
	return 0;
}
