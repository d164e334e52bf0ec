/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a machine by QMP. */
#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mm/host/clock.h"
#include "vmm/base/cli.h"
#include "vmm/machine/end.h"
#include "vmm/machine/kind.h"
#include "vmm/machine/pause.h"
#include "vmm/machine/vm.h"
#include "vmm/qmp/commands.h"
#include "vmm/qmp/target.h"

int qmp_query_status(struct qmp_call *call)
{
	const struct vm *vm = qmp_target(call)->vm;
	bool running = vm && !vm_is_ending(vm) && !vm_is_paused(vm);
	const char *status = running            ? "running"
			     : !vm              ? "prelaunch"
			     : vm_is_ending(vm) ? "shutdown"
						: "paused";

	call->result = json_pack("{s:b,s:b,s:s}", "running", running, "singlestep", false, "status",
				 status);
	return 0;
}

int qmp_service_status(struct qmp_call *call)
{
	call->result = json_pack("{s:b,s:b,s:s}", "running", true, "singlestep", false, "status",
				 "running");
	return 0;
}

int qmp_query_name(struct qmp_call *call)
{
	call->result = json_pack("{s:s*}", "name", qmp_target(call)->name);
	return 0;
}

/* Text of the user's may be no UTF-8, which JSON is. */
static json_t *shown(const char *text)
{
	json_t *string = json_string(text);
	char *copy;

	if (string || !text)
		return string;
	copy = strdup(text);
	if (copy)
		string = json_string(cli_sanitise(copy));
	free(copy);
	return string;
}

int qmp_query_monitor(struct qmp_call *call)
{
	const struct qmp_target *target = qmp_target(call);
	const struct vm *vm = target->vm;

	call->result = json_pack("{s:s,s:s*,s:i,s:s,s:o*,s:I}", "kind",
				 target->service ? "service" : "guest", "name", target->name, "pid",
				 (int)getpid(), "version", SLABVISOR_VERSION, "runs",
				 shown(target->runs), "uptime-ms",
				 (json_int_t)(monotonic_ns() - target->born_ns) / 1000000);
	if (vm)
		json_object_update_new(call->result, json_pack("{s:i,s:i}", "vcpus",
							       (int)vm->nr_cpus, "ring", vm->ring));
	return 0;
}

int qmp_query_version(struct qmp_call *call)
{
	call->result = qmp_version();
	return 0;
}

int qmp_query_kvm(struct qmp_call *call)
{
	call->result = json_pack("{s:b,s:b}", "enabled", true, "present", true);
	return 0;
}

int qmp_stop(struct qmp_call *call)
{
	struct vm *vm = qmp_vm(call);

	if (!vm)
		return -EINVAL;
	if (vm_is_paused(vm) && !vm_is_ending(vm))
		return 0;
	vm_pause(vm);
	/* One that restarted just then would go on in a machine that was not stopped. */
	if (vm_is_ending(vm))
		return qmp_fail_away(call);
	qmp_tell(call, "STOP");
	return 0;
}

int qmp_cont(struct qmp_call *call)
{
	struct vm *vm = qmp_vm(call);

	if (!vm)
		return -EINVAL;
	if (vm_is_paused(vm)) {
		vm_resume(vm);
		qmp_tell(call, "RESUME");
	}
	return 0;
}

int qmp_quit(struct qmp_call *call)
{
	struct vm *vm = qmp_vm(call);

	if (!vm)
		return -EINVAL;
	qmp_target(call)->quit = true;
	vm_end(vm, STATUS_SIGNAL + SIGTERM);
	return 0;
}

int qmp_service_quit(struct qmp_call *call)
{
	const struct qmp_service *service = qmp_target(call)->service;

	service->quit(service->opaque);
	return 0;
}

int qmp_system_powerdown(struct qmp_call *call)
{
	struct vm *vm = qmp_vm(call);

	if (!vm)
		return -EINVAL;
	if (!vm->run->kind->power_button || !vm->run->kind->power_button(vm))
		return qmp_fail(call, QMP_GENERIC,
				"This guest has no power button, or does not listen to it: end it "
				"from within, or with quit");
	qmp_tell(call, "POWERDOWN");
	return 0;
}

int qmp_query_vcpus(struct qmp_call *call)
{
	struct vm *vm = qmp_vm(call);

	if (!vm)
		return -EINVAL;
	call->result = json_array();
	for (unsigned int i = 0; i < vm->nr_cpus; i++) {
		bool started;

		pthread_mutex_lock(&vm->lock);
		started = vm->vcpu[i].started;
		pthread_mutex_unlock(&vm->lock);
		json_array_append_new(
			call->result,
			json_pack("{s:i,s:b,s:I,s:I}", "cpu-index", (int)i, "started", started,
				  "exits", (json_int_t)le64toh(vm->platform->exits[i]), "kicks",
				  (json_int_t)le64toh(vm->platform->kicks[i])));
	}
	return 0;
}
