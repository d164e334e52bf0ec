/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the sandbox share; nobody else but its test includes this. */
#ifndef VMM_SANDBOX_PRIV_H
#define VMM_SANDBOX_PRIV_H

#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>

#include "vmm/sandbox/sandbox.h"

#define SANDBOX_MAX_ARGS 2

/* A system call that threads may make. Several rules for one are alternatives. */
struct sandbox_rule {
	int call;
	unsigned int threads; /* a bit each of enum sandbox_thread */
	bool own;             /* its first argument is this process's id */
	unsigned int nr_args;
	struct scmp_arg_cmp arg[SANDBOX_MAX_ARGS]; /* all have to hold */
	/* Why it is there although no test may see it used; NULL: one does. */
	const char *seldom;
};

extern const struct sandbox_rule sandbox_rules[];
extern const size_t sandbox_nr_rules;

/* What threads of a kind are called, at most 15 characters. */
extern const char *const sandbox_names[SANDBOX_KINDS];

/* Makes the filter of a kind of threads. Returns 0 or -errno. */
int sandbox_filter_make(enum sandbox_thread kind, scmp_filter_ctx *filter);

/* Puts the calling thread under a filter. It has no_new_privs. Returns 0 or -errno. */
int sandbox_filter_load(scmp_filter_ctx filter);

/* Has SIGSYS say what was called, and end the process. Returns 0 or -errno. */
int sandbox_trap(void);

/* Takes all capabilities from the calling thread. Returns 0 or -errno. */
int sandbox_drop_capabilities(void);

#endif
