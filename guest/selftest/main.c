/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Usage: selftest [scale=N] [start_number=N] [family...]
 * Runs the families named, or all but those that have to be named; exit status 0 if every check
 * held. The family `full` waits for a line after each "compare" that it prints.
 */
#include "selftest.h"
#include <linux/kernel.h>
#include <linux/string.h>

struct family {
	const char *name;
	void (*run)(void);
};

static const struct family families[] = {
	{"kmalloc", test_kmalloc}, {"cache", test_cache},
	{"string", test_string},   {"gfp", test_gfp},
	{"user", test_user},       {"gup", test_gup},
	{"vm", test_vm},           {"pools", test_pools},
	{"port", test_port},       {"smp", test_smp},
	{"ranges", test_ranges},   {"lease", test_lease},
	{"rcu", test_rcu},         {"page", test_page},
	{"start", test_start},     {"neighbours", test_neighbours},
	{"vma", test_vma},
};

/* These take their time, or ask for company. */
static const struct family if_named[] = {
	{"full", test_full},
	{"pieces", test_pieces},
};

/* otherwise: what is said of it when no family is named. */
static bool chosen(const char *family, bool otherwise, int argc, char **argv)
{
	bool any = false;

	for (int i = 1; i < argc; i++) {
		if (strchr(argv[i], '='))
			continue;
		any = true;
		if (!strcmp(argv[i], family))
			return true;
	}
	return !any && otherwise;
}

static unsigned int run(const struct family *list, int n, bool otherwise, int argc, char **argv)
{
	unsigned int ran = 0;

	for (int i = 0; i < n; i++) {
		if (!chosen(list[i].name, otherwise, argc, argv))
			continue;
		printk("# %s\n", list[i].name);
		list[i].run();
		ran++;
	}
	return ran;
}

int main(int argc, char **argv)
{
	unsigned int ran;

	for (int i = 1; i < argc; i++)
		if (!strncmp(argv[i], "scale=", 6) && kstrtouint(argv[i] + 6, 10, &scale))
			scale = 0;
	if (!scale) {
		printk("selftest: scale is a number from 1\n");
		return 2;
	}
	ran = run(families, ARRAY_SIZE(families), true, argc, argv);
	ran += run(if_named, ARRAY_SIZE(if_named), false, argc, argv);
	if (!ran) {
		printk("selftest: no such family\n");
		return 2;
	}
	return check_end();
}
