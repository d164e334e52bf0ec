/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/base/fds.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "vmm/base/cli.h"

int fds_open_standard(void)
{
	int got;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* Open the wrong way round, on purpose. The lowest number that is free is this. */
		got = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
		if (got < 0) /* a root without devices */
			got = open("/", O_PATH);
		if (got < 0)
			return -errno;
	}
	return 0;
}

void fds_close_inherited(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	int fd;
	int flags;

	while (dir && (entry = readdir(dir))) {
		fd = atoi(entry->d_name);
		flags = fd > STDERR_FILENO ? fcntl(fd, F_GETFD) : -1;
		if (flags >= 0 && !(flags & FD_CLOEXEC))
			close(fd);
	}
	if (dir)
		closedir(dir);
}

static unsigned int limit_for(unsigned int needed, unsigned int least)
{
	unsigned int found = 0;
	unsigned int limit;

	/* The kernel gives out the lowest numbers that are free. */
	for (limit = 0; found < needed; limit++)
		found += fcntl((int)limit, F_GETFD) < 0;
	return limit < least ? least : limit;
}

enum exit_status fds_hold(unsigned int needed, unsigned int least)
{
	const unsigned int limit = limit_for(needed, least);
	const struct rlimit held = {limit, limit};

	if (!setrlimit(RLIMIT_NOFILE, &held))
		return 0;
	return cli_fail(STATUS_HOST_ERROR, "open files cannot be limited to %u: %s", limit,
			strerror(errno));
}

enum exit_status fds_make_room(unsigned int needed, unsigned int least)
{
	const unsigned int limit = limit_for(needed, least);
	struct rlimit now;

	if (getrlimit(RLIMIT_NOFILE, &now) || now.rlim_cur >= limit)
		return 0;
	if (now.rlim_max >= limit) {
		now.rlim_cur = limit;
		if (!setrlimit(RLIMIT_NOFILE, &now))
			return 0;
	}
	return cli_fail(STATUS_HOST_ERROR,
			"%llu files may be open at once and %u are needed: raise the limit (ulimit "
			"-n %u, as root; LimitNOFILE=%u in a systemd unit)",
			(unsigned long long)now.rlim_max, limit, limit, limit);
}
