/* SPDX-License-Identifier: BSD-2-Clause */
/* All that is counted, as text for who watches many machines. Names and helps of counters stand in
 * their lists. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mm/host/clock.h"
#include "virtio/blk/blk.h"
#include "virtio/kmem/kmem.h"
#include "vmm/machine/end.h"
#include "vmm/machine/pause.h"
#include "vmm/machine/vm.h"
#include "vmm/qmp/commands.h"
#include "vmm/qmp/openmetrics.h"
#include "vmm/qmp/target.h"

#define NUMBER_MAX 16

static void one(struct om *om, const char *name, enum om_type type, const char *help,
		uint64_t value)
{
	om_family(om, name, type, help);
	om_sample(om, type, NULL, value);
}

static void put_monitor(struct om *om, const struct qmp_target *target)
{
	const struct om_label labels[] = {
		{"kind", target->service ? "service" : "guest"},
		{"version", SLABVISOR_VERSION},
		{"runs", target->runs ? target->runs : ""},
		{NULL, NULL},
	};
	const struct vm *vm = target->vm;

	om_family(om, "monitor", OM_INFO, "what a process of Slabvisor runs");
	om_sample(om, OM_INFO, labels, 1);
	om_family(om, "uptime_seconds", OM_GAUGE, "time since the process began");
	om_real(om, "", NULL, (double)(monotonic_ns() - target->born_ns) / 1e9);
	one(om, "running_guests", OM_GAUGE,
	    "1 while the guest runs, 0 while it is paused or started",
	    vm && !vm_is_ending(vm) && !vm_is_paused(vm));
}

static void put_memory(struct om *om, struct memory *mem, const struct virtio_device *dev)
{
	struct kmem_dev_stats kmem;
	struct mm_stats s = {.errors = 0};

	memory_enter(mem);
	mm_stats(mem->heap, 0, &s);
	memory_leave(mem);
	kmem_dev_get_stats(dev, -1, &kmem);
	if (mem->ram_size)
		one(om, "ram_bytes", OM_GAUGE, "the guest's RAM", mem->ram_size);
	one(om, "heap_bytes", OM_GAUGE, "the guest's heap", mm_heap_size(mem->heap));
#define PUT(name, shown, kind, metric, help) one(om, metric, OM_##kind, help, s.name);
	MM_COUNTERS(PUT)
#undef PUT
	one(om, "kmem_requests", OM_COUNTER, "requests of the memory service", kmem.requests);
	one(om, "kmem_failed_requests", OM_COUNTER, "requests of the memory service that failed",
	    kmem.errors);
}

static void put_vcpus(struct om *om, const struct vm *vm)
{
	char number[NUMBER_MAX];
	const struct om_label labels[] = {{"vcpu", number}, {NULL, NULL}};

	om_family(om, "vcpu_exits", OM_COUNTER, "exits of a vCPU to the monitor");
	for (unsigned int i = 0; i < vm->nr_cpus; i++) {
		snprintf(number, sizeof(number), "%u", i);
		om_sample(om, OM_COUNTER, labels, le64toh(vm->platform->exits[i]));
	}
	om_family(om, "vcpu_doorbells", OM_COUNTER, "doorbells that a vCPU rang");
	for (unsigned int i = 0; i < vm->nr_cpus; i++) {
		snprintf(number, sizeof(number), "%u", i);
		om_sample(om, OM_COUNTER, labels, le64toh(vm->platform->kicks[i]));
	}
}

/* A cache, as it was at one look: two may have the same name. */
struct cache {
	struct mm_slabinfo info;
	int number;
};

static void put_caches(struct om *om, struct memory *mem)
{
	const int max = mm_cache_max(mem->heap);
	struct cache *cache = calloc((size_t)max, sizeof(*cache));
	unsigned int nr = 0;
	char number[NUMBER_MAX];

	if (!cache)
		return;
	memory_enter(mem);
	for (int i = 1; i <= max; i++) {
		cache[nr].number = i;
		nr += !mm_slabinfo(mem->heap, i, &cache[nr].info);
	}
	memory_leave(mem);
#define PUT(member, metric, type, help)                                                   \
	om_family(om, "cache_" metric, type, help);                                       \
	for (unsigned int i = 0; i < nr; i++) {                                           \
		const struct om_label labels[] = {                                        \
			{"cache", cache[i].info.name}, {"number", number}, {NULL, NULL}}; \
                                                                                          \
		snprintf(number, sizeof(number), "%d", cache[i].number);                  \
		om_sample(om, type, labels, cache[i].info.member);                        \
	}
	PUT(active_objs, "active_objects", OM_GAUGE, "objects of a cache that the guest has")
	PUT(num_objs, "objects", OM_GAUGE, "objects that a cache's slabs have room for")
	PUT(objsize, "object_bytes", OM_GAUGE, "from one object of a cache to the next")
	PUT(num_slabs, "slabs", OM_GAUGE, "slabs of a cache")
	PUT(allocated, "allocated_objects", OM_COUNTER, "objects of a cache handed to the guest")
	PUT(freed, "freed_objects", OM_COUNTER, "objects of a cache that came back")
#undef PUT
	free(cache);
}

/* By octaves: who wants to know better asks by query-blockstats. */
static void put_histogram(const struct om *om, const char *disk, const char *op,
			  const struct blk_latency *latency, enum blk_latency_op which)
{
	char le[32];
	const struct om_label bucket[] = {{"disk", disk}, {"op", op}, {"le", le}, {NULL, NULL}};
	const struct om_label all[] = {{"disk", disk}, {"op", op}, {NULL, NULL}};
	uint64_t sum = 0;

	for (unsigned int b = 0; b < BLK_LATENCY_BUCKETS; b++) {
		if (b && b % 8 == 0) {
			snprintf(le, sizeof(le), "%.9g", (double)blk_latency_from(b) / 1e9);
			om_real(om, "_bucket", bucket, (double)sum);
		}
		sum += latency->bucket[which][b];
	}
	snprintf(le, sizeof(le), "+Inf");
	om_real(om, "_bucket", bucket, (double)sum);
	om_real(om, "_sum", all, (double)latency->total_ns[which] / 1e9);
	om_real(om, "_count", all, (double)sum);
}

static void put_latency(struct om *om, const struct qmp_disks *disks)
{
	struct blk_latency latency;

	om_family(om, "disk_request_seconds", OM_HISTOGRAM,
		  "how long requests last that succeed, from the ring to the answer");
	for (unsigned int i = 0; i < disks->nr; i++) {
		blk_dev_get_latency(disks->disk[i].dev, -1, &latency);
#define PUT(which, op) put_histogram(om, disks->disk[i].name, #op, &latency, BLK_LATENCY_##which);
		BLK_LATENCY_OPS(PUT)
#undef PUT
	}
}

static void put_disks(struct om *om, const struct qmp_disks *disks)
{
	struct blk_stats blk[QMP_MAX_DISKS];

	for (unsigned int i = 0; i < disks->nr; i++)
		blk_dev_get_stats(disks->disk[i].dev, &blk[i]);
#define PUT(metric, type, help, value)                                                          \
	om_family(om, metric, type, help);                                                      \
	for (unsigned int i = 0; i < disks->nr; i++) {                                          \
		const struct om_label labels[] = {{"disk", disks->disk[i].name}, {NULL, NULL}}; \
                                                                                                \
		om_sample(om, type, labels, value);                                             \
	}
#define PUT_COUNTER(member, shown, kind, metric, help) PUT(metric, OM_##kind, help, blk[i].member)
	PUT("disk_bytes", OM_GAUGE, "size of a disk", blk_dev_capacity(disks->disk[i].dev))
	BLK_COUNTERS(PUT_COUNTER)
#undef PUT_COUNTER
#undef PUT
	put_latency(om, disks);
}

static void put_threads(struct om *om, const struct qmp_disks *disks)
{
	struct io_engine_stats io[QMP_MAX_DISKS];
	char number[NUMBER_MAX];
	const struct om_label labels[] = {{"thread", number}, {NULL, NULL}};
	unsigned int nr = qmp_threads(disks, io);

#define PUT(name, shown, kind, metric, help)                  \
	om_family(om, metric, OM_##kind, help);               \
	for (unsigned int i = 0; i < nr; i++) {               \
		snprintf(number, sizeof(number), "%u", i);    \
		om_sample(om, OM_##kind, labels, io[i].name); \
	}
	IO_COUNTERS(PUT)
#undef PUT
}

static void put_counter(void *to, const char *name, const char *metric, const char *help,
			uint64_t value)
{
	(void)name;
	one(to, metric, OM_COUNTER, help, value);
}

static void put_all(struct om *om, struct qmp_target *target, const struct qmp_disks *disks)
{
	const struct qmp_service *service = target->service;

	put_monitor(om, target);
	if (service && service->mem) {
		put_memory(om, service->mem, service->kmem);
		service->counters(service->opaque, put_counter, om);
		put_caches(om, service->mem);
	}
	if (target->vm) {
		put_memory(om, &target->vm->mem, target->vm->devices.kmem);
		put_vcpus(om, target->vm);
		put_caches(om, &target->vm->mem);
	}
	if (disks->nr) {
		put_disks(om, disks);
		put_threads(om, disks);
	}
	om_end(om);
}

int qmp_metrics(struct qmp_call *call)
{
	struct qmp_target *target = qmp_target(call);
	struct qmp_disks disks = {.nr = 0};
	struct om om;
	char process[32];
	char *text = NULL;
	size_t size;

	if ((target->vm || target->service) && qmp_disks(call, &disks))
		return -EINVAL;
	snprintf(process, sizeof(process), "pid-%d", (int)getpid());
	om = (struct om){
		.to = open_memstream(&text, &size),
		.guest = target->name ? target->name : process,
	};
	if (!om.to)
		return qmp_fail(call, QMP_GENERIC, "Out of memory");
	put_all(&om, target, &disks);
	if (!fclose(om.to))
		call->result = json_string(text);
	free(text);
	return call->result ? 0 : qmp_fail(call, QMP_GENERIC, "Out of memory");
}
