/* SPDX-License-Identifier: BSD-2-Clause */
/* The account of disks and I/O thread, for --stats. */
#ifndef VMM_REPORT_DISK_STATS_H
#define VMM_REPORT_DISK_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/blk/blk.h"

struct disks;

struct disk_stats {
	struct blk_stats blk; /* of all disks */
	struct io_engine_stats engine;
};

/* Adds up what the disks have counted. */
void disk_stats_get(const struct disks *disks, struct disk_stats *stats);

/*
 * A line of the account on stderr: `name value`, which scripts read; or aligned, with what it means,
 * for who looks at a terminal. A group begins with a line of its own there, and with nothing else.
 */
void stats_line(bool aligned, const char *name, uint64_t value, const char *help);
void stats_group(bool aligned, const char *name);

/* Prints the account of disks so. */
void disk_stats_print(const struct disk_stats *stats, bool aligned);

#endif
