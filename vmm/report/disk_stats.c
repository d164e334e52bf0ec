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

void stats_group(bool aligned, const char *name)
{
	if (aligned)
		fprintf(stderr, "%s\n", name);
}

void stats_line(bool aligned, const char *name, uint64_t value, const char *help)
{
	if (aligned)
		fprintf(stderr, "  %-22s %14" PRIu64 "  %s\n", name, value, help);
	else
		fprintf(stderr, "%s %" PRIu64 "\n", name, value);
}

void disk_stats_print(const struct disk_stats *stats, bool aligned)
{
#define PRINT(name, shown, kind, metric, help) stats_line(aligned, #shown, stats->blk.name, help);
	stats_group(aligned, "disks");
	BLK_COUNTERS(PRINT)
#undef PRINT
#define PRINT(name, shown, kind, metric, help) \
	stats_line(aligned, #shown, stats->engine.name, help);
	stats_group(aligned, "I/O thread");
	IO_COUNTERS(PRINT)
#undef PRINT
}
