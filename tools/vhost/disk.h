/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of the program that prints libvirt's <disk> element. */
#ifndef TOOLS_VHOST_DISK_H
#define TOOLS_VHOST_DISK_H

#include "vmm/option/option.h"

struct disk_config {
	char *socket, *target;
	unsigned int queues; /* 0: as the service says */
	bool help, version;
};

/* Stored in a struct disk_config: options, and arguments that are none. */
extern const struct opt disk_options[], disk_operands[];

#endif
