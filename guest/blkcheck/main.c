/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks a disk, and overwrites it. Prints TAP; exit status 0 if every check held.
 * Usage: blkcheck [all | kinds] [SERIAL] | sequence COUNT SEED SHIFT | churn ROUNDS | crash |
 *        verify ROUND | resize | workset MIB | geometry | zeroes
 */
#include "blkcheck.h"
#include <linux/kernel.h>
#include <linux/string.h>

/* Shapes move so much data that an emulated CPU is long about it. */
static void check_all(const char *serial, bool shapes)
{
	if (info.readonly) {
		check_readonly();
		return;
	}
	check_kinds(serial);
	check_errors();
	if (!shapes)
		return;
	check_shapes();
	check_user();
}

static u64 number(int argc, char **argv, int i)
{
	u64 n;

	return i < argc && !kstrtou64(argv[i], 10, &n) ? n : 0;
}

static int usage(void)
{
	printk("usage: blkcheck [all | kinds] [SERIAL] | sequence COUNT SEED SHIFT | churn ROUNDS | "
	       "crash | verify ROUND | resize | geometry | workset MIB | zeroes\n"
	       "Tests the first disk, and overwrites what is on it.\n");
	return 2;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "all";
	int err;

	/* Before the disk is touched. */
	if (!strcmp(what, "--help"))
		return usage();
	disk = blk_open(0, &err);
	if (!disk) {
		printk("Bail out! no disk that starts: error %d\n", -err);
		return 1;
	}
	blk_get_info(disk, &info);
	if (info.sectors < 16384) {
		printk("Bail out! a disk of at least 8M is needed\n");
		return 1;
	}
	if (!strcmp(what, "all") || !strcmp(what, "kinds")) {
		check_all(argc > 2 ? argv[2] : "", *what == 'a');
	} else if (!strcmp(what, "sequence")) {
		random_state = number(argc, argv, 3) + 1;
		check_sequence(number(argc, argv, 2), (unsigned int)number(argc, argv, 4));
	} else if (!strcmp(what, "churn")) {
		check_churn(number(argc, argv, 2));
	} else if (!strcmp(what, "crash")) {
		crash_write();
	} else if (!strcmp(what, "verify")) {
		crash_verify(number(argc, argv, 2));
	} else if (!strcmp(what, "resize")) {
		check_resize();
	} else if (!strcmp(what, "geometry")) {
		printk("# %llu of 512, block %u, physical %u\n", info.sectors, info.block_size,
		       info.physical_size);
	} else if (!strcmp(what, "workset")) {
		check_working_set(number(argc, argv, 2));
	} else if (!strcmp(what, "zeroes")) {
		check_zeroes();
	} else {
		return usage();
	}
	return check_end();
}
