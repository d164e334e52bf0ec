/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run directory, where the control sockets of guests and services that have a name are:
 * NAME.sock in /run/slabvisor, or, of who is not root, in $XDG_RUNTIME_DIR/slabvisor. It is its
 * owner's alone. A socket that is left there when its process ends is stale: nobody listens. It is
 * removed by the next look at the list, or replaced by the next of that name.
 *
 * A socket is bound before it listens, and in between it looks as a stale one does. So both who
 * makes one and who removes one hold the directory's lock.
 */
#ifndef VMM_BASE_RUN_DIR_H
#define VMM_BASE_RUN_DIR_H

#include <stdbool.h>
#include <sys/un.h>

#include "vmm/base/cli.h"

#define RUN_DIR_NAME_MAX 32 /* bytes of a name */

struct run_dir {
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int lock_fd; /* -1: not locked */
};

/* Tells whether name can be one: letters, digits, `.`, `_` and `-`, of which the last two and a dot
 * do not begin it. */
bool run_dir_is_name(const char *name);

/* Finds the directory, for a look: it need not be there. Returns 0, or -ENOENT: this user has none,
 * since $XDG_RUNTIME_DIR is not set, or -ENAMETOOLONG. */
int run_dir_find(struct run_dir *dir);

/* Finds it or makes it, and locks it till run_dir_unlock(). Returns 0 or the exit status, the error
 * having been reported. */
enum exit_status run_dir_open(struct run_dir *dir);

/* Locks one that is there. Returns 0 or a negative errno. */
int run_dir_lock(struct run_dir *dir);
void run_dir_unlock(struct run_dir *dir);

/* The path of a name's socket. Returns 0 or -ENAMETOOLONG. */
int run_dir_socket(const struct run_dir *dir, const char *name, char path[sizeof(dir->path)]);

/* Calls fn for each socket there, whether or not somebody listens, in no order, until it returns
 * false. No error is one: what cannot be read is not there. */
void run_dir_each(const struct run_dir *dir,
		  bool (*fn)(void *opaque, const char *name, const char *path), void *opaque);

/* Removes the socket at path if nobody listens there. The directory is locked. Returns whether it
 * is gone. */
bool run_dir_clean(const struct run_dir *dir, const char *path);

#endif
