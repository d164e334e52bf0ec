/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process's descriptors, as its parent left them: which of them are missing, which are of no
 * use, and whether there is room for those to come.
 */
#ifndef VMM_BASE_FDS_H
#define VMM_BASE_FDS_H

#include "vmm/base/cli.h"

/*
 * Puts something on standard input, output and error where they are closed, so that no file that
 * is opened later gets their numbers, and with it what is printed. Reading and writing fail there
 * with EBADF, as on what is closed. To be called before anything is opened. Returns 0 or -errno.
 */
int fds_open_standard(void);

/*
 * Closes what was inherited and is not standard: what a parent forgot to close is neither held
 * for as long as a guest runs nor there for whoever breaks out of it. Inherited is what does not
 * close on exec, which all of our own does.
 */
void fds_close_inherited(void);

/*
 * Makes room for needed descriptors beside those that are open: raises the soft limit as far as
 * the hard one allows. least is a limit that must hold in any case. Returns 0 or
 * STATUS_HOST_ERROR, having said which limit would do.
 */
enum exit_status fds_make_room(unsigned int needed, unsigned int least);

/* Holds the process to what fds_make_room() makes sure of, soft limit and hard one. Returns as that
 * does. */
enum exit_status fds_hold(unsigned int needed, unsigned int least);

#endif
