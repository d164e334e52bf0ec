/* SPDX-License-Identifier: BSD-2-Clause */
/* A table of options: what it reads from a command line, stores and says. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "mm/util.h"
#include "tests/unit/vmm/option/car.h"
#include "vmm/option/help.h"

static void line_is_wrong(struct car *car, const char *error, char **argv)
{
	struct opt_line line = {0};
	struct opt_scope scope;

	assert_int_equal(car_read_line(&line, &scope, car, OPT_PASS_ALL, argv), -EINVAL);
	assert_string_equal(line.error, error);
}

static void defaults_are_those_of_the_rows(void **state)
{
	const struct car *car = *state;

	assert_int_equal(car->doors, 4);
	assert_int_equal(car->delay, -2);
	assert_int_equal(car->tank, 8192);
	assert_int_equal(car->colour, -1);
	assert_string_equal(car->name, "herbie");
	assert_null(car->file);
	assert_false(car->given);
}

static void each_type_is_stored_where_its_row_says(void **state)
{
	struct car *car = *state;

	car_line_is_right(car, ARGS("--doors", "2", "--delay=never", "--tank", "1M", "--fast",
				    "--open=on", "--colour", "azure", "--page", "--name=x"));
	assert_int_equal(car->doors, 2);
	assert_true(car->given);
	assert_int_equal(car->delay, -1);
	assert_int_equal(car->tank, 1 << 20);
	assert_true(car->fast && car->open);
	assert_int_equal(car->colour, 0);
	assert_int_equal(car->page, 2 << 20);
	assert_string_equal(car->name, "x");
	car_line_is_right(car, ARGS("--page=1024M", "--fast=off", "--cpus", "0"));
	assert_int_equal(car->page, 1 << 30);
	assert_false(car->fast);
	assert_int_equal(CPU_COUNT(&car->cpus), 1);
}

static void a_wrong_value_is_told_what_would_be_right(void **state)
{
	/* They are no sizes, or none that fits. */
	static const char *const no_sizes[] = {"64MBs", "1.7KB", "2MB",   "0x10K", "1e1K",
					       ".5M",   "KB",    "64 KB", "infK",  "1..5K"};
	struct car *car = *state;
	char wrong[128];

	line_is_wrong(car, "--doors 1: give a number from 2 to 5", ARGS("--doors", "1"));
	line_is_wrong(car, "--doors 6: give a number from 2 to 5", ARGS("--doors", "6"));
	line_is_wrong(car, "--doors two: give a number from 2 to 5", ARGS("--doors=two"));
	line_is_wrong(car, "--doors 99999999999999999999: give a number from 2 to 5",
		      ARGS("--doors=99999999999999999999"));
	line_is_wrong(car, "--delay 101: give milliseconds from 0 to 100, or never",
		      ARGS("--delay=101"));
	line_is_wrong(car, "--delay -1: give milliseconds from 0 to 100, or never",
		      ARGS("--delay=-1"));
	line_is_wrong(car, "--tank 1025: give a size from 1K to 1M, a multiple of 1K",
		      ARGS("--tank=1025"));
	line_is_wrong(car, "--tank 2M: give a size from 1K to 1M, a multiple of 1K",
		      ARGS("--tank=2M"));
	line_is_wrong(car, "--tank 13K: not that one", ARGS("--tank=13K"));
	/* As others write it: it is told how that is written here, if it can be. */
	line_is_wrong(car, "--tank 64KB: give a size from 1K to 1M, a multiple of 1K: write 64K",
		      ARGS("--tank=64KB"));
	line_is_wrong(car, "--tank 64kib: give a size from 1K to 1M, a multiple of 1K: write 64K",
		      ARGS("--tank=64kib"));
	line_is_wrong(car, "--tank 0.5M: give a size from 1K to 1M, a multiple of 1K: write 512K",
		      ARGS("--tank=0.5M"));
	for (size_t i = 0; i < sizeof(no_sizes) / sizeof(no_sizes[0]); i++) {
		snprintf(wrong, sizeof(wrong),
			 "--tank %s: give a size from 1K to 1M, a multiple of 1K", no_sizes[i]);
		line_is_wrong(car, wrong, ARGS("--tank", (char *)no_sizes[i]));
	}
	line_is_wrong(car, "--fast so: give true or false", ARGS("--fast=so"));
	line_is_wrong(car, "--open so: give on or off", ARGS("--open", "so"));
	line_is_wrong(car, "--colour green: give red or blue", ARGS("--colour", "green"));
	line_is_wrong(car, "--page 4K: give 2M or 1G", ARGS("--page=4K"));
	line_is_wrong(car, "--name: give 1 to 8 bytes", ARGS("--name="));
	line_is_wrong(car, "--name 123456789: give 1 to 8 bytes", ARGS("--name=123456789"));
	line_is_wrong(car, "--cpus 1-: give numbers of CPUs and ranges, as in 0,2-3",
		      ARGS("--cpus=1-"));
	/* Nothing of it is stored. */
	defaults_are_those_of_the_rows(state);
}

static void a_long_value_does_not_hide_what_would_be_right(void **state)
{
	static char arg[4096] = "--colour=";
	struct opt_line line = {0};
	struct opt_scope scope;

	memset(arg + strlen(arg), 'x', sizeof(arg) - strlen(arg) - 1);
	assert_int_equal(car_read_line(&line, &scope, *state, OPT_PASS_ALL, ARGS(arg)), -EINVAL);
	assert_non_null(strstr(line.error, ": give red or blue"));
}

static void options_are_found_by_their_name_its_beginning_or_letter(void **state)
{
	struct car *car = *state;
	struct opt_line line = {.stops = true};
	struct opt_scope scope;

	car_line_is_right(car, ARGS("-f", "--doo", "3"));
	assert_true(car->fast);
	assert_int_equal(car->doors, 3);
	line_is_wrong(car, "unknown option '-x': see drive --help", ARGS("-x"));
	line_is_wrong(car, "unknown option '-doors': did you mean '--doors'?", ARGS("-doors"));
	line_is_wrong(car, "unknown option '--wings': see drive --help", ARGS("--wings=2"));
	line_is_wrong(car, "'--c' may be any of --colour, --cpus: write one of them",
		      ARGS("--c", "0"));
	line_is_wrong(car, "unknown option '--dors': did you mean '--doors'?", ARGS("--dors", "2"));
	line_is_wrong(car, "unknown option '--trailers': see drive --help",
		      ARGS("--trailers", "x"));
	line_is_wrong(car, "--doors: a value is missing: --doors N: see drive --help",
		      ARGS("--doors"));
	line_is_wrong(car, "--doors is given twice, and takes one value",
		      ARGS("--doors=2", "--doors=2"));
	line_is_wrong(car, "x: no such argument: see drive --help", ARGS("x"));
	line_is_wrong(car, "-: no such argument: see drive --help", ARGS("-"));
	line_is_wrong(car, "off: no such argument: if it is the value of --fast, write --fast=off",
		      ARGS("-f", "off"));
	line_is_wrong(car, "x: no such argument: see drive --help", ARGS("--fast", "x"));
	line_is_wrong(car, "off: no such argument: see drive --help", ARGS("--fast", "--", "off"));
	line_is_wrong(car, "off: no such argument: see drive --help",
		      ARGS("--fast", "--doors", "3", "off"));
	assert_int_equal(
		car_read_line(&line, &scope, car, OPT_PASS_ALL, ARGS("--fast", "x", "--wings")), 0);
	assert_int_equal(line.next, 2);
	assert_int_equal(car_read_line(&line, &scope, car, OPT_PASS_ALL, ARGS("--", "--wings")), 0);
	assert_int_equal(line.next, 2);
}

static void what_wins_does_so_whatever_else_is_there(void **state)
{
	struct car *car = *state;
	struct opt_line line = {0};
	struct opt_scope scope;

	assert_int_equal(car_read_line(&line, &scope, car, OPT_PASS_WINS,
				       ARGS("--wings", "x", "--doors", "9", "--help")),
			 0);
	assert_true(car->help);
	assert_int_equal(car_read_line(&line, &scope, car, OPT_PASS_EARLY,
				       ARGS("--doors", "9", "--file", "x")),
			 0);
	assert_string_equal(car->file, "x");
	assert_int_equal(car->doors, 4);
	assert_int_equal(
		car_read_line(&line, &scope, car, OPT_PASS_EARLY, ARGS("--wings", "--file", "x")),
		-EINVAL);
}

static void comma_lists_are_tables_too(void **state)
{
	struct car *car = *state;

	car_line_is_right(car, ARGS("--wheel", "maker=a,,b,spokes=7", "--wheel=spare=off,maker="));
	assert_int_equal(car->nr_wheels, 2);
	assert_string_equal(car->wheel[0].maker, "a,b");
	assert_int_equal(car->wheel[0].spokes, 7);
	assert_true(car->wheel[0].spare);
	assert_string_equal(car->wheel[1].maker, "");
	assert_int_equal(car->wheel[1].spokes, 0);
	assert_false(car->wheel[1].spare);
#define SHAPE "write maker=TEXT[,spokes=N][,spare=on|off]"
	line_is_wrong(car,
		      "--wheel maker=a,b: `b` is no KEY=VALUE (a comma of a value is written "
		      "twice): " SHAPE,
		      ARGS("--wheel", "maker=a,b"));
	line_is_wrong(car, "--wheel maker: `maker` is without a value: " SHAPE,
		      ARGS("--wheel", "maker"));
	line_is_wrong(car, "--wheel wings=2: `wings` is no key that there is: " SHAPE,
		      ARGS("--wheel", "wings=2"));
	line_is_wrong(car,
		      "--wheel spoke=2: `spoke` is no key that there is: did you mean `spokes`?",
		      ARGS("--wheel", "spoke=2"));
	line_is_wrong(car, "--wheel maker=a,maker=b: maker is given twice",
		      ARGS("--wheel", "maker=a,maker=b"));
	line_is_wrong(car, "--wheel maker=a,spokes=2: spokes is a number from 3 to 99",
		      ARGS("--wheel", "maker=a,spokes=2"));
	line_is_wrong(car, "--wheel maker=a,spare=1: spare is on or off",
		      ARGS("--wheel", "maker=a,spare=1"));
	line_is_wrong(car, "--wheel spokes=9: say whose it is", ARGS("--wheel", "spokes=9"));
	line_is_wrong(car, "--wheel maker=4: at most 3 wheels",
		      ARGS("--wheel", "maker=1", "--wheel", "maker=2", "--wheel", "maker=3",
			   "--wheel", "maker=4"));
}

static void help_has_ranges_and_defaults(void **state)
{
	static const char *const lines[] = {
		"  --doors N               doors (2 to 5, default 4)\n",
		"  --delay N               waits (0 to 100 milliseconds or never)\n",
		"  --tank SIZE             its tank (1K to 1M, a multiple of 1K, default 8K)\n",
		"  -f, --fast              goes fast\n",
		"  --open on|off           has no roof\n",
		"  --colour red|blue       its colour\n",
		"  --page[=2M|1G]          its pages\n",
		"  --name TEXT             what it is called (1 to 8 bytes, default herbie)\n",
		"  --wheel SPEC            a wheel (up to 3 times):\n"
		"                          maker=TEXT[,spokes=N][,spare=on|off]\n"
		"                          maker: who made it\n"
		"                          spokes: spokes (3 to 99)\n"
		"                          spare: a spare (default on)\n",
		"  -h, --help              prints this text\n",
	};
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	(void)state;
	opt_help(to, cars, 0);
	fclose(to);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (!strstr(text, lines[i]))
			fail_msg("no \"%s\" in\n%s", lines[i], text);
	assert_null(strstr(text, "azure"));
	assert_null(strstr(text, "trailers"));
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, car_setup, car_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults_are_those_of_the_rows),
		TEST(each_type_is_stored_where_its_row_says),
		TEST(a_wrong_value_is_told_what_would_be_right),
		TEST(a_long_value_does_not_hide_what_would_be_right),
		TEST(options_are_found_by_their_name_its_beginning_or_letter),
		TEST(what_wins_does_so_whatever_else_is_there),
		TEST(comma_lists_are_tables_too),
		TEST(help_has_ranges_and_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
