/* SPDX-License-Identifier: BSD-2-Clause */
/* Unix sockets that the monitor listens at. */
#ifndef VMM_BASE_LISTEN_H
#define VMM_BASE_LISTEN_H

#include <sys/types.h>
#include <sys/un.h>

/* A path as a Unix socket's address. Returns 0 or -ENAMETOOLONG. */
int listen_address(const char *path, struct sockaddr_un *addr);

/*
 * Makes a stream socket at path that does not block, with room for one connection that waits. One
 * that a process which was killed left there is replaced; one that answers is not. mode: who
 * may connect, less the umask; in force before the socket has its name.
 * Returns the descriptor; -ENAMETOOLONG; -EADDRINUSE: something is there; or another errno.
 */
int listen_unix(const char *path, mode_t mode);

#endif
