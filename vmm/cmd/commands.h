/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands, and what each takes. Each is called with the command line from its name on, and
 * returns the exit status. */
#ifndef VMM_CMD_COMMANDS_H
#define VMM_CMD_COMMANDS_H

#include "vmm/base/cli.h"
#include "vmm/option/option.h"

/* A table that a command's options are in. */
struct command_options {
	const struct opt *rows;
	unsigned int tag; /* as of struct opt_scope */
};

struct command {
	const char *name; /* NULL: the end */
	enum exit_status (*run)(int argc, char **argv);
	const char *help;
	/* What manual pages and completion are made of: the tables that --help prints, up to one
	 * without rows, and the arguments that are no options, or NULL. */
	struct command_options options[3];
	const struct opt *operands;
};

extern const struct command commands[];

enum exit_status cmd_run(int argc, char **argv);
enum exit_status cmd_ctl(int argc, char **argv);
enum exit_status cmd_list(int argc, char **argv);
enum exit_status cmd_doctor(int argc, char **argv);

/* Tables of those whose own sources nobody else includes. */
extern const struct opt list_options[], ctl_options[], ctl_operands[];

#endif
