/* SPDX-License-Identifier: BSD-2-Clause */
/* A table of options with a row of each type: what it reads, stores, prints and says. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "mm/util.h"
#include "vmm/base/nearest.h"
#include "vmm/option/help.h"
#include "vmm/option/line.h"
#include "vmm/option/print.h"
#include "vmm/option/yaml.h"

struct wheel {
	char *maker;
	unsigned int spokes;
	bool spare;
};

struct car {
	unsigned int doors;
	int delay;
	uint64_t tank;
	bool fast, open, given;
	int colour;
	uint64_t page;
	char *name;
	cpu_set_t cpus;
	struct wheel wheel[3], trailer[2];
	unsigned int nr_wheels, nr_trailers;
	char *stop[2];
	unsigned int nr_stops;
	bool help;
	char *file;
};

static const struct opt_word colours[] = {
	{"red", 3, false}, {"blue", 0, false}, {"azure", 0, true}, {0}};
static const struct opt_word pages[] = {{"2M", 2 << 20, false}, {"1G", 1 << 30, false}, {0}};
static const struct opt_word never[] = {{"never", -1, false}, {0}};

static const struct opt wheels[] = {
	{.name = "maker",
	 .type = OPT_STRING,
	 OPT_AT(wheel, maker),
	 .need = "say whose it is",
	 .help = "who made it"},
	{.name = "spokes",
	 .type = OPT_NUMBER,
	 OPT_AT(wheel, spokes),
	 .min = 3,
	 .max = 99,
	 .help = "spokes"},
	{.name = "spare",
	 .type = OPT_FLAG,
	 OPT_AT(wheel, spare),
	 .metavar = "on|off",
	 .init = "on",
	 .help = "a spare"},
	{0},
};

static int no_empty_tank(const char *value, char *why)
{
	return strcmp(value, "13K") ? 0 : opt_why(why, "not that one");
}

static const struct opt cars[] = {
	{.name = "doors",
	 .type = OPT_NUMBER,
	 OPT_AT(car, doors),
	 OPT_GIVEN(car, given),
	 .min = 2,
	 .max = 5,
	 .init = "4",
	 .help = "doors"},
	{.name = "delay",
	 .type = OPT_NUMBER,
	 OPT_AT(car, delay),
	 .max = 100,
	 .words = never,
	 .unit = "milliseconds",
	 .unset = -2,
	 .help = "waits"},
	{.name = "tank",
	 .type = OPT_SIZE,
	 OPT_AT(car, tank),
	 .min = 1024,
	 .max = 1 << 20,
	 .step = 1024,
	 .init = "8K",
	 .check = no_empty_tank,
	 .help = "its tank"},
	{.name = "fast", .type = OPT_FLAG, .letter = 'f', OPT_AT(car, fast), .help = "goes fast"},
	{.name = "open",
	 .type = OPT_FLAG,
	 OPT_AT(car, open),
	 .metavar = "on|off",
	 .help = "has no roof"},
	{.name = "colour",
	 .type = OPT_CHOICE,
	 OPT_AT(car, colour),
	 .words = colours,
	 .unset = -1,
	 .help = "its colour"},
	{.name = "page",
	 .type = OPT_CHOICE,
	 .flags = OPT_SIZES,
	 OPT_AT(car, page),
	 .words = pages,
	 .bare = "2M",
	 .help = "its pages"},
	{.name = "name",
	 .type = OPT_STRING,
	 OPT_AT(car, name),
	 .min = 1,
	 .max = 8,
	 .init = "herbie",
	 .help = "what it is called"},
	{.name = "cpus", .type = OPT_CPUS, OPT_AT(car, cpus), .help = "where it runs"},
	{.name = "wheel",
	 .type = OPT_LIST,
	 .flags = OPT_REPEATS,
	 OPT_ARRAY(car, wheel, nr_wheels),
	 .sub = wheels,
	 .many = "wheels",
	 .help = "a wheel"},
	{.name = "stop",
	 .type = OPT_STRING,
	 .flags = OPT_REPEATS,
	 OPT_ARRAY(car, stop, nr_stops),
	 .many = "stops",
	 .help = "where it stops"},
	{.name = "trailers",
	 .type = OPT_MAPS,
	 .flags = OPT_REPEATS | OPT_FILE_ONLY,
	 OPT_ARRAY(car, trailer, nr_trailers),
	 .sub = wheels,
	 .many = "trailers",
	 .keys = "a wheel's",
	 .help = "trailers"},
	{.name = "file",
	 .type = OPT_STRING,
	 .flags = OPT_LINE_ONLY | OPT_EARLY,
	 OPT_AT(car, file),
	 .help = "reads a file"},
	{OPT_HELP(car)},
	{0},
};

static int set_up(void **state)
{
	struct car *car = calloc(1, sizeof(*car));

	assert_non_null(car);
	assert_int_equal(opt_init(cars, car), 0);
	*state = car;
	return 0;
}

static int tear_down(void **state)
{
	opt_free(cars, *state);
	free(*state);
	return 0;
}

/* Reads up to eight arguments, ended by NULL, in one pass. Returns as opt_line_read(). */
static int read_line(struct opt_line *line, struct opt_scope *scope, struct car *car,
		     enum opt_pass pass, char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	*scope = (struct opt_scope){.rows = cars, .base = car};
	line->command = "drive";
	line->scope = scope;
	line->nr_scopes = 1;
	line->argc = argc;
	line->argv = argv;
	return opt_line_read(line, pass);
}

#define ARGS(...) ((char *[]){(char *)"drive", __VA_ARGS__, NULL})

static void line_is_right(struct car *car, char **argv)
{
	struct opt_line line = {0};
	struct opt_scope scope;

	if (read_line(&line, &scope, car, OPT_PASS_ALL, argv))
		fail_msg("%s", line.error);
}

static void line_is_wrong(struct car *car, const char *error, char **argv)
{
	struct opt_line line = {0};
	struct opt_scope scope;

	assert_int_equal(read_line(&line, &scope, car, OPT_PASS_ALL, argv), -EINVAL);
	assert_string_equal(line.error, error);
}

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

/* Reads text as a file; what is said goes to error, which the caller frees. */
static enum exit_status read_yaml(struct car *car, const char *text, char **error)
{
	int fd = memfd_create("yaml", 0);
	FILE *before = stderr;
	enum exit_status status;
	char path[40];
	size_t size;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	stderr = open_memstream(error, &size);
	assert_non_null(stderr);
	status = opt_yaml_read(path, cars, car, "a car's");
	fclose(stderr);
	stderr = before;
	close(fd);
	return status;
}

static void yaml_is_wrong(struct car *car, const char *text, const char *error)
{
	char *said;

	assert_int_equal(read_yaml(car, text, &said), STATUS_BAD_CONFIG);
	if (!strstr(said, error))
		fail_msg("%s: no \"%s\"", said, error);
	free(said);
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

	line_is_right(car, ARGS("--doors", "2", "--delay=never", "--tank", "1M", "--fast",
				"--open=on", "--colour", "azure", "--page", "--name=x"));
	assert_int_equal(car->doors, 2);
	assert_true(car->given);
	assert_int_equal(car->delay, -1);
	assert_int_equal(car->tank, 1 << 20);
	assert_true(car->fast && car->open);
	assert_int_equal(car->colour, 0);
	assert_int_equal(car->page, 2 << 20);
	assert_string_equal(car->name, "x");
	line_is_right(car, ARGS("--page=1024M", "--fast=off", "--cpus", "0"));
	assert_int_equal(car->page, 1 << 30);
	assert_false(car->fast);
	assert_int_equal(CPU_COUNT(&car->cpus), 1);
}

static void a_wrong_value_is_told_what_would_be_right(void **state)
{
	struct car *car = *state;

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
	assert_int_equal(read_line(&line, &scope, *state, OPT_PASS_ALL, ARGS(arg)), -EINVAL);
	assert_non_null(strstr(line.error, ": give red or blue"));
}

static void options_are_found_by_their_name_its_beginning_or_letter(void **state)
{
	struct car *car = *state;
	struct opt_line line = {.stops = true};
	struct opt_scope scope;

	line_is_right(car, ARGS("-f", "--doo", "3"));
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
		read_line(&line, &scope, car, OPT_PASS_ALL, ARGS("--fast", "x", "--wings")), 0);
	assert_int_equal(line.next, 2);
	assert_int_equal(read_line(&line, &scope, car, OPT_PASS_ALL, ARGS("--", "--wings")), 0);
	assert_int_equal(line.next, 2);
}

static void what_wins_does_so_whatever_else_is_there(void **state)
{
	struct car *car = *state;
	struct opt_line line = {0};
	struct opt_scope scope;

	assert_int_equal(read_line(&line, &scope, car, OPT_PASS_WINS,
				   ARGS("--wings", "x", "--doors", "9", "--help")),
			 0);
	assert_true(car->help);
	assert_int_equal(
		read_line(&line, &scope, car, OPT_PASS_EARLY, ARGS("--doors", "9", "--file", "x")),
		0);
	assert_string_equal(car->file, "x");
	assert_int_equal(car->doors, 4);
	assert_int_equal(
		read_line(&line, &scope, car, OPT_PASS_EARLY, ARGS("--wings", "--file", "x")),
		-EINVAL);
}

static void comma_lists_are_tables_too(void **state)
{
	struct car *car = *state;

	line_is_right(car, ARGS("--wheel", "maker=a,,b,spokes=7", "--wheel=spare=off,maker="));
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

static void a_line_takes_the_place_of_a_files_list(void **state)
{
	struct car *car = *state;
	char *said;

	assert_int_equal(read_yaml(car, "stop: [a, b]\ndoors: 5\nfast: on\n", &said), 0);
	free(said);
	assert_int_equal(car->nr_stops, 2);
	line_is_right(car, ARGS("--stop", "c"));
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
	assert_int_equal(read_yaml(car, "name: \"~\"\nfast: &b off\n", &said), 0);
	free(said);
	assert_string_equal(car->name, "~");
}

static void a_file_has_lists_of_mappings(void **state)
{
	struct car *car = *state;
	char *said;

	assert_int_equal(
		read_yaml(car,
			  "trailers:\n  - maker: a\n    spare: off\n  - {maker: b, spokes: 3}\n",
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
	line_is_right(car, ARGS("--delay=never", "--colour=blue", "--page", "--cpus=0", "--wheel",
				"maker=a,,b,spokes=3", "--stop=\"\\\n\303\251\302\205", "--stop="));
	text = print(car);
	assert_string_equal(
		text,
		"doors: 4\ndelay: never\ntank: 8K\nfast: false\nopen: off\ncolour: blue\npage: 2M\n"
		"name: \"herbie\"\ncpus: \"0\"\nwheel:\n  - \"maker=a,,b,spokes=3,spare=on\"\n"
		"stop:\n  - \"\\\"\\\\\\x0a\303\251\\x85\"\n  - \"\"\n");
	opt_free(cars, car);
	assert_int_equal(opt_init(cars, car), 0);
	if (read_yaml(car, text, &said))
		fail_msg("%s", said);
	free(said);
	again = print(car);
	assert_string_equal(again, text);
	free(again);
	free(text);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
		TEST(a_line_takes_the_place_of_a_files_list),
		TEST(a_file_says_which_line_is_wrong),
		TEST(what_means_something_else_than_its_text_is_refused),
		TEST(a_file_has_lists_of_mappings),
		TEST(what_is_printed_says_the_same_again),
		TEST(help_has_ranges_and_defaults),
		cmocka_unit_test(the_nearest_name_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
