/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_CMD_VIEW_H
#define VMM_CMD_VIEW_H

#include "vmm/base/cli.h"

/* Becomes slabvisor-view (vmm/view), which carries out the command line from its name on. Returns
 * only where that is not there. */
enum exit_status cmd_view(int argc, char **argv);

#endif
