/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets of `slabvisor serve`: made, inherited (--fd), or handed over by systemd. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vmm/base/cli.h"
#include "vmm/base/listen.h"
#include "vmm/serve/serve.h"

#define FIRST_HANDED_OVER 3 /* sd_listen_fds(3) */

static const char *why_not(int error)
{
	if (error != EPERM)
		return listen_why(error);
	return "this user is not in the group of --socket-group, which only root may give all the "
	       "same";
}

static enum exit_status make(const struct serve_disk *disk, int *out)
{
	struct listen_access access = {.mode = 0777, .group = LISTEN_OWN_GROUP};
	const char *path = disk->socket_path;
	int fd;

	if (disk->socket_mode || disk->socket_group) {
		access.mode = disk->socket_mode ? (mode_t)strtoul(disk->socket_mode, NULL, 8)
						: 0660;
		access.exact = true;
	}
	if (disk->socket_group && listen_group(disk->socket_group, &access.group))
		return cli_fail(STATUS_USAGE, "--socket-group %s: there is no such group",
				disk->socket_group);
	fd = listen_unix(path, &access);
	if (fd == -ENAMETOOLONG)
		return cli_fail(STATUS_USAGE, "%s: a socket's path has at most %zu bytes", path,
				sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
	if (fd < 0)
		return cli_fail(STATUS_HOST_ERROR, "%s: no socket can be made there: %s", path,
				why_not(-fd));
	*out = fd;
	return 0;
}

/* How many sockets systemd handed over. */
static unsigned int handed_over(void)
{
	const char *pid = getenv("LISTEN_PID");
	const char *fds = getenv("LISTEN_FDS");
	uint64_t value;

	if (!pid || !fds || cli_parse_number(pid, 1, INT32_MAX, &value) ||
	    (pid_t)value != getpid() || cli_parse_number(fds, 1, SERVE_MAX_DISKS, &value))
		return 0;
	return (unsigned int)value;
}

static enum exit_status check(int fd, const char *what, bool *listening)
{
	int type = 0;
	int domain = 0;
	int accepts = 0;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) || type != SOCK_STREAM ||
	    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) || domain != AF_UNIX ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &len))
		return cli_fail(STATUS_USAGE, "%s %d: a Unix stream socket is needed", what, fd);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	*listening = accepts;
	return 0;
}

enum exit_status serve_socket(const struct serve_disk *disk, unsigned int *next, int *fd,
			      bool *listening)
{
	*listening = true;
	if (disk->socket_path)
		return make(disk, fd);
	if (disk->fd >= 0) {
		*fd = disk->fd;
		return check(*fd, "--fd", listening);
	}
	if (*next >= handed_over())
		return cli_fail(STATUS_USAGE,
				"%s: no socket: --socket-path PATH, --fd N or socket activation "
				"would give it one",
				disk->blk_file);
	*fd = FIRST_HANDED_OVER + (int)(*next)++;
	return check(*fd, "LISTEN_FDS: descriptor", listening);
}

int serve_notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr;
	socklen_t len;
	int fd;

	if (!path || (*path != '/' && *path != '@') || listen_address(path, &addr))
		return -1;
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (*path == '@')
		addr.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, len)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

void serve_notify(int fd, const char *state)
{
	/* Nobody to tell is no error of ours. */
	if (fd >= 0 && send(fd, state, strlen(state), MSG_NOSIGNAL) < 0)
		errno = 0;
}
