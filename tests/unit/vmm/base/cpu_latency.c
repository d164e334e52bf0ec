/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked of the kernel for those who want CPUs awake: a file stands for it. */
#include "vmm/base/cpu_latency.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define NONE 2000000000

static char path[] = "build/tests/cpu_latency.XXXXXX";
static int fd;

static int setup(void **state)
{
	(void)state;
	fd = mkstemp(path);
	return fd < 0;
}

static int teardown(void **state)
{
	(void)state;
	close(fd);
	return unlink(path);
}

/* Whether these n words are all that was written, one after the other. */
static void assert_written(const int32_t *want, size_t n)
{
	int32_t got[8];

	assert_int_equal(pread(fd, got, sizeof(got), 0), n * sizeof(*want));
	assert_memory_equal(got, want, n * sizeof(*want));
}

static void the_first_asks_and_the_last_lets_go(void **state)
{
	static const int32_t words[] = {0, NONE, 0, NONE};
	struct cpu_latency *latency = cpu_latency_create(path);

	(void)state;
	assert_non_null(latency);
	assert_written(words, 0);
	cpu_latency_keep_awake(latency, true);
	assert_written(words, 1);
	cpu_latency_keep_awake(latency, true);
	cpu_latency_keep_awake(latency, false);
	assert_written(words, 1);
	cpu_latency_keep_awake(latency, false);
	assert_written(words, 2);
	cpu_latency_keep_awake(latency, true);
	assert_written(words, 3);
	cpu_latency_keep_awake(latency, false);
	assert_written(words, 4);
	cpu_latency_destroy(latency);
}

static void what_cannot_be_opened_is_not_there(void **state)
{
	(void)state;
	assert_null(cpu_latency_create("build/tests/no/such/device"));
	cpu_latency_destroy(NULL);
}

static void a_kernel_that_refuses_is_no_fault(void **state)
{
	struct cpu_latency *latency = cpu_latency_create("/dev/full");

	(void)state;
	assert_non_null(latency);
	cpu_latency_keep_awake(latency, true);
	cpu_latency_keep_awake(latency, false);
	cpu_latency_destroy(latency);
}

static void every_cpu_has_its_price(void **state)
{
	(void)state;
	assert_int_equal(cpu_latency_price(), 1050 + 50 * sysconf(_SC_NPROCESSORS_ONLN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_asks_and_the_last_lets_go, setup,
						teardown),
		cmocka_unit_test(what_cannot_be_opened_is_not_there),
		cmocka_unit_test(a_kernel_that_refuses_is_no_fault),
		cmocka_unit_test(every_cpu_has_its_price),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
