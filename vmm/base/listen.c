/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/base/listen.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Tells whether a socket is at addr that nobody listens at any more. */
static bool is_stale(const struct sockaddr_un *addr)
{
	struct stat st;
	bool stale;
	int fd;

	if (lstat(addr->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	stale = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) && errno == ECONNREFUSED;
	close(fd);
	return stale;
}

int listen_address(const char *path, struct sockaddr_un *addr)
{
	*addr = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	strcpy(addr->sun_path, path);
	return 0;
}

int listen_unix(const char *path, mode_t mode)
{
	struct sockaddr_un addr;
	int fd;
	int ret;

	ret = listen_address(path, &addr);
	if (ret)
		return ret;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (is_stale(&addr))
		unlink(path);
	if (fchmod(fd, mode) || bind(fd, (const struct sockaddr *)&addr, sizeof(addr))) {
		ret = -errno;
		goto fail;
	}
	if (!listen(fd, 1))
		return fd;
	ret = -errno;
	unlink(path);
fail:
	close(fd);
	return ret;
}
