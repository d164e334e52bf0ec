/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Landlock (Linux, Documentation/userspace-api/landlock.rst): a process that takes rights to the
 * file system and to the network away from itself. What it has open stays open.
 */
#ifndef VMM_SANDBOX_LANDLOCK_H
#define VMM_SANDBOX_LANDLOCK_H

/* The version of the kernel's ABI; 0: it has none, or it is off. */
int landlock_abi(void);

/*
 * Makes a rule set that allows nothing. To remove its socket is not allowed either: the right to
 * remove a file is that to remove whatever is below its folder. Returns a descriptor for
 * landlock_enter(), or -errno (-EOPNOTSUPP: the kernel has no Landlock, or it is off).
 */
int landlock_create(void);

/* Holds the calling thread, and those it makes, to a rule set. It has no_new_privs. Returns 0 or
 * -errno. */
int landlock_enter(int ruleset_fd);

#endif
