/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/qmp/commands.h"

const struct qmp_command qmp_commands[] = {
	{.name = "query-status", .run = qmp_query_status},
	{.name = "query-version", .run = qmp_query_version},
	{.name = "query-kvm", .run = qmp_query_kvm},
	{.name = "stop", .run = qmp_stop},
	{.name = "cont", .run = qmp_cont},
	{.name = "quit", .run = qmp_quit},
	{.name = "system_powerdown", .run = qmp_system_powerdown},
	{.name = "query-block", .run = qmp_query_block},
	{.name = "query-memory", .run = qmp_query_memory},
	{.name = "query-slabinfo", .run = qmp_query_slabinfo},
	{.name = "query-pins", .run = qmp_query_pins},
	{.name = "query-io", .run = qmp_query_io},
	{.name = "query-balloon", .run = qmp_query_balloon},
	{.name = "balloon", .run = qmp_balloon, .param = {{.name = "value", .type = JSON_INTEGER}}},
	{.name = "block_resize",
	 .run = qmp_block_resize,
	 .param = {{.name = "device", .type = JSON_STRING, .optional = true},
		   {.name = "node-name", .type = JSON_STRING, .optional = true},
		   {.name = "size", .type = JSON_INTEGER}}},
	{.name = NULL},
};
