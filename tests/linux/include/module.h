/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Before the first line of a test of Linux's that has threads or a program beside it: its init
 * function is not called as the program starts, but by tests/linux/threads.c, once there are vCPUs
 * for the threads.
 */
#include <linux/module.h>

#undef module_init
#undef late_initcall
#define module_init(fn)            \
	int linux_test_init(void); \
	int linux_test_init(void)  \
	{                          \
		return fn();       \
	}
#define late_initcall(fn) module_init(fn)
