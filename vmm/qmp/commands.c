/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/qmp/commands.h"

/* What a monitor and a service answer alike. */
#define COMMON                                                                                    \
	{.name = "query-version", .run = qmp_query_version, .help = "version of the monitor"},    \
		{.name = "query-name",                                                            \
		 .run = qmp_query_name,                                                           \
		 .help = "the name that it was given by --name"},                                 \
		{.name = "query-monitor",                                                         \
		 .run = qmp_query_monitor,                                                        \
		 .help = "which process it is, what it runs and since when"},                     \
		{.name = "query-block", .run = qmp_query_block, .help = "the disks, with files"}, \
		{.name = "query-io",                                                              \
		 .run = qmp_query_io,                                                             \
		 .help = "what disks and their threads have counted"},                            \
		{.name = "query-blockstats",                                                      \
		 .run = qmp_query_blockstats,                                                     \
		 .help = "requests of disks and how long they last, nanoseconds",                 \
		 .param = {{.name = "queue",                                                      \
			    .type = JSON_INTEGER,                                                 \
			    .optional = true,                                                     \
			    .help = "the times of that queue alone, from 0 on"}}},                \
	{                                                                                         \
		.name = "metrics", .run = qmp_metrics,                                            \
		.help = "all that is counted, as text in the OpenMetrics format"                  \
	}

/* What whoever serves memory answers. */
#define HEAP                                                                                               \
	{.name = "query-memory",                                                                           \
	 .run = qmp_query_memory,                                                                          \
	 .help = "RAM and heap, bytes, and what the heap has counted"},                                    \
		{.name = "query-slabinfo",                                                                 \
		 .run = qmp_query_slabinfo,                                                                \
		 .help = "the caches, as /proc/slabinfo shows a kernel's"},                                \
		{.name = "query-frames",                                                                   \
		 .run = qmp_query_frames,                                                                  \
		 .help = "a letter for each 2 MiB of the heap: `.` not backed, `-` backed and idle; s in " \
			 "slabs, r in runs, m in both, p pinned, large where it is full",                  \
		 .param = {{.name = "first",                                                               \
			    .type = JSON_INTEGER,                                                          \
			    .optional = true,                                                              \
			    .help = "where to begin, from 0 on"},                                          \
			   {.name = "count",                                                               \
			    .type = JSON_INTEGER,                                                          \
			    .optional = true,                                                              \
			    .help = "how many, 4096 at most, which is the default"}}},                     \
	{                                                                                                  \
		.name = "heap-reclaim", .run = qmp_heap_reclaim,                                           \
		.help = "asks the guest for what it keeps of its heap for speed"                           \
	}

const struct qmp_command qmp_guest_commands[] = {
	{.name = "query-status",
	 .run = qmp_query_status,
	 .help = "whether the guest runs, is paused or ends"},
	COMMON,
	{.name = "query-kvm", .run = qmp_query_kvm, .help = "whether it runs by KVM: it does"},
	{.name = "stop", .run = qmp_stop, .help = "has the guest stand still"},
	{.name = "cont", .run = qmp_cont, .help = "has it go on"},
	{.name = "quit", .run = qmp_quit, .help = "ends the guest at once, status 143"},
	{.name = "system_powerdown",
	 .run = qmp_system_powerdown,
	 .help = "presses the power button of a Linux guest"},
	HEAP,
	{.name = "query-pins",
	 .run = qmp_query_pins,
	 .help = "pinned frames, and memory that is registered for I/O"},
	{.name = "query-vcpus",
	 .run = qmp_query_vcpus,
	 .help = "the vCPUs, with their exits to the monitor and doorbells"},
	{.name = "query-balloon",
	 .run = qmp_query_balloon,
	 .help = "RAM that a Linux guest has beside its balloon, bytes"},
	{.name = "balloon",
	 .run = qmp_balloon,
	 .help = "asks a Linux guest to give back RAM beyond a size",
	 .param = {{.name = "value",
		    .type = JSON_INTEGER,
		    .help = "what the guest is to have, bytes"}}},
	{.name = "block_resize",
	 .run = qmp_block_resize,
	 .help = "gives a disk, and its file, another size",
	 .param = {{.name = "device",
		    .type = JSON_STRING,
		    .optional = true,
		    .help = "the disk, as in disk0"},
		   {.name = "node-name",
		    .type = JSON_STRING,
		    .optional = true,
		    .help = "the same, in the place of device"},
		   {.name = "size", .type = JSON_INTEGER, .help = "bytes"}}},
	{.name = NULL},
};

const struct qmp_command qmp_service_commands[] = {
	{.name = "query-status", .run = qmp_service_status, .help = "whether it runs: it does"},
	COMMON,
	HEAP,
	{.name = "quit", .run = qmp_service_quit, .help = "ends the service, as SIGTERM does"},
	{.name = NULL},
};
