/* SPDX-License-Identifier: BSD-2-Clause */
/* What disks and their threads count, by QMP. */
#include <errno.h>

#include "virtio/blk/blk.h"
#include "vmm/qmp/commands.h"
#include "vmm/qmp/target.h"

/* All threads together. */
static void sum_threads(const struct qmp_disks *disks, struct io_engine_stats *sum)
{
	struct io_engine_stats one[QMP_MAX_DISKS];
	unsigned int nr = qmp_threads(disks, one);

	*sum = (struct io_engine_stats){.sqes = 0};
	for (unsigned int i = 0; i < nr; i++) {
#define ADD(name, shown, ...) sum->name += one[i].name;
		IO_COUNTERS(ADD)
#undef ADD
	}
}

int qmp_query_io(struct qmp_call *call)
{
	struct io_engine_stats io;
	struct qmp_disks disks;
	struct blk_stats blk;
	json_t *all;
	json_t *disk;
	json_t *engine;

	if (qmp_disks(call, &disks))
		return -EINVAL;
	all = json_array();
	for (unsigned int i = 0; i < disks.nr; i++) {
		blk_dev_get_stats(disks.disk[i].dev, &blk);
		disk = json_object();
		json_object_set_new(disk, "device", json_string(disks.disk[i].name));
#define ADD(name, shown, ...) qmp_add_counter(disk, #name, blk.name);
		BLK_COUNTERS(ADD)
#undef ADD
		json_array_append_new(all, disk);
	}
	sum_threads(&disks, &io);
	engine = json_object();
#define ADD(name, shown, ...) qmp_add_counter(engine, #name, io.name);
	IO_COUNTERS(ADD)
#undef ADD
	call->result = json_pack("{s:o,s:o}", "disks", all, "thread", engine);
	return 0;
}

static void append(json_t *to, uint64_t value)
{
	json_array_append_new(to, json_integer((json_int_t)value));
}

/* A histogram as QEMU has it: bounds, in ns, and how many lie below the first, between two, from
 * the last on. Empty buckets that adjoin are one. */
static json_t *histogram(const uint64_t bucket[BLK_LATENCY_BUCKETS])
{
	json_t *bounds = json_array();
	json_t *bins = json_array();
	uint64_t n = bucket[0];

	for (unsigned int b = 1; b < BLK_LATENCY_BUCKETS; b++) {
		if (bucket[b] || bucket[b - 1]) {
			append(bins, n);
			append(bounds, blk_latency_from(b));
			n = 0;
		}
		n += bucket[b];
	}
	append(bins, n);
	return json_pack("{s:o,s:o}", "boundaries", bounds, "bins", bins);
}

/* struct BlockDeviceStats of QEMU's qapi/block-core.json, as far as it is counted here: requests
 * that failed have no type, and none are merged. */
static json_t *block_stats(const struct blk_stats *blk, const struct blk_latency *latency)
{
	json_t *stats = json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "rd_bytes",
				  (json_int_t)blk->bytes_read, "wr_bytes",
				  (json_int_t)blk->bytes_written, "rd_operations",
				  (json_int_t)blk->reads, "wr_operations", (json_int_t)blk->writes,
				  "flush_operations", (json_int_t)blk->flushes, "unmap_operations",
				  (json_int_t)blk->discards + (json_int_t)blk->write_zeroes,
				  "failed_operations", (json_int_t)blk->errors);

#define TIMES(op, name)                                                                     \
	json_object_set_new(stats, #name "_total_time_ns",                                  \
			    json_integer((json_int_t)latency->total_ns[BLK_LATENCY_##op])); \
	json_object_set_new(stats, #name "_latency_histogram",                              \
			    histogram(latency->bucket[BLK_LATENCY_##op]));
	BLK_LATENCY_OPS(TIMES)
#undef TIMES
	return stats;
}

int qmp_query_blockstats(struct qmp_call *call)
{
	const json_t *wanted = json_object_get(call->args, "queue");
	json_int_t queue = wanted ? json_integer_value(wanted) : -1;
	struct blk_latency latency;
	struct qmp_disks disks;
	struct blk_stats blk;

	if (qmp_disks(call, &disks))
		return -EINVAL;
	if (wanted && (queue < 0 || queue >= BLK_MAX_QUEUES))
		return qmp_fail(call, QMP_GENERIC, "Parameter 'queue' expects 0 to %u",
				BLK_MAX_QUEUES - 1);
	call->result = json_array();
	for (unsigned int i = 0; i < disks.nr; i++) {
		json_t *disk = json_object();

		blk_dev_get_stats(disks.disk[i].dev, &blk);
		blk_dev_get_latency(disks.disk[i].dev, (int)queue, &latency);
		json_object_set_new(disk, "device", json_string(disks.disk[i].name));
		json_object_set_new(disk, "node-name", json_string(disks.disk[i].name));
		json_object_set_new(disk, "stats", block_stats(&blk, &latency));
		json_array_append_new(call->result, disk);
	}
	return 0;
}
