/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The jail: what a monitor that root has started becomes before it looks at anything of a guest's
 * or a front end's. It is another user's process then, without groups, in namespaces of its own for
 * mounts, network, System V and POSIX queues, and host names, below a root that is empty and cannot
 * be written to, with no core dumps and no more descriptors than it needs, and in a control group
 * if one is named. What is open stays open, as with the jailer of Firecracker (docs/jailer.md
 * there), whose work this is within one program.
 *
 * It is entered in two steps. Namespaces belong to a thread, so they are left before there is a
 * second one; from there on the process is the user's, but keeps the capabilities by which files
 * are opened. The root goes when all is open. Capabilities go with the sandbox, by each thread for
 * itself, and without a sandbox with the root.
 *
 * It has no namespace of processes, which a process cannot enter itself: it would take a second one
 * that stays as its parent. Nor one of users, which would give capabilities within it away.
 */
#ifndef VMM_SANDBOX_JAIL_H
#define VMM_SANDBOX_JAIL_H

#include <stdbool.h>

#include "vmm/base/cli.h"

/* A process has one; zeroed, it is not in a jail. */
struct jail {
	bool entered;        /* the first step is done */
	bool closed;         /* and the second */
	bool threads_settle; /* each thread drops its capabilities itself */
	unsigned int uid;
};

/*
 * The first step, by the only thread: limits, control group, namespaces, user. Nothing may be
 * opened before that the process must not have. user: its name; NULL: no jail, and nothing is done.
 * cgroup: a path below /sys/fs/cgroup, or NULL. needed, least: descriptors, as fds_make_room() has
 * them. threads_settle: the process has a sandbox, which each of its threads enters. Returns 0 or
 * the exit status, the error having been reported.
 */
enum exit_status jail_begin(struct jail *jail, const char *user, const char *cgroup,
			    unsigned int needed, unsigned int least, bool threads_settle);

/*
 * The second step, by the main thread, before it enters the sandbox: the root goes, and so do,
 * where no sandbox takes them, the capabilities of all threads. A jail that was not entered, or is
 * closed, is left as it is. Returns as jail_begin(); if it failed, nothing of a guest's or a front
 * end's may be looked at.
 */
enum exit_status jail_close(struct jail *jail);

#endif
