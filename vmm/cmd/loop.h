/* SPDX-License-Identifier: BSD-2-Clause */
/* The signals of the monitor: who ends a guest from outside, and the kick. */
#ifndef VMM_CMD_LOOP_H
#define VMM_CMD_LOOP_H

struct vm;

/*
 * Blocks SIGINT, SIGTERM, SIGHUP, SIGTSTP and SIGCONT for this thread and those it makes, ignores
 * SIGPIPE and takes the kick signal. Returns a signalfd of the blocked ones, or -errno.
 * Until then they end the process as they end any, also while it waits for a file.
 */
int signals_setup(void);

/* Closes the signalfd and unblocks the signals again. */
void signals_release(int signal_fd);

/*
 * Waits until the guest ends, by itself, by a signal or by the timeout of its
 * configuration, stops and goes on as a job of a shell, gives idle memory back meanwhile, and has
 * the guest give back more where the host is short of it; all
 * are ended when it returns. After the first signal a second one kills the process at once.
 */
void signals_wait_end(struct vm *vm, int signal_fd);

#endif
