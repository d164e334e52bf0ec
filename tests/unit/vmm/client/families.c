/* SPDX-License-Identifier: BSD-2-Clause */
/* Metrics of several guests as one text, and what a guest may have said instead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/client/families.h"

#define ONE                                  \
	"# TYPE x_a_bytes counter\n"         \
	"# UNIT x_a_bytes bytes\n"           \
	"# HELP x_a_bytes some bytes\n"      \
	"x_a_bytes_total{guest=\"one\"} 1\n" \
	"# TYPE x_i info\n"                  \
	"# HELP x_i what it is\n"            \
	"x_i_info{guest=\"one\"} 1\n"        \
	"# EOF\nx_i_info{guest=\"beyond\"} 1\n"
#define TWO                             \
	"# TYPE x_a_bytes counter\n"    \
	"# HELP x_a_bytes some bytes\n" \
	"x_a_bytes_total{guest=\"two\"} 2"

static char *written(const struct families *f, bool old)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	families_write(f, old, to);
	fclose(to);
	return text;
}

static void samples_of_a_family_stand_together(void **state)
{
	struct families f = {.nr = 0};
	char *text;

	(void)state;
	assert_int_equal(families_add(&f, ONE), 0);
	assert_int_equal(families_add(&f, TWO), 0);
	text = written(&f, false);
	assert_string_equal(text, "# HELP x_a_bytes some bytes\n"
				  "# TYPE x_a_bytes counter\n"
				  "# UNIT x_a_bytes bytes\n"
				  "x_a_bytes_total{guest=\"one\"} 1\n"
				  "x_a_bytes_total{guest=\"two\"} 2\n"
				  "# HELP x_i what it is\n"
				  "# TYPE x_i info\n"
				  "x_i_info{guest=\"one\"} 1\n"
				  "# EOF\n");
	free(text);
	families_free(&f);
}

static void the_old_format_names_families_as_their_samples(void **state)
{
	struct families f = {.nr = 0};
	char *text;

	(void)state;
	assert_int_equal(families_add(&f, ONE), 0);
	text = written(&f, true);
	assert_string_equal(text, "# HELP x_a_bytes_total some bytes\n"
				  "# TYPE x_a_bytes_total counter\n"
				  "x_a_bytes_total{guest=\"one\"} 1\n"
				  "# HELP x_i_info what it is\n"
				  "# TYPE x_i_info gauge\n"
				  "x_i_info{guest=\"one\"} 1\n");
	free(text);
	families_free(&f);
}

static void what_is_no_metric_is_left_out(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n",
		"x_total 1\n",
		"# TYPE\n",
		"# TYPE \nx 1\n",
		"# \n",
		"# TYPE x counter\ny_total 1\n",
		"# TYPE x counter\nxy 1\n",
		"#",
		"# FOO x y\nx",
	};
	struct families f = {.nr = 0};
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(families_add(&f, texts[i]), 0);
	text = written(&f, false);
	assert_string_equal(text, "# EOF\n");
	free(text);
	families_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_of_a_family_stand_together),
		cmocka_unit_test(the_old_format_names_families_as_their_samples),
		cmocka_unit_test(what_is_no_metric_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
