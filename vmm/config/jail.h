/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows of options by which `run` and `serve` are put into a jail (vmm/sandbox/jail.h); `struct
 * of` has the members jail and jail_cgroup, strings. */
#ifndef VMM_CONFIG_JAIL_H
#define VMM_CONFIG_JAIL_H

#include "vmm/option/option.h"

/* Whether this process may be put into a jail as that user; as struct opt.check. */
int jail_check_user(const char *value, char *why);

/* Whether that is a control group. */
int jail_check_cgroup(const char *value, char *why);

#define JAIL_USER(of)                                                                             \
	{                                                                                         \
		.name = "jail", .type = OPT_STRING, OPT_AT(of, jail), .metavar = "USER",          \
		.check = jail_check_user,                                                         \
		.help = "started as root, it ends as that user, without other groups, in its "    \
			"own namespaces (mounts, network, IPC, host name), below an empty root, " \
			"once all is open"                                                        \
	}

#define JAIL_CGROUP(of)                                                              \
	{                                                                            \
		.name = "jail-cgroup", .type = OPT_STRING, OPT_AT(of, jail_cgroup),  \
		.metavar = "PATH", .check = jail_check_cgroup,                       \
		.help = "with --jail: joins that control group first, a path below " \
			"/sys/fs/cgroup"                                             \
	}

#endif
