/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/base/run_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/base/listen.h"

#define SYSTEM_DIR "/run/slabvisor"
#define SUFFIX     ".sock"
#define LOCK       ".lock"

bool run_dir_is_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t len = strlen(name);

	return len && len <= RUN_DIR_NAME_MAX && strspn(name, letters) == len &&
	       !strchr("._-", *name);
}

int run_dir_find(struct run_dir *dir)
{
	const char *own = getenv("XDG_RUNTIME_DIR");
	int n;

	dir->lock_fd = -1;
	if (!geteuid())
		n = snprintf(dir->path, sizeof(dir->path), "%s", SYSTEM_DIR);
	else if (own && *own == '/')
		n = snprintf(dir->path, sizeof(dir->path), "%s/slabvisor", own);
	else
		return -ENOENT;
	/* Any name is to fit behind it. */
	return n + 1 + RUN_DIR_NAME_MAX + sizeof(SUFFIX) > sizeof(dir->path) ? -ENAMETOOLONG : 0;
}

int run_dir_lock(struct run_dir *dir)
{
	char path[sizeof(dir->path) + sizeof("/" LOCK)];
	int ret = 0;

	snprintf(path, sizeof(path), "%s/%s", dir->path, LOCK);
	dir->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (dir->lock_fd < 0)
		return -errno;
	do {
		ret = flock(dir->lock_fd, LOCK_EX) ? -errno : 0;
	} while (ret == -EINTR);
	if (ret)
		run_dir_unlock(dir);
	return ret;
}

void run_dir_unlock(struct run_dir *dir)
{
	if (dir->lock_fd >= 0)
		close(dir->lock_fd);
	dir->lock_fd = -1;
}

enum exit_status run_dir_open(struct run_dir *dir)
{
	struct stat st;
	int ret = run_dir_find(dir);

	if (ret == -ENOENT)
		return cli_fail(
			STATUS_USAGE,
			"--name: this user has no run directory: set XDG_RUNTIME_DIR to one, "
			"or say --qmp unix:PATH in its place");
	if (ret)
		return cli_fail(STATUS_USAGE,
				"--name: $XDG_RUNTIME_DIR is too long for sockets to be there");
	if (mkdir(dir->path, 0700) && errno != EEXIST)
		return cli_fail(STATUS_HOST_ERROR, "--name: %s cannot be made: %s", dir->path,
				strerror(errno));
	/* Who may write there may put sockets of its own in the place of guests'. */
	if (lstat(dir->path, &st) || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
	    st.st_mode & (S_IWGRP | S_IWOTH))
		return cli_fail(
			STATUS_HOST_ERROR,
			"--name: %s is to be a directory of this user's that nobody else may "
			"write to",
			dir->path);
	ret = run_dir_lock(dir);
	if (ret)
		return cli_fail(STATUS_HOST_ERROR, "--name: %s cannot be locked: %s", dir->path,
				strerror(-ret));
	return 0;
}

int run_dir_socket(const struct run_dir *dir, const char *name, char path[sizeof(dir->path)])
{
	int n = snprintf(path, sizeof(dir->path), "%s/%s%s", dir->path, name, SUFFIX);

	return n < 0 || (size_t)n >= sizeof(dir->path) ? -ENAMETOOLONG : 0;
}

void run_dir_each(const struct run_dir *dir,
		  bool (*fn)(void *opaque, const char *name, const char *path), void *opaque)
{
	char path[sizeof(dir->path)];
	struct dirent *entry;
	DIR *d = opendir(dir->path);
	bool go_on = true;

	while (d && go_on && (entry = readdir(d))) {
		char *dot = strrchr(entry->d_name, '.');

		if (!dot || strcmp(dot, SUFFIX) != 0)
			continue;
		*dot = '\0';
		if (run_dir_is_name(entry->d_name) && !run_dir_socket(dir, entry->d_name, path))
			go_on = fn(opaque, entry->d_name, path);
	}
	if (d)
		closedir(d);
}

bool run_dir_clean(const struct run_dir *dir, const char *path)
{
	struct sockaddr_un addr;

	return dir->lock_fd >= 0 && !listen_address(path, &addr) && listen_is_stale(&addr) &&
	       !unlink(path);
}
