/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/sandbox/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rights of the file system that there are: from ABI 1 on the first 13, then one more each with
 * 2 (REFER), 3 (TRUNCATE) and 5 (IOCTL_DEV). */
#define FS_RIGHTS(n) ((1ull << (n)) - 1)
/* To bind and to connect TCP sockets, from ABI 4 on; to connect to abstract Unix sockets of who
 * is not held to the rules, from ABI 6 on. */
#define NET_RIGHTS          3ull
#define SCOPE_ABSTRACT_UNIX 1ull

/* struct landlock_ruleset_attr as of ABI 6; older kernels take the first part of it. */
struct ruleset {
	uint64_t fs, net, scoped;
};

int landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

int landlock_create(void)
{
	const int abi = landlock_abi();
	const struct ruleset all = {
		.fs = FS_RIGHTS(abi < 2   ? 13
				: abi < 3 ? 14
				: abi < 5 ? 15
					  : 16),
		.net = NET_RIGHTS,
		.scoped = SCOPE_ABSTRACT_UNIX,
	};
	const size_t size = abi < 4   ? offsetof(struct ruleset, net)
			    : abi < 6 ? offsetof(struct ruleset, scoped)
				      : sizeof(all);
	int fd;

	if (!abi)
		return -EOPNOTSUPP;
	fd = (int)syscall(SYS_landlock_create_ruleset, &all, size, 0);
	return fd < 0 ? -errno : fd;
}

int landlock_enter(int ruleset_fd)
{
	return syscall(SYS_landlock_restrict_self, ruleset_fd, 0) ? -errno : 0;
}
