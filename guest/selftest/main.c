/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Usage: selftest [scale=N] [family...]
 * Runs the families named, or all; exit status 0 if every check held.
 */
#include "selftest.h"
#include <linux/kernel.h>
#include <linux/string.h>

static const struct {
	const char *name;
	void (*run)(void);
} families[] = {
	{"kmalloc", test_kmalloc}, {"cache", test_cache},   {"string", test_string},
	{"gfp", test_gfp},         {"user", test_user},     {"gup", test_gup},
	{"vm", test_vm},           {"pools", test_pools},   {"port", test_port},
	{"smp", test_smp},         {"ranges", test_ranges}, {"lease", test_lease},
	{"rcu", test_rcu},         {"page", test_page},
};

static bool chosen(const char *family, int argc, char **argv)
{
	bool any = false;

	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "scale=", 6))
			continue;
		any = true;
		if (!strcmp(argv[i], family))
			return true;
	}
	return !any;
}

int main(int argc, char **argv)
{
	unsigned int ran = 0;

	for (int i = 1; i < argc; i++)
		if (!strncmp(argv[i], "scale=", 6) && kstrtouint(argv[i] + 6, 10, &scale))
			scale = 0;
	if (!scale) {
		printk("selftest: scale is a number from 1\n");
		return 2;
	}
	for (int i = 0; i < (int)ARRAY_SIZE(families); i++) {
		if (!chosen(families[i].name, argc, argv))
			continue;
		printk("# %s\n", families[i].name);
		families[i].run();
		ran++;
	}
	if (!ran) {
		printk("selftest: no such family\n");
		return 2;
	}
	return check_end();
}
