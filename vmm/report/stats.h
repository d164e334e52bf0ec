/* SPDX-License-Identifier: BSD-2-Clause */
/* The account that --stats gives on stderr, as `name value` lines. */
#ifndef VMM_REPORT_STATS_H
#define VMM_REPORT_STATS_H

#include <stdio.h>

#include "mm/mm.h"
#include "virtio/kmem/kmem.h"
#include "vmm/report/disk_stats.h"

struct memory;
struct vm;

struct stats {
	struct mm_stats start, end, after; /* before the guest, at its end, after reset */
	struct kmem_dev_stats kmem;
	struct disk_stats disk;
	uint64_t rss_kib; /* resident memory of the monitor without the guest's */
};

/* Opens the monitor's own account of its memory, for all machines of a run. Returns it, or NULL:
 * it cannot be read. */
FILE *stats_open(void);

/* Notes the heap before the guest runs. */
void stats_start(struct stats *stats, const struct memory *mem);

/* Notes heap, device and, by smaps of stats_open(), resident memory when no vCPU of vm runs any
 * more and the devices are still there. */
void stats_end(struct stats *stats, const struct vm *vm, FILE *smaps);

/* Notes the heap after the devices gave everything back, and prints all. */
void stats_print(struct stats *stats, const struct vm *vm);

#endif
