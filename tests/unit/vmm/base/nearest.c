/* SPDX-License-Identifier: BSD-2-Clause */
/* Which name a misspelt one is near. */
#include "vmm/base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mm/util.h"

static const char *nearest(const char *word)
{
	static const char *const names[] = {"fd",      "cpus",       "memory",
					    "poll-us", "pin-budget", "socket-path"};
	struct nearest near;

	nearest_begin(&near, word);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		nearest_offer(&near, names[i]);
	return near.best ? near.best : "none";
}

static void the_nearest_name_is_near(void **state)
{
	char wide[200];

	(void)state;
	assert_string_equal(nearest("memroy"), "memory");
	assert_string_equal(nearest("memery"), "memory");
	assert_string_equal(nearest("mmory"), "memory");
	assert_string_equal(nearest("memoryy"), "memory");
	assert_string_equal(nearest("cpu"), "cpus");
	assert_string_equal(nearest("poll_us"), "poll-us");
	assert_string_equal(nearest("pinbudgt"), "pin-budget");
	assert_string_equal(nearest("socketpaht"), "socket-path");
	/* A third of the letters is the bound; of two letters any is near any. */
	assert_string_equal(nearest("mexxxy"), "none");
	assert_string_equal(nearest("cxxs"), "none");
	assert_string_equal(nearest("f"), "none");
	assert_string_equal(nearest("id"), "none");
	assert_string_equal(nearest(""), "none");
	memset(wide, 'm', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	assert_string_equal(nearest(wide), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_name_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
