/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/report/disk_stats.h"

#include <inttypes.h>
#include <stdio.h>

#include "vmm/machine/vm.h"

void disk_stats_get(const struct vm *vm, struct disk_stats *stats)
{
	struct blk_stats one;
	unsigned int i;

	*stats = (struct disk_stats){.blk = {.reads = 0}};
	for (i = 0; i < vm->disks.count; i++) {
		blk_dev_get_stats(vm->disks.dev[i], &one);
#define ADD(name, shown) stats->blk.name += one.name;
		BLK_COUNTERS(ADD)
#undef ADD
	}
	if (vm->disks.engine)
		io_engine_get_stats(vm->disks.engine, &stats->engine);
}

void disk_stats_print(const struct vm *vm, const struct disk_stats *stats)
{
	if (!vm->run->config->nr_disks)
		return;
#define PRINT(name, shown) fprintf(stderr, #shown " %" PRIu64 "\n", stats->blk.name);
	BLK_COUNTERS(PRINT)
#undef PRINT
#define PRINT(name, shown) fprintf(stderr, #shown " %" PRIu64 "\n", stats->engine.name);
	IO_COUNTERS(PRINT)
#undef PRINT
}
