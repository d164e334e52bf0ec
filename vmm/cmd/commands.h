/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of this room. Each takes the command line from its name on, and returns the exit
 * status. */
#ifndef VMM_CMD_COMMANDS_H
#define VMM_CMD_COMMANDS_H

#include "vmm/base/cli.h"

enum exit_status cmd_run(int argc, char **argv);
enum exit_status cmd_ctl(int argc, char **argv);
enum exit_status cmd_doctor(int argc, char **argv);

#endif
