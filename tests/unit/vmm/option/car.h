/* SPDX-License-Identifier: BSD-2-Clause */
/* A table of options with a row of each type, and ways to fill what it describes. */
#ifndef OPTION_CAR_H
#define OPTION_CAR_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "vmm/base/cli.h"
#include "vmm/option/line.h"
#include "vmm/option/option.h"

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

/* The table, and sub-tables of wheels. */
extern const struct opt cars[];

/* cmocka's: *state is a car with the defaults. */
int car_setup(void **state);
int car_teardown(void **state);

/* Reads up to eight arguments, ended by NULL, in one pass. Returns as opt_line_read(). */
int car_read_line(struct opt_line *line, struct opt_scope *scope, struct car *car,
		  enum opt_pass pass, char **argv);
#define ARGS(...) ((char *[]){(char *)"drive", __VA_ARGS__, NULL})

/* Reads a command line and asserts that it is right. */
void car_line_is_right(struct car *car, char **argv);

/* Reads text as a file; what is said goes to error, which the caller frees. */
enum exit_status car_read_yaml(struct car *car, const char *text, char **error);

#endif
