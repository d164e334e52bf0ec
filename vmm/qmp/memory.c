/* SPDX-License-Identifier: BSD-2-Clause */
/* The service's account by QMP, while the guest runs. What is a command of ours has no counterpart
 * in QEMU; sizes are in bytes, frames of 4 KiB. */
#include <errno.h>
#include <stdio.h>

#include "virtio/kmem/kmem.h"
#include "vmm/base/cli.h"
#include "vmm/machine/vm.h"
#include "vmm/qmp/commands.h"
#include "vmm/qmp/target.h"

static json_int_t qmp_number(uint64_t n)
{
	return (json_int_t)n;
}

void qmp_add_counter(json_t *to, const char *name, uint64_t value)
{
	char key[64];

	snprintf(key, sizeof(key), "%s", name);
	for (char *c = key; *c; c++) {
		if (*c == '_')
			*c = '-';
	}
	json_object_set_new(to, key, json_integer(qmp_number(value)));
}

static void totals(struct memory *mem, struct mm_stats *s)
{
	memory_enter(mem);
	mm_stats(mem->heap, 0, s);
	memory_leave(mem);
}

/* By order, from 0 on. */
static json_t *free_runs(struct memory *mem)
{
	uint64_t nr[MM_MAX_ORDER + 1];
	json_t *list = json_array();

	memory_enter(mem);
	mm_free_runs(mem->heap, nr);
	memory_leave(mem);
	for (unsigned int order = 0; order <= MM_MAX_ORDER; order++)
		json_array_append_new(list, json_integer(qmp_number(nr[order])));
	return list;
}

static void add_counter(void *to, const char *name, const char *metric, const char *help,
			uint64_t value)
{
	(void)metric;
	(void)help;
	qmp_add_counter(to, name, value);
}

int qmp_query_memory(struct qmp_call *call)
{
	const struct qmp_service *service = qmp_target(call)->service;
	struct mm_stats s = {.errors = 0};
	struct memory *mem = qmp_memory(call);

	if (!mem)
		return -EINVAL;
	totals(mem, &s);
	call->result = json_pack("{s:I,s:I}", "ram", qmp_number(mem->ram_size), "heap",
				 qmp_number(mm_heap_size(mem->heap)));
#define ADD(name, shown, ...) qmp_add_counter(call->result, #name, s.name);
	MM_COUNTERS(ADD)
#undef ADD
	if (service && service->counters)
		service->counters(service->opaque, add_counter, call->result);
	json_object_set_new(call->result, "free-runs", free_runs(mem));
	return 0;
}

int qmp_heap_reclaim(struct qmp_call *call)
{
	struct memory *mem = qmp_memory(call);
	uint64_t bytes;

	if (!mem)
		return -EINVAL;
	kmem_dev_post_event(qmp_kmem(call), VIRTIO_KMEM_EVENT_GIVE_BACK, 0);
	memory_enter(mem);
	bytes = mm_reclaim(mem->heap);
	memory_leave(mem);
	call->result = json_pack("{s:I}", "discarded", qmp_number(bytes));
	return 0;
}

int qmp_query_slabinfo(struct qmp_call *call)
{
	struct memory *mem = qmp_memory(call);
	struct mm_slabinfo info;

	if (!mem)
		return -EINVAL;
	call->result = json_array();
	memory_enter(mem);
	for (int i = 1; i <= mm_cache_max(mem->heap); i++) {
		if (mm_slabinfo(mem->heap, i, &info))
			continue;
		/* The guest's own words. */
		json_array_append_new(
			call->result,
			json_pack("{s:s,s:i,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "name",
				  cli_sanitise(info.name), "cache", i, "active-objs",
				  qmp_number(info.active_objs), "num-objs",
				  qmp_number(info.num_objs), "objsize", qmp_number(info.objsize),
				  "objperslab", qmp_number(info.objperslab), "pagesperslab",
				  qmp_number(info.pagesperslab), "active-slabs",
				  qmp_number(info.active_slabs), "num-slabs",
				  qmp_number(info.num_slabs), "allocated",
				  qmp_number(info.allocated), "freed", qmp_number(info.freed)));
	}
	memory_leave(mem);
	return 0;
}

int qmp_query_pins(struct qmp_call *call)
{
	struct io_engine_stats io = {.sqes = 0};
	struct mm_stats s = {.errors = 0};
	struct vm *vm = qmp_vm(call);

	if (!vm)
		return -EINVAL;
	totals(&vm->mem, &s);
	if (vm->devices.disks.engine)
		io_engine_get_stats(vm->devices.disks.engine, &io);
	call->result = json_pack("{s:I,s:I}", "frames-pinned", qmp_number(s.pages_pinned),
				 "window-budget", qmp_number(vm->run->config->pin_budget));
#define ADD(name, shown, ...) qmp_add_counter(call->result, #name, io.name);
	IO_WINDOW_COUNTERS(ADD)
#undef ADD
	return 0;
}

/* How many huge frames an answer has at most, which takes some milliseconds to make. */
#define MOST_FRAMES 4096u

/* A huge frame as a letter: see the command's help. */
static char huge_letter(const struct mm_huge *huge)
{
	const unsigned int used = huge->slab_frames + huge->run_frames;
	char c;

	if (!huge->backed)
		return '.';
	if (!used)
		return '-';
	if (huge->pinned_frames)
		c = 'p';
	else if (!huge->run_frames)
		c = 's';
	else if (!huge->slab_frames)
		c = 'r';
	else
		c = 'm';
	/* Not full. */
	return used < MM_HUGE_SIZE / MM_FRAME_SIZE ? c : (char)(c - 'a' + 'A');
}

int qmp_query_frames(struct qmp_call *call)
{
	json_int_t first = json_integer_value(json_object_get(call->args, "first"));
	const json_t *wanted = json_object_get(call->args, "count");
	json_int_t count = wanted ? json_integer_value(wanted) : MOST_FRAMES;
	struct memory *mem = qmp_memory(call);
	char text[MOST_FRAMES + 1];
	struct mm_huge huge;
	unsigned int n = 0;

	if (!mem)
		return -EINVAL;
	if (first < 0 || count < 1 || count > MOST_FRAMES)
		return qmp_fail(call, QMP_GENERIC,
				"Parameter 'first' expects 0 or more, 'count' 1 to %u",
				MOST_FRAMES);
	memory_enter(mem);
	while (n < (unsigned int)count &&
	       mm_huge_look(mem->heap, (uint64_t)first + n, 1, &huge) == 1)
		text[n++] = huge_letter(&huge);
	memory_leave(mem);
	text[n] = '\0';
	call->result = json_pack("{s:I,s:I,s:I,s:s}", "frame-size", qmp_number(MM_HUGE_SIZE),
				 "first", first, "total", qmp_number(mm_huge_count(mem->heap)),
				 "map", text);
	return 0;
}
