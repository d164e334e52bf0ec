/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/qmp/target.h"

#include <errno.h>
#include <stdio.h>

#include "vmm/machine/vm.h"
#include "vmm/qmp/server.h"

_Static_assert(RUN_MAX_DISKS <= QMP_MAX_DISKS, "all disks of a guest are shown");

int qmp_fail_away(struct qmp_call *call)
{
	return qmp_fail(call, QMP_GENERIC, "The guest is being started or has ended");
}

struct vm *qmp_vm(struct qmp_call *call)
{
	struct vm *vm = qmp_target(call)->vm;

	if (!vm)
		qmp_fail_away(call);
	return vm;
}

const struct devices *qmp_devices(struct qmp_call *call)
{
	const struct vm *vm = qmp_vm(call);

	return vm ? &vm->devices : NULL;
}

struct memory *qmp_memory(struct qmp_call *call)
{
	const struct qmp_service *service = qmp_target(call)->service;
	struct vm *vm;

	if (service && !service->mem)
		qmp_fail(call, QMP_GENERIC, "This service has disks alone, and no memory");
	if (service)
		return service->mem;
	vm = qmp_vm(call);

	return vm ? &vm->mem : NULL;
}

struct virtio_device *qmp_kmem(struct qmp_call *call)
{
	const struct qmp_service *service = qmp_target(call)->service;
	struct vm *vm;

	if (service)
		return qmp_memory(call) ? service->kmem : NULL;
	vm = qmp_vm(call);
	return vm ? vm->devices.kmem : NULL;
}

int qmp_disks(struct qmp_call *call, struct qmp_disks *disks)
{
	const struct qmp_service *service = qmp_target(call)->service;
	const struct devices *devices;

	if (service) {
		*disks = service->disks;
	} else {
		devices = qmp_devices(call);
		if (!devices)
			return -EINVAL;
		disks->nr = devices->disks.count;
		for (unsigned int i = 0; i < disks->nr; i++)
			disks->disk[i] = (struct qmp_disk){
				.path = devices->disks.log[i].path,
				.dev = devices->disks.dev[i],
				.engine = devices->disks.engine,
			};
	}
	for (unsigned int i = 0; i < disks->nr; i++)
		snprintf(disks->disk[i].name, sizeof(disks->disk[i].name), "disk%u", i);
	return 0;
}

unsigned int qmp_threads(const struct qmp_disks *disks, struct io_engine_stats stats[QMP_MAX_DISKS])
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < disks->nr; i++)
		if (!i || disks->disk[i].engine != disks->disk[i - 1].engine)
			io_engine_get_stats(disks->disk[i].engine, &stats[nr++]);
	return nr;
}

void qmp_tell(const struct qmp_call *call, const char *event)
{
	qmp_server_event(qmp_target(call)->server, event, NULL);
}
