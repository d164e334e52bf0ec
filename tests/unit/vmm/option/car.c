/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/vmm/option/car.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "vmm/option/yaml.h"

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

const struct opt cars[] = {
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

int car_setup(void **state)
{
	struct car *car = calloc(1, sizeof(*car));

	assert_non_null(car);
	assert_int_equal(opt_init(cars, car), 0);
	*state = car;
	return 0;
}

int car_teardown(void **state)
{
	opt_free(cars, *state);
	free(*state);
	return 0;
}

int car_read_line(struct opt_line *line, struct opt_scope *scope, struct car *car,
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

void car_line_is_right(struct car *car, char **argv)
{
	struct opt_line line = {0};
	struct opt_scope scope;

	if (car_read_line(&line, &scope, car, OPT_PASS_ALL, argv))
		fail_msg("%s", line.error);
}

enum exit_status car_read_yaml(struct car *car, const char *text, char **error)
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
