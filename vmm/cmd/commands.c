/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/cmd/commands.h"

#include "vmm/client/options.h"
#include "vmm/cmd/view.h"
#include "vmm/config/options.h"
#include "vmm/serve/cmd.h"
#include "vmm/serve/serve.h"

const struct command commands[] = {
	{"run", cmd_run, "runs a program as a guest", {{run_options, 0}}, NULL},
	{"serve",
	 cmd_serve,
	 "serves disks and memory to machines of QEMU",
	 {{serve_disk_options, 0}, {serve_options, 0}},
	 NULL},
	{"list",
	 cmd_list,
	 "lists the guests and services that have a name",
	 {{list_options, 0}},
	 NULL},
	{"ctl",
	 cmd_ctl,
	 "sends a command to the control socket of a monitor that runs",
	 {{ctl_options, 0}},
	 ctl_operands},
	{"top",
	 cmd_view,
	 "shows caches, heap, disks and vCPUs of guests, as they change",
	 {{top_options, 0}},
	 top_operands},
	{"metrics",
	 cmd_view,
	 "prints what guests count, or answers with it by HTTP",
	 {{metrics_options, 0}},
	 metrics_operands},
	{"doctor",
	 cmd_doctor,
	 "says whether this host can run guests, and what to do if not",
	 {{run_options, RUN_TAG_DOCTOR}},
	 NULL},
	{0},
};
