// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "selftest.h"

#include <linux/module.h>

static unsigned int rounds = 20000;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "how often each CPU allocates beside its timer");
static unsigned long interrupts = 2000;
module_param(interrupts, ulong, 0444);
MODULE_PARM_DESC(interrupts, "how many objects the timers of all CPUs allocate in the meantime");
static unsigned long scribble;
module_param(scribble, ulong, 0444);
MODULE_PARM_DESC(scribble,
		 "ruin the device's queues so many times, and test nothing: the guest is lost");
static unsigned long seed = 1;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "what the garbage begins with");
static unsigned int bench;
module_param(bench, uint, 0444);
MODULE_PARM_DESC(bench, "measure so many pairs of calls, and test nothing");
static bool only_pairs;
module_param(only_pairs, bool, 0444);
MODULE_PARM_DESC(only_pairs, "measure pairs alone, for who counts requests meanwhile");
static bool hold;
module_param(hold, bool, 0444);
MODULE_PARM_DESC(hold, "keep objects and allocate more until the module goes, and test only that");
static char *turns;
module_param(turns, charp, 0444);
MODULE_PARM_DESC(turns, "measure in turns, and test nothing: pair, batch or scatter");
static bool instructions;
module_param(instructions, bool, 0444);
MODULE_PARM_DESC(instructions, "the machine counts them by its time stamp counter");
static bool misuse;
module_param(misuse, bool, 0444);
MODULE_PARM_DESC(misuse, "do only what is wrong, and warned of");

static int __init selftest_init(void)
{
	if (scribble)
		return st_scribble(scribble, seed);
	if (hold)
		return st_hold_start();
	if (bench) {
		st_bench(bench, only_pairs);
		return 0;
	}
	if (turns) {
		st_turns(turns, instructions);
		return 0;
	}
	pr_info("KTAP version 1\n");
	if (misuse) {
		st_misuse();
		return st_done() ? -EIO : 0;
	}
	st_kmalloc();
	st_cache();
	st_dup();
	st_pages();
	st_interrupts(rounds, interrupts);
	return st_done() ? -EIO : 0;
}

static void __exit selftest_exit(void)
{
	if (!hold)
		return;
	pr_info("KTAP version 1\n");
	st_hold_stop();
	st_done();
}

module_init(selftest_init);
module_exit(selftest_exit);
MODULE_DESCRIPTION("Test of slabvisor's calls");
MODULE_AUTHOR("The Slabvisor authors");
MODULE_LICENSE("Dual BSD/GPL");
