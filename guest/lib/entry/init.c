/* SPDX-License-Identifier: BSD-2-Clause */
/* What declarations of <linux/init.h>, <linux/moduleparam.h> and <kunit/test.h> add to main(). */
#include "guest/lib/entry/entry.h"
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>

#define STATUS_BAD_PARAM 2

/* The program's, if it has one. */
__weak int main(int argc, char **argv);

/* The linker script's. Arrays of which either end may be a symbol's address alone. */
extern const struct grt_initcall __start_grt_initcall[], __stop_grt_initcall[];
extern const exitcall_t __start_grt_exitcall[], __stop_grt_exitcall[];
extern const struct kernel_param __start_grt_param[], __stop_grt_param[];
extern struct kunit_suite *const __start_grt_kunit[], *const __stop_grt_kunit[];

/* Arguments that name no parameter are main()'s. */
static bool set_params(int argc, char **argv)
{
	const size_t nr = (size_t)(__stop_grt_param - __start_grt_param);

	for (int i = 1; i < argc; i++) {
		int err = grt_param_parse(argv[i], __start_grt_param, nr);

		if (err && err != -ENOENT) {
			printk("%s: no value of this parameter (error %d)\n", argv[i], -err);
			return false;
		}
	}
	return true;
}

static bool run_initcalls(void)
{
	bool good = true;

	for (const struct grt_initcall *init = __start_grt_initcall; init < __stop_grt_initcall;
	     init++) {
		int err = init->call();

		if (!err)
			continue;
		printk("initcall %s returned %d\n", init->name, err);
		good = false;
	}
	return good;
}

int grt_run(int argc, char **argv)
{
	const size_t suites = (size_t)(__stop_grt_kunit - __start_grt_kunit);
	int status;
	bool good;

	if (!set_params(argc, argv))
		return STATUS_BAD_PARAM;
	good = run_initcalls();
	good &= !kunit_run_suites(__start_grt_kunit, suites);
	status = main ? main(argc, argv) : !good;
	for (const exitcall_t *fini = __stop_grt_exitcall; fini-- > __start_grt_exitcall;)
		(*fini)();
	return status;
}
