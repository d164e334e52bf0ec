/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/report/stats.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "virtio/mmio/mmio.h"
#include "vmm/machine/vm.h"

/* Tells whether a mapping of this process that starts at addr is the guest's memory. */
static bool is_guests(const struct memory *mem, uintptr_t addr)
{
	const uintptr_t ram = (uintptr_t)mem->ram;
	const uintptr_t heap = (uintptr_t)mm_heap_host(mem->heap);
	const uintptr_t map = (uintptr_t)mem->page_map_host;

	return addr - ram < mem->ram_size || addr - heap < mm_heap_size(mem->heap) ||
	       addr - map < mem->page_map_size;
}

FILE *stats_open(void)
{
	return fopen("/proc/self/smaps", "re");
}

/* 0 where the account cannot be read. */
static uint64_t own_rss_kib(const struct memory *mem, FILE *smaps)
{
	uint64_t sum = 0;
	uint64_t kib;
	uintptr_t start;
	uintptr_t end;
	bool guests = false;
	char line[512];

	if (!smaps)
		return 0;
	rewind(smaps);
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &start, &end) == 2)
			guests = is_guests(mem, start);
		else if (!guests && sscanf(line, "Rss: %" SCNu64 " kB", &kib) == 1)
			sum += kib;
	}
	return sum;
}

void stats_start(struct stats *stats, const struct memory *mem)
{
	*stats = (struct stats){.rss_kib = 0};
	mm_stats(mem->heap, 0, &stats->start);
}

void stats_end(struct stats *stats, const struct vm *vm, FILE *smaps)
{
	const struct devices *devices = &vm->devices;

	mm_stats(vm->mem.heap, 0, &stats->end);
	kmem_dev_get_stats(devices->kmem, -1, &stats->kmem);
	disk_stats_get(&devices->disks, &stats->disk);
	stats->rss_kib = own_rss_kib(&vm->mem, smaps);
}

void stats_print(struct stats *stats, const struct vm *vm)
{
	const bool aligned = isatty(STDERR_FILENO);
	uint64_t exits = 0;
	uint64_t kicks = 0;

	mm_stats(vm->mem.heap, 0, &stats->after);
	for (unsigned int i = 0; i < vm->nr_cpus; i++) {
		exits += le64toh(vm->platform->exits[i]);
		kicks += le64toh(vm->platform->kicks[i]);
	}
	stats_group(aligned, "guest");
	stats_line(aligned, "ring", (uint64_t)vm->ring, "privilege level that the program ran at");
	stats_line(aligned, "exits", exits, "exits of vCPUs to the monitor");
	stats_line(aligned, "kicks", kicks, "doorbells of devices among these");
	stats_line(aligned, "requests", stats->kmem.requests, "requests of the memory service");
	stats_line(aligned, "request_errors", stats->kmem.errors,
		   "requests that failed, in whole or in part");
	stats_line(aligned, "events", stats->kmem.events, "events delivered to the guest");
#define LINE(name, shown, kind, metric, help) stats_line(aligned, #shown, stats->end.name, help);
	stats_group(aligned, "heap");
	MM_COUNTERS(LINE)
#undef LINE
	stats_line(aligned, "frames_in_use_start", stats->start.frames_in_use,
		   "frames in use before the guest");
	stats_line(aligned, "frames_in_use_after", stats->after.frames_in_use,
		   "frames in use after it, when all was taken back");
	stats_line(aligned, "stray_stores", atomic_load(&vm->stray_stores),
		   "stores into the platform page that mean nothing");
	if (vm->run->config->nr_disks)
		disk_stats_print(&stats->disk, aligned);
	stats_group(aligned, "monitor");
	stats_line(aligned, "monitor_rss_kib", stats->rss_kib,
		   "KiB of the monitor itself in memory, at the end");
}
