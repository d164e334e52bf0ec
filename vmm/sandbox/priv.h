/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the sandbox share; nobody else but its test includes this. */
#ifndef VMM_SANDBOX_PRIV_H
#define VMM_SANDBOX_PRIV_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/sandbox/sandbox.h"

#define SANDBOX_MAX_ARGS   2
#define SANDBOX_FILTER_MAX 768 /* instructions */

/* What an argument of a call has to be: these bits of it have this value. */
struct sandbox_arg {
	unsigned int n;
	uint64_t mask, value;
};

/* A system call that threads may make. Several rules for one are alternatives. */
struct sandbox_rule {
	int call;
	const char *name;     /* of the call */
	unsigned int threads; /* a bit each of enum sandbox_thread */
	bool own;             /* its first argument is this process's id */
	bool console;         /* it restores the terminal of a guest (sandbox_console_call()) */
	int error;            /* it is not made, and fails with this errno; 0: it is made */
	unsigned int nr_args;
	struct sandbox_arg arg[SANDBOX_MAX_ARGS]; /* all have to hold */
	/* Why it is there although no test may see it used; NULL: one does. */
	const char *seldom;
};

extern const struct sandbox_rule sandbox_rules[];
extern const size_t sandbox_nr_rules;

/* What threads of a kind are called, at most 15 characters. */
extern const char *const sandbox_names[SANDBOX_KINDS];

/* A filter in the form of the kernel's (classic BPF). */
struct sandbox_filter {
	unsigned short nr;
	struct sock_filter code[SANDBOX_FILTER_MAX];
};

/* Makes the filter of a kind of threads, in this process. Returns 0, or -E2BIG: there are too many
 * rules. */
int sandbox_filter_make(enum sandbox_thread kind, struct sandbox_filter *filter);

/* Puts the calling thread under a filter, beside those that it has. It has no_new_privs. Returns 0
 * or -errno. */
int sandbox_filter_load(const struct sandbox_filter *filter);

/* Has SIGSYS say what was called, and end the process. Returns 0 or -errno. */
int sandbox_trap(void);

#define SANDBOX_CONSOLE_ARGS 3

/* The one call that sets a terminal to what it was: tells what its arguments have to be. Returns
 * whether there is a terminal that may have to be restored; else the call is nobody's. */
bool sandbox_console_call(struct sandbox_arg arg[SANDBOX_CONSOLE_ARGS]);

/* Sets the terminal to what it was, if it is raw (tcsetattr(3), TCSANOW). Safe in a handler of
 * signals. */
void sandbox_console_restore(void);

/* Takes all capabilities from the calling thread. Returns 0 or -errno. */
int sandbox_drop_capabilities(void);

/* Takes what the calling thread could get capabilities from: the bounding and the ambient set. Who
 * may not has none to get. */
void sandbox_drop_bounds(void);

#endif
