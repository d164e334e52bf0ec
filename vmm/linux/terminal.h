/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor's standard input as the console of a Linux guest. A terminal is put into raw
 * mode, so that every key, Ctrl-C too, is the guest's; Ctrl-A then x ends the guest, Ctrl-A
 * twice sends one. The terminal is as it was once the guest ends.
 *
 * It is so while this process is in the terminal's foreground. In the background the terminal is
 * somebody else's, a shell's say, and neither its mode nor what is typed is touched: setting the
 * one or reading the other would stop the guest (SIGTTOU, SIGTTIN). Shells do not tell a job that
 * runs when they bring it to the foreground, so then it is looked at from time to time.
 */
#ifndef VMM_LINUX_TERMINAL_H
#define VMM_LINUX_TERMINAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <termios.h>

struct serial;
struct vm;

struct terminal {
	struct vm *vm;         /* whose console it is */
	struct serial *serial; /* where input goes */
	pthread_t thread;      /* reads the input */
	bool started;
	bool is_tty;
	bool over;            /* not to be taken any more */
	int wake_fd;          /* the thread looks again at: */
	atomic_bool taken;    /* input is ours; of a tty, so is its mode */
	struct termios saved; /* to be restored */
	bool has_saved;
};

/* All are called by the thread that waits for the guest's end. */

/* Starts the thread that reads input, for the port serial of vm, until the guest ends. Returns 0 or
 * -errno. */
int terminal_start(struct terminal *terminal, struct serial *serial, struct vm *vm);

/* Takes the terminal if it is not taken and can be. Returns in how many ms to look again, or -1. */
int terminal_take(struct terminal *terminal);

/* Restores the terminal, before the process stops, until it is taken again. */
void terminal_release(struct terminal *terminal);

/* The process was stopped: whatever mode the terminal has is not ours. */
void terminal_forget(struct terminal *terminal);

/* Restores the terminal for good; the thread may still run. May be called again. */
void terminal_restore(struct terminal *terminal);

/* Ends the thread of a guest that is ending, and restores the terminal. */
void terminal_stop(struct terminal *terminal);

#endif
