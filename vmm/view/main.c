/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "vmm/base/cli.h"
#include "vmm/view/view.h"

int main(int argc, char **argv)
{
	enum exit_status status;

	if (argc > 1 && !strcmp(argv[1], "metrics"))
		status = view_metrics(argc - 1, argv + 1);
	else if (argc > 1 && !strcmp(argv[1], "top"))
		status = view_top(argc - 1, argv + 1);
	else if (argc > 1 && !strcmp(argv[1], "ctl"))
		status = view_shell(argc - 1, argv + 1);
	else
		return cli_fail(STATUS_USAGE,
				"slabvisor-view is started by slabvisor, for its "
				"commands metrics and top, and ctl without a command");
	if ((fflush(stdout) || ferror(stdout)) && !status)
		return cli_fail(
			STATUS_HOST_ERROR,
			"what it prints cannot be written: standard output is full or closed");
	return status;
}
