/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of slabvisor-view, which lies beside this program or in its lib folder. */
#include "vmm/cmd/view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mm/util.h"

#define PROGRAM "slabvisor-view"

enum exit_status cmd_view(int argc, char **argv)
{
	static const char *const places[] = {"", "../lib/slabvisor/"};
	char **args = calloc((size_t)argc + 2, sizeof(*args));
	char own[2048];
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
	char *slash;

	own[n < 0 ? 0 : n] = '\0';
	slash = strrchr(own, '/');
	own[slash ? slash - own + 1 : 0] = '\0';
	if (!args)
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	args[0] = (char *)PROGRAM;
	memcpy(args + 1, argv, (size_t)argc * sizeof(*argv));
	args[argc + 1] = NULL;
	fflush(stdout);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), "%s%s%s", own, places[i], PROGRAM);
		execv(path, args);
	}
	free(args);
	return cli_fail(STATUS_HOST_ERROR,
			"%s cannot be started, neither from %s nor from its ../lib/slabvisor: %s",
			PROGRAM, own, strerror(errno));
}
