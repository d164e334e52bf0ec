/* SPDX-License-Identifier: BSD-2-Clause */
/* A configuration in the form of a file that says the same (yaml.h). */
#ifndef VMM_OPTION_PRINT_H
#define VMM_OPTION_PRINT_H

#include "vmm/option/option.h"

/* Prints the options of a table that a command line and a file have alike, but those that are
 * unset. Returns 0 or -ENOMEM. */
int opt_print(FILE *to, const struct opt *rows, const void *base);

/* Prints text as a YAML double-quoted scalar. */
void opt_print_quoted(FILE *to, const char *text);

#endif
