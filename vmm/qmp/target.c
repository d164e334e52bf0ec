/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/qmp/target.h"

#include "vmm/machine/vm.h"

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
	struct vm *vm = qmp_vm(call);

	return vm ? &vm->mem : NULL;
}

void qmp_tell(const struct qmp_call *call, const char *event)
{
	struct qmp_target *target = qmp_target(call);

	target->event(target, event, NULL);
}
