/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A YAML file that is read event by event, rather than loaded into structures: so a value
 * is checked while the line it stands on is known. Each function that returns int returns
 * 0 or an exit status, the error having been reported as one line with file and line
 * number.
 */
#ifndef VMM_OPTION_FILE_H
#define VMM_OPTION_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "vmm/base/cli.h"

struct config_file {
	const char *path;
	unsigned char *text;
	size_t size;
	yaml_parser_t parser;
	yaml_event_t event; /* the current one, if there is one */
	bool have_event;
};

/*
 * Reads a file, or what comes through a pipe of a shell (/dev/stdin, <(...)): 1 MiB at most, and
 * waits for neither a FIFO that nobody writes to nor for a pipe that stays silent for 10 s. path
 * must stay.
 */
enum exit_status config_file_open(struct config_file *f, const char *path);
void config_file_close(struct config_file *f);

/* Moves on to the next event. What the one before pointed to is gone. A tag, which may make another
 * value of a text (!!binary), is refused. */
enum exit_status config_file_next(struct config_file *f);

/* Reports "what: why" (why may be NULL) at the current event. */
enum exit_status config_file_fail(const struct config_file *f, const char *what, const char *why);

/*
 * The current event must be a scalar: *value points to it until the next event. what: named in
 * errors. One with a NUL inside would end early, and an alias and YAML's null mean something else
 * than their text: they are refused.
 */
enum exit_status config_file_scalar(const struct config_file *f, const char *what,
				    const char **value);

#endif
