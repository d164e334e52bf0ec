/* SPDX-License-Identifier: BSD-2-Clause */
/* What disks and their threads count, by QMP. */
#include <errno.h>

#include "virtio/blk/blk.h"
#include "vmm/qmp/commands.h"
#include "vmm/qmp/target.h"

/* The threads of these disks together: a monitor has one for all, a service one for each. */
static void sum_engines(const struct qmp_disks *disks, struct io_engine_stats *sum)
{
	struct io_engine_stats one;

	*sum = (struct io_engine_stats){.sqes = 0};
	for (unsigned int i = 0; i < disks->nr; i++) {
		if (i && disks->disk[i].engine == disks->disk[i - 1].engine)
			continue;
		io_engine_get_stats(disks->disk[i].engine, &one);
#define ADD(name, shown) sum->name += one.name;
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
		json_object_set_new(disk, "device", json_sprintf("disk%u", i));
#define ADD(name, shown) qmp_add_counter(disk, #name, blk.name);
		BLK_COUNTERS(ADD)
#undef ADD
		json_array_append_new(all, disk);
	}
	sum_engines(&disks, &io);
	engine = json_object();
#define ADD(name, shown) qmp_add_counter(engine, #name, io.name);
	IO_COUNTERS(ADD)
#undef ADD
	call->result = json_pack("{s:o,s:o}", "disks", all, "thread", engine);
	return 0;
}
