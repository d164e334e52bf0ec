/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_SERVE_CMD_H
#define VMM_SERVE_CMD_H

#include "vmm/base/cli.h"

/* `slabvisor serve`: takes the command line from its name on, and returns the exit status. */
enum exit_status cmd_serve(int argc, char **argv);

#endif
