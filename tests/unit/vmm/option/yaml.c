/* SPDX-License-Identifier: BSD-2-Clause */
/* A table of options as a file has it: what is read, what is refused, and what is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/vmm/option/car.h"
#include "vmm/option/print.h"

static char *print(const struct car *car)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	assert_int_equal(opt_print(to, cars, car), 0);
	fclose(to);
	return text;
}

static void yaml_is_wrong(struct car *car, const char *text, const char *error)
{
	char *said;

	assert_int_equal(car_read_yaml(car, text, &said), STATUS_BAD_CONFIG);
	if (!strstr(said, error))
		fail_msg("%s: no \"%s\"", said, error);
	free(said);
}

static void a_line_takes_the_place_of_a_files_list(void **state)
{
	struct car *car = *state;
	char *said;

	assert_int_equal(car_read_yaml(car, "stop: [a, b]\ndoors: 5\nfast: on\n", &said), 0);
	free(said);
	assert_int_equal(car->nr_stops, 2);
	car_line_is_right(car, ARGS("--stop", "c"));
	assert_int_equal(car->nr_stops, 1);
	assert_string_equal(car->stop[0], "c");
	assert_int_equal(car->doors, 5);
	assert_true(car->fast);
}

static void a_file_says_which_line_is_wrong(void **state)
{
	struct car *car = *state;

	yaml_is_wrong(car, "doors: 3\ndors: 4\n", ":2: dors: unknown key: did you mean `doors`?\n");
	yaml_is_wrong(car, "wings: 3\n", ":1: wings: unknown key: the keys are a car's\n");
	yaml_is_wrong(car, "doors: 9\n", ":1: doors: 9: give a number from 2 to 5\n");
	yaml_is_wrong(car, "doors:\n", ":1: doors: no value is given: give a number from 2 to 5\n");
	yaml_is_wrong(car, "doors: 3\ndoors: 3\n", ":2: doors: this key is given twice\n");
	yaml_is_wrong(car, "doors: [3]\n", ":1: doors: expected a plain value");
	yaml_is_wrong(car, "doors: 3\nmaker: 1\n# \x01\n",
		      ":3: not valid YAML: control characters are not allowed\n");
	yaml_is_wrong(car, "spokes: 3\n",
		      ":1: spokes: it is for one of the trailers: write it in the list "
		      "`trailers`\n");
	yaml_is_wrong(car, "help: on\n",
		      ":1: help: this option belongs on the command line only\n");
	yaml_is_wrong(car, "wheel:\n  - maker=a\n  - spoke=4\n",
		      ":3: wheel: spoke=4: `spoke` is no key");
	yaml_is_wrong(car, "trailers: 3\n", ":1: trailers: expected a list\n");
	yaml_is_wrong(car, "trailers: []\n",
		      ":1: trailers: the list is empty: give one of the trailers\n");
	yaml_is_wrong(car, "trailers:\n  - maker: a\n    spokes: 1\n",
		      ":3: spokes: 1: give a number from 3 to 99\n");
	yaml_is_wrong(car, "trailers:\n  - maker: a\n    doors: 1\n",
		      ":3: doors: it is for all trailers: write it beside `trailers`\n");
}

static void what_means_something_else_than_its_text_is_refused(void **state)
{
	struct car *car = *state;
	char *said;

	yaml_is_wrong(car, "name: &a x\nstop:\n  - *a\n", ":3: stop: an alias is not followed");
	yaml_is_wrong(car, "name: !!binary eA==\n",
		      ":1: tag:yaml.org,2002:binary: no tag is heeded");
	yaml_is_wrong(car, "fast: on\nstop: !!set [x]\n", ":2: tag:yaml.org,2002:set: no tag");
	yaml_is_wrong(car, "!car {fast: on}\n", ":1: !car: no tag is heeded");
	yaml_is_wrong(car, "name: ~\n", ":1: name: that is no value: leave the key out, or put it");
	yaml_is_wrong(car, "stop: [x, null]\n", ":1: stop: that is no value");
	yaml_is_wrong(car, "doors: NULL\n", ":1: doors: that is no value");
	assert_int_equal(car_read_yaml(car, "name: \"~\"\nfast: &b off\n", &said), 0);
	free(said);
	assert_string_equal(car->name, "~");
}

static void a_file_has_lists_of_mappings(void **state)
{
	struct car *car = *state;
	char *said;

	assert_int_equal(
		car_read_yaml(
			car, "trailers:\n  - maker: a\n    spare: off\n  - {maker: b, spokes: 3}\n",
			&said),
		0);
	free(said);
	assert_int_equal(car->nr_trailers, 2);
	assert_false(car->trailer[0].spare);
	assert_string_equal(car->trailer[1].maker, "b");
	assert_true(car->trailer[1].spare);
	/* Each needs its maker, and there is room for two. */
	opt_clear(opt_find(cars, "trailers"), car);
	yaml_is_wrong(car, "trailers:\n  - spokes: 3\n", "say whose it is\n");
	opt_clear(opt_find(cars, "trailers"), car);
	yaml_is_wrong(car, "trailers: [{maker: a}, {maker: b}, {maker: c}]\n",
		      ":1: trailers: at most 2 trailers\n");
}

static void what_is_printed_says_the_same_again(void **state)
{
	struct car *car = *state;
	char *text;
	char *again;
	char *said;

	text = print(car);
	assert_string_equal(text, "doors: 4\ntank: 8K\nfast: false\nopen: off\nname: \"herbie\"\n");
	free(text);
	car_line_is_right(car,
			  ARGS("--delay=never", "--colour=blue", "--page", "--cpus=0", "--wheel",
			       "maker=a,,b,spokes=3", "--stop=\"\\\n\303\251\302\205", "--stop="));
	text = print(car);
	assert_string_equal(
		text,
		"doors: 4\ndelay: never\ntank: 8K\nfast: false\nopen: off\ncolour: blue\npage: 2M\n"
		"name: \"herbie\"\ncpus: \"0\"\nwheel:\n  - \"maker=a,,b,spokes=3,spare=on\"\n"
		"stop:\n  - \"\\\"\\\\\\x0a\303\251\\x85\"\n  - \"\"\n");
	opt_free(cars, car);
	assert_int_equal(opt_init(cars, car), 0);
	if (car_read_yaml(car, text, &said))
		fail_msg("%s", said);
	free(said);
	again = print(car);
	assert_string_equal(again, text);
	free(again);
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, car_setup, car_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_takes_the_place_of_a_files_list),
		TEST(a_file_says_which_line_is_wrong),
		TEST(what_means_something_else_than_its_text_is_refused),
		TEST(a_file_has_lists_of_mappings),
		TEST(what_is_printed_says_the_same_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
