/* SPDX-License-Identifier: BSD-2-Clause */
/* The account of disks and I/O thread, for --stats. */
#ifndef VMM_REPORT_DISK_STATS_H
#define VMM_REPORT_DISK_STATS_H

#include "virtio/blk/blk.h"

struct disks;

struct disk_stats {
	struct blk_stats blk; /* of all disks */
	struct io_engine_stats engine;
};

/* Adds up what the disks have counted. */
void disk_stats_get(const struct disks *disks, struct disk_stats *stats);

/* Prints it on stderr as `name value` lines. */
void disk_stats_print(const struct disk_stats *stats);

#endif
