/* SPDX-License-Identifier: BSD-2-Clause */
/* YAML files of options: one mapping whose keys are a table's options. */
#ifndef VMM_OPTION_YAML_H
#define VMM_OPTION_YAML_H

#include "vmm/base/cli.h"
#include "vmm/option/option.h"

/*
 * Reads the file at path into base. Values are scalars, as on the command line; an option that
 * repeats also takes a sequence of them, and OPT_MAPS a sequence of mappings. keys says which keys
 * there are, for errors. Returns 0 or the exit status, the error having been reported as one line
 * with file and line number.
 */
enum exit_status opt_yaml_read(const char *path, const struct opt *rows, void *base,
			       const char *keys);

#endif
