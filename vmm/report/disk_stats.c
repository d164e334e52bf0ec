/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/report/disk_stats.h"

#include <inttypes.h>
#include <stdio.h>

#include "vmm/machine/disk.h"

void disk_stats_get(const struct disks *disks, struct disk_stats *stats)
{
	struct blk_stats one;

	*stats = (struct disk_stats){.blk = {.reads = 0}};
	for (unsigned int i = 0; i < disks->count; i++) {
		blk_dev_get_stats(disks->dev[i], &one);
#define ADD(name, shown, ...) stats->blk.name += one.name;
		BLK_COUNTERS(ADD)
#undef ADD
	}
	if (disks->engine)
		io_engine_get_stats(disks->engine, &stats->engine);
}

void disk_stats_print(const struct disk_stats *stats)
{
#define PRINT(name, shown, ...) fprintf(stderr, #shown " %" PRIu64 "\n", stats->blk.name);
	BLK_COUNTERS(PRINT)
#undef PRINT
#define PRINT(name, shown, ...) fprintf(stderr, #shown " %" PRIu64 "\n", stats->engine.name);
	IO_COUNTERS(PRINT)
#undef PRINT
}
