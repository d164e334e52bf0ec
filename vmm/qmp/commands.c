/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/qmp/commands.h"

#include <errno.h>
#include <signal.h>

#include "vmm/base/cli.h"
#include "vmm/machine/end.h"
#include "vmm/machine/kind.h"
#include "vmm/machine/pause.h"
#include "vmm/machine/vm.h"

static struct qmp_target *target_of(const struct qmp_call *call)
{
	return call->opaque;
}

static int fail_away(struct qmp_call *call)
{
	return qmp_fail(call, QMP_GENERIC, "The guest is being started or has ended");
}

struct vm *qmp_vm(struct qmp_call *call)
{
	struct vm *vm = target_of(call)->vm;

	if (!vm)
		fail_away(call);
	return vm;
}

static int query_status(struct qmp_call *call)
{
	const struct vm *vm = target_of(call)->vm;
	bool running = vm && !vm_is_ending(vm) && !vm_is_paused(vm);
	const char *status = running            ? "running"
			     : !vm              ? "prelaunch"
			     : vm_is_ending(vm) ? "shutdown"
						: "paused";

	call->result = json_pack("{s:b,s:b,s:s}", "running", running, "singlestep", false, "status",
				 status);
	return 0;
}

static int query_version(struct qmp_call *call)
{
	call->result = qmp_version();
	return 0;
}

static int query_kvm(struct qmp_call *call)
{
	call->result = json_pack("{s:b,s:b}", "enabled", true, "present", true);
	return 0;
}

static int stop(struct qmp_call *call)
{
	struct vm *vm = qmp_vm(call);

	if (!vm)
		return -EINVAL;
	if (vm_is_paused(vm) && !vm_is_ending(vm))
		return 0;
	vm_pause(vm);
	/* One that restarted just then would go on in a machine that was not stopped. */
	if (vm_is_ending(vm))
		return fail_away(call);
	target_of(call)->event(target_of(call), "STOP", NULL);
	return 0;
}

static int cont(struct qmp_call *call)
{
	struct vm *vm = qmp_vm(call);

	if (!vm)
		return -EINVAL;
	if (vm_is_paused(vm)) {
		vm_resume(vm);
		target_of(call)->event(target_of(call), "RESUME", NULL);
	}
	return 0;
}

static int quit(struct qmp_call *call)
{
	struct vm *vm = qmp_vm(call);

	if (!vm)
		return -EINVAL;
	target_of(call)->quit = true;
	vm_end(vm, STATUS_SIGNAL + SIGTERM);
	return 0;
}

static int system_powerdown(struct qmp_call *call)
{
	struct vm *vm = qmp_vm(call);

	if (!vm)
		return -EINVAL;
	if (!vm->kind->power_button || !vm->kind->power_button(vm))
		return qmp_fail(call, QMP_GENERIC,
				"This guest has no power button, or does not listen to it: end it "
				"from within, or with quit");
	target_of(call)->event(target_of(call), "POWERDOWN", NULL);
	return 0;
}

const struct qmp_command qmp_commands[] = {
	{.name = "query-status", .run = query_status},
	{.name = "query-version", .run = query_version},
	{.name = "query-kvm", .run = query_kvm},
	{.name = "stop", .run = stop},
	{.name = "cont", .run = cont},
	{.name = "quit", .run = quit},
	{.name = "system_powerdown", .run = system_powerdown},
	{.name = "query-block", .run = qmp_query_block},
	{.name = "query-memory", .run = qmp_query_memory},
	{.name = "query-slabinfo", .run = qmp_query_slabinfo},
	{.name = "query-pins", .run = qmp_query_pins},
	{.name = "query-io", .run = qmp_query_io},
	{.name = "query-balloon", .run = qmp_query_balloon},
	{.name = "balloon", .run = qmp_balloon, .param = {{.name = "value", .type = JSON_INTEGER}}},
	{.name = "block_resize",
	 .run = qmp_block_resize,
	 .param = {{.name = "device", .type = JSON_STRING, .optional = true},
		   {.name = "node-name", .type = JSON_STRING, .optional = true},
		   {.name = "size", .type = JSON_INTEGER}}},
	{.name = NULL},
};
