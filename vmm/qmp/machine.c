/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a machine by QMP. */
#include <errno.h>
#include <signal.h>

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
