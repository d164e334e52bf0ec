/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/base/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/base/cli.h"

bool listen_is_stale(const struct sockaddr_un *addr)
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

int listen_group(const char *name, gid_t *group)
{
	const struct group *entry = getgrnam(name);
	uint64_t number;

	if (entry)
		*group = entry->gr_gid;
	else if (!cli_parse_number(name, 0, LISTEN_OWN_GROUP - 1, &number))
		*group = (gid_t)number;
	else
		return -ENOENT;
	return 0;
}

/* Gives the socket at path its group. Who may write to its folder may have put something else in
 * its place: what is changed is what was looked at. */
static int give_group(const char *path, gid_t group)
{
	struct stat st;
	int fd;
	int ret = 0;

	if (group == LISTEN_OWN_GROUP)
		return 0;
	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		ret = -errno;
		goto out;
	}
	if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid()) {
		ret = -EADDRINUSE;
		goto out;
	}
	if (st.st_gid != group && fchownat(fd, "", (uid_t)-1, group, AT_EMPTY_PATH))
		ret = -errno;
out:
	close(fd);
	return ret;
}

/* fchmod() of a socket is heeded by bind(), less the umask. */
static int bind_as(int fd, const struct sockaddr_un *addr, const struct listen_access *access)
{
	mode_t before = 0;
	int ret = 0;

	if (access->exact)
		before = umask(0);
	if (fchmod(fd, access->mode) || bind(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		ret = -errno;
	if (access->exact)
		umask(before);
	return ret;
}

int listen_unix(const char *path, const struct listen_access *access)
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
	if (listen_is_stale(&addr))
		unlink(path);
	ret = bind_as(fd, &addr, access);
	if (ret)
		goto fail;
	/* Nobody connects before it listens. */
	ret = give_group(path, access->group);
	if (!ret && listen(fd, 1 + access->waiting))
		ret = -errno;
	if (!ret)
		return fd;
	unlink(path);
fail:
	close(fd);
	return ret;
}

const char *listen_why(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "something else is there: a file, or a program that listens";
	case ENOENT:
		return "the folder that is to have it does not exist";
	default:
		return strerror(error);
	}
}
