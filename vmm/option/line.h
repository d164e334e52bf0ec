/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a command line by tables of options: `--name value`, `--name=value`, `-l`. A name may be
 * cut short as long as it is one option's alone. `--` ends the options.
 */
#ifndef VMM_OPTION_LINE_H
#define VMM_OPTION_LINE_H

#include "vmm/option/option.h"

#define OPT_ERROR_MAX 1024

/* A table, and what its options are stored in. */
struct opt_scope {
	const struct opt *rows;
	void *base;
	unsigned int tag; /* only rows with one of these tags; 0: all */
	uint64_t seen;    /* set by the reading: bit i is of row i */
};

struct opt_line {
	const char *command; /* as in "slabvisor run", for `see ... --help` */
	struct opt_scope *scope;
	unsigned int nr_scopes;
	bool stops; /* at the first argument that is no option; what follows is not ours */
	/* Rows of scalars for arguments that are no options, in their order, stored in scope[0];
	 * NULL: there are none. */
	const struct opt *operands;
	int argc;
	char **argv;              /* argv[0] is not looked at */
	int next;                 /* set by the reading: the first argument that was not read */
	const struct opt *before; /* ... and the option that stands alone in front of it, or NULL */
	char error[OPT_ERROR_MAX]; /* set with -EINVAL */
};

/* Which options are heeded. */
enum opt_pass {
	OPT_PASS_WINS,  /* those that win: no error but theirs is one */
	OPT_PASS_EARLY, /* those that name the file */
	OPT_PASS_ALL,
};

/*
 * Reads the command line, heeding the options of that pass; in OPT_PASS_ALL the first occurrence of
 * an option that repeats takes the place of what it had before. Returns 0, or -EINVAL with
 * line->error, which names what was wrong and what would be right, but no program.
 */
int opt_line_read(struct opt_line *line, enum opt_pass pass);

/* Tells whether arg, behind an option that takes a value behind a `=` only, may be meant for its
 * value. */
bool opt_may_mean(const struct opt *o, const char *arg);

#endif
