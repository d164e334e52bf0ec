/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of a --help text. */
#ifndef VMM_OPTION_HELP_H
#define VMM_OPTION_HELP_H

#include "vmm/option/option.h"

/*
 * Prints the options of a table that a command line takes (tag: as of struct opt_scope): how each
 * is given, and in a column of its own what it does, its range and its default; of a comma list
 * each of its keys. Fits in 80 columns. An option that is wider than its column has a line of its
 * own.
 */
void opt_help(FILE *to, const struct opt *rows, unsigned int tag);

/* Prints the arguments that are no options (struct opt_line) in the same two columns. */
void opt_help_operands(FILE *to, const struct opt *rows);

#endif
