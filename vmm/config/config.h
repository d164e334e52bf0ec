/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration files: one YAML mapping whose keys are the options of `run` that
 * are not of the command line only, plus `program` and `args`.
 */
#ifndef VMM_CONFIG_CONFIG_H
#define VMM_CONFIG_CONFIG_H

#include "vmm/base/cli.h"
#include "vmm/config/options.h"

/*
 * Reads the file at path into config, through the option table. Values are
 * scalars; an option that repeats also takes a sequence of them. Returns 0 or the
 * exit status, the error having been reported as one line with file and line number.
 */
enum exit_status config_read(struct run_config *config, const char *path);

#endif
