/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program slabvisor-view: what shows guests to people and to other programs. It is a program of
 * its own because of its libraries, of terminals, line editing and HTTP, with which a monitor is to
 * have nothing to do; `slabvisor` starts it for the commands that it has.
 */
#ifndef VMM_VIEW_VIEW_H
#define VMM_VIEW_VIEW_H

#include "vmm/base/cli.h"

/* Each takes the command line from its name on, and returns the exit status. */
enum exit_status view_top(int argc, char **argv);
enum exit_status view_metrics(int argc, char **argv);
enum exit_status view_shell(int argc, char **argv);

#endif
