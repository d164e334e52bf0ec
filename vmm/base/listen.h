/* SPDX-License-Identifier: BSD-2-Clause */
/* Unix sockets that the monitor listens at. */
#ifndef VMM_BASE_LISTEN_H
#define VMM_BASE_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

/* A path as a Unix socket's address. Returns 0 or -ENAMETOOLONG. */
int listen_address(const char *path, struct sockaddr_un *addr);

/* Tells whether a socket is at addr that nobody listens at any more. One that is bound and is about
 * to listen looks the same. */
bool listen_is_stale(const struct sockaddr_un *addr);

/* Who may connect to a socket. */
struct listen_access {
	mode_t mode;
	bool exact;  /* mode as it is; false: less the umask */
	gid_t group; /* the socket's group; LISTEN_OWN_GROUP: that of the process */
	int waiting; /* connections that wait, beyond the first; a client that does not block is
			turned away where there are more */
};

#define LISTEN_OWN_GROUP ((gid_t)-1)

/* The group of a name or a number, as in "kvm" or "36". Returns 0, -ENOENT: there is no such
 * group. */
int listen_group(const char *name, gid_t *group);

/*
 * Makes a stream socket at path that does not block, with room for connections that wait. One
 * that a process which was killed left there is replaced; one that answers is not. access is in
 * force before anybody can connect. Changes the umask for a moment: no other thread makes files
 * meanwhile.
 * Returns the descriptor; -ENAMETOOLONG; -EADDRINUSE: something is there; -EPERM: the group is
 * neither this process's nor one of its others; or another errno.
 */
int listen_unix(const char *path, const struct listen_access *access);

/* Why no socket could be made, a positive errno of listen_unix()'s. */
const char *listen_why(int error);

#endif
