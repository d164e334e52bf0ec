/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor's standard input as the console of a Linux guest. A terminal is put into raw
 * mode, so that every key, Ctrl-C too, is the guest's; Ctrl-A then x ends the guest, Ctrl-A
 * twice sends one. The terminal is as it was once the guest ends.
 */
#ifndef VMM_TERMINAL_H
#define VMM_TERMINAL_H

#include <pthread.h>
#include <stdbool.h>
#include <termios.h>

struct vm;

struct terminal {
	pthread_t thread;
	bool started;
	bool raw; /* saved is to be restored */
	struct termios saved;
};

/* Starts the thread that reads input. vm->ports exist. Returns 0 or -errno. */
int terminal_start(struct vm *vm);

/* Restores the terminal; the thread may still run. May be called again. */
void terminal_restore(struct terminal *terminal);

/* Ends the thread of a guest that is ending, and restores the terminal. */
void terminal_stop(struct vm *vm);

#endif
