/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/config/jail.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CGROUPS "/sys/fs/cgroup/"

int jail_check_user(const char *value, char *why)
{
	const struct passwd *user = getpwnam(value);

	if (!user)
		return opt_why(why, "this host has no such user: name one of /etc/passwd, such as "
				    "one made for it by useradd --system");
	if (!user->pw_uid)
		return opt_why(why, "that is root: name a user who has nothing");
	if (geteuid())
		return opt_why(why, "only root can put a process into a jail: start it as root, "
				    "or as that user without the option");
	return 0;
}

int jail_check_cgroup(const char *value, char *why)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/", value);
	if (strncmp(value, CGROUPS, strlen(CGROUPS)) != 0 || strstr(path, "/../"))
		return opt_why(why, "a path below " CGROUPS " is needed, without ..");
	snprintf(path, sizeof(path), "%s/cgroup.procs", value);
	if (access(path, F_OK))
		return opt_why(why, "there is no control group: mkdir makes one");
	return 0;
}
