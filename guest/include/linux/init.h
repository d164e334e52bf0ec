/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What runs before main(), as in Linux's <linux/init.h>. A program is one image, so that the
 * functions named here run when it starts, as those of a kernel with built-in modules do: by
 * level, and within a level in the order in which they were linked; main() follows, if the program
 * has one. A function that returns an error is reported, and the others run. Functions
 * of module_exit() run after main() has returned 0 or another status, in reverse order; Linux runs
 * those of modules that it can unload alone.
 *
 * A program without main() ends with status 0 if each function returned 0 and each test of a
 * kunit_test_suite() passed, and else with 1.
 */
#ifndef GUEST_LINUX_INIT_H
#define GUEST_LINUX_INIT_H

#include <linux/compiler.h>

/* Sections of the kernel's own image, which it gives back: nothing to a guest program. */
#define __init
#define __exit
#define __initdata
#define __initconst
#define __exitdata
#define __ro_after_init
#define __meminit
#define __ref
#define __refdata

typedef int (*initcall_t)(void);
typedef void (*exitcall_t)(void);

struct grt_initcall {
	initcall_t call;
	const char *name;
};

/* With a semicolon, which sources leave out. */
#define __grt_initcall(fn, level)                                         \
	static const struct grt_initcall __initcall_##fn##_##level __used \
		__attribute__((__section__(".grt_initcall." #level), __aligned__(8))) = {fn, #fn};

#define early_initcall(fn)       __grt_initcall(fn, 0)
#define pure_initcall(fn)        __grt_initcall(fn, 1)
#define core_initcall(fn)        __grt_initcall(fn, 2)
#define postcore_initcall(fn)    __grt_initcall(fn, 3)
#define arch_initcall(fn)        __grt_initcall(fn, 4)
#define subsys_initcall(fn)      __grt_initcall(fn, 5)
#define fs_initcall(fn)          __grt_initcall(fn, 6)
#define rootfs_initcall(fn)      __grt_initcall(fn, 6)
#define device_initcall(fn)      __grt_initcall(fn, 7)
#define late_initcall(fn)        __grt_initcall(fn, 8)
#define core_initcall_sync(fn)   __grt_initcall(fn, 2)
#define subsys_initcall_sync(fn) __grt_initcall(fn, 5)
#define device_initcall_sync(fn) __grt_initcall(fn, 7)
#define late_initcall_sync(fn)   __grt_initcall(fn, 8)
#define __initcall(fn)           device_initcall(fn)

#define __exitcall(fn)                                 \
	static const exitcall_t __exitcall_##fn __used \
		__attribute__((__section__(".grt_exitcall"), __aligned__(8))) = fn;

#endif
