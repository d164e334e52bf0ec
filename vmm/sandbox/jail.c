/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/sandbox/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/base/fds.h"

/* A folder that every host has. That it is covered only this process sees. */
#define COVERED "/proc"

/* Joins a control group, of either version. */
static enum exit_status join_cgroup(const char *cgroup)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	int fd;
	int ret = 0;

	fd = n < (int)sizeof(path) ? open(path, O_WRONLY | O_CLOEXEC) : -1;
	/* 0 is whoever writes it. */
	if (fd < 0 || write(fd, "0", 1) != 1)
		ret = cli_fail(STATUS_HOST_ERROR, "--jail-cgroup %s: cannot be joined: %s", cgroup,
			       strerror(errno));
	if (fd >= 0)
		close(fd);
	return ret;
}

static int leave_namespaces(void)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET))
		return -errno;
	/* What is mounted here is not mounted there. */
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ? -errno : 0;
}

/* What is permitted takes effect again, after a change of user took that away. */
static int use_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		data[i].effective = data[i].permitted;
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

/*
 * Capabilities are kept up to the second step. With a sandbox the flag keeps them, and each thread
 * drops its own. Without one a saved id of root does: when it goes, which the C library sees to in
 * all threads, they go with it.
 */
static int become(struct jail *jail, const struct passwd *user)
{
	if (prctl(PR_SET_KEEPCAPS, jail->threads_settle, 0, 0, 0) || setgroups(0, NULL) ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) ||
	    setresuid(user->pw_uid, user->pw_uid, jail->threads_settle ? user->pw_uid : 0) ||
	    prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	jail->uid = user->pw_uid;
	return use_capabilities();
}

enum exit_status jail_begin(struct jail *jail, const char *user, const char *cgroup,
			    unsigned int needed, unsigned int least, bool threads_settle)
{
	const struct rlimit none = {0, 0};
	const struct passwd *entry;
	enum exit_status status;
	int ret;

	if (!user)
		return 0;
	*jail = (struct jail){.threads_settle = threads_settle};
	errno = ENOENT;
	entry = getpwnam(user);
	if (!entry)
		return cli_fail(STATUS_HOST_ERROR, "--jail %s: %s", user, strerror(errno));
	status = cgroup ? join_cgroup(cgroup) : 0;
	if (!status)
		status = fds_hold(needed, least);
	if (status)
		return status;
	ret = setrlimit(RLIMIT_CORE, &none) ? -errno : leave_namespaces();
	if (ret)
		return cli_fail(STATUS_HOST_ERROR, "--jail %s: no namespaces can be had: %s: %s",
				user, strerror(-ret),
				ret == -EINVAL ? "/ is a folder of another root here (chroot)"
					       : "a container would have to allow them");
	ret = become(jail, entry);
	if (ret)
		return cli_fail(STATUS_HOST_ERROR, "--jail %s: cannot become that user: %s", user,
				strerror(-ret));
	jail->entered = true;
	return 0;
}

/* The calling process has an empty folder for its root, which cannot be written to. All its threads
 * have one root. */
static int empty_root(void)
{
	const unsigned long flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (mount("jail", COVERED, "tmpfs", flags, "size=4k,nr_inodes=1,mode=0555,uid=0,gid=0") ||
	    chdir(COVERED))
		return -errno;
	/* The old root then lies over the new one (pivot_root(2)). */
	if (!syscall(SYS_pivot_root, ".", "."))
		return umount2(".", MNT_DETACH) || chdir("/") ? -errno : 0;
	/* An initial RAM disk cannot be moved away, but be covered. */
	if (errno != EINVAL || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		return -errno;
	return 0;
}

enum exit_status jail_close(struct jail *jail)
{
	int ret;

	if (!jail->entered || jail->closed)
		return 0;
	ret = empty_root();
	if (ret)
		return cli_fail(STATUS_HOST_ERROR, "--jail: no empty root can be made: %s",
				strerror(-ret));
	if (!jail->threads_settle && setresuid(jail->uid, jail->uid, jail->uid))
		return cli_fail(STATUS_HOST_ERROR, "--jail: root's rights stay: %s",
				strerror(errno));
	jail->closed = true;
	return 0;
}
