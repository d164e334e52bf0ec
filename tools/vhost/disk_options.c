/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/vhost/disk.h"

#include "tools/vhost/client.h"

const struct opt disk_options[] = {
	{OPT_VERSION(disk_config)},
	{OPT_HELP(disk_config)},
	{0},
};

const struct opt disk_operands[] = {
	{.name = "SOCKET",
	 .type = OPT_STRING,
	 OPT_AT(disk_config, socket),
	 .min = 1,
	 .say = "give the path of a socket",
	 .help = "where the service listens"},
	{.name = "TARGET",
	 .type = OPT_STRING,
	 OPT_AT(disk_config, target),
	 .init = "vdb",
	 .help = "the disk in the domain"},
	{.name = "QUEUES",
	 .type = OPT_NUMBER,
	 OPT_AT(disk_config, queues),
	 .min = 1,
	 .max = CLIENT_MAX_QUEUES,
	 .help = "those of the service, which one that a machine is using already does not say"},
	{0},
};
