/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/report/disk_stats.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "vmm/machine/vm.h"

/* Both structures are counters and nothing else. */
_Static_assert(sizeof(struct blk_stats) % sizeof(uint64_t) == 0, "counters only");

void disk_stats_get(const struct vm *vm, struct disk_stats *stats)
{
	uint64_t *sum = (uint64_t *)&stats->blk;
	struct blk_stats one;
	unsigned int i;
	size_t k;

	*stats = (struct disk_stats){.blk = {.reads = 0}};
	for (i = 0; i < vm->disks.count; i++) {
		blk_dev_get_stats(vm->disks.dev[i], &one);
		for (k = 0; k < sizeof(one) / sizeof(uint64_t); k++)
			sum[k] += ((const uint64_t *)&one)[k];
	}
	if (vm->disks.engine)
		io_engine_get_stats(vm->disks.engine, &stats->engine);
}

void disk_stats_print(const struct vm *vm, const struct disk_stats *stats)
{
	const struct blk_stats *b = &stats->blk;
	const struct io_engine_stats *e = &stats->engine;
	const struct {
		const char *name;
		uint64_t value;
	} lines[] = {
		{"blk_reads", b->reads},
		{"blk_writes", b->writes},
		{"blk_flushes", b->flushes},
		{"blk_discards", b->discards},
		{"blk_write_zeroes", b->write_zeroes},
		{"blk_errors", b->errors},
		{"blk_malformed", b->malformed},
		{"blk_bytes_read", b->bytes_read},
		{"blk_bytes_written", b->bytes_written},
		{"blk_bytes_copied", b->bytes_copied},
		{"blk_pins", b->pins},
		{"blk_pin_refusals", b->pin_refusals},
		{"blk_fixed_ops", b->fixed_ops},
		{"blk_fixed_vec_ops", b->fixed_vec_ops},
		{"blk_plain_ops", b->plain_ops},
		{"blk_bounced_ops", b->bounced_ops},
		{"blk_cached_ops", b->cached_ops},
		{"blk_splits", b->splits},
		{"blk_shorts", b->shorts},
		{"blk_doorbells", b->notifies},
		{"blk_signals", b->signals},
		{"io_sqes", e->sqes},
		{"io_batches", e->batches},
		{"io_kicks", e->kicks},
		{"io_polls", e->polls},
		{"io_sleeps", e->sleeps},
		{"io_cpu_us", e->cpu_us},
		{"window_hits", e->window_hits},
		{"window_misses", e->window_misses},
		{"window_refusals", e->window_refusals},
		{"windows_made", e->windows_made},
		{"window_evictions", e->window_evictions},
		{"window_failures", e->window_failures},
		{"window_bytes", e->window_bytes},
	};
	size_t i;

	if (!vm->config->nr_disks)
		return;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		fprintf(stderr, "%s %" PRIu64 "\n", lines[i].name, lines[i].value);
}
