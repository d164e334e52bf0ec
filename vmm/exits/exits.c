/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/exits/exits.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>

#include "vmm/base/cli.h"
#include "vmm/machine/end.h"
#include "vmm/machine/kind.h"
#include "vmm/machine/vm.h"
#include "vmm/report/fault.h"

/* Newer than the headers of this kernel's user space may be. */
#ifndef KVM_EXIT_MEMORY_FAULT
#define KVM_EXIT_MEMORY_FAULT 39
#endif

/* The fault exit's part of struct kvm_run, for the same reason. */
struct memory_fault {
	uint64_t flags, gpa, size;
};

/* Without interrupts nothing wakes a halted vCPU. */
static bool serve_halt(struct vcpu *cpu)
{
	struct vm *vm = cpu->vm;
	bool all;

	pthread_mutex_lock(&vm->lock);
	vm->nr_halted++;
	all = vm->nr_halted == vm->nr_started;
	pthread_mutex_unlock(&vm->lock);
	if (all)
		fault_report_vcpu(cpu, "all vCPUs are halted, and nothing can wake them",
				  FAULT_RIP_AFTER);
	return false;
}

static bool serve_memory_fault(struct vcpu *cpu)
{
	const struct kvm_run *run = cpu->run;
	struct memory_fault fault;
	char what[FAULT_TEXT_MAX];

	if (run->exit_reason == KVM_EXIT_MEMORY_FAULT) {
		memcpy(&fault, (const char *)run + offsetof(struct kvm_run, hw), sizeof(fault));
		snprintf(what, sizeof(what), "access to 0x%llx, which is %s",
			 (unsigned long long)fault.gpa, memory_name(&cpu->vm->mem, fault.gpa));
	} else {
		snprintf(what, sizeof(what), "access to heap that is not handed out");
	}
	fault_report_vcpu(cpu, what, FAULT_RIP_AT);
	return false;
}

static bool serve_internal_error(struct vcpu *cpu)
{
	const struct kvm_run *run = cpu->run;
	char what[FAULT_TEXT_MAX];

	if (run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION)
		snprintf(what, sizeof(what), "an instruction that this host's KVM cannot emulate");
	else
		snprintf(what, sizeof(what), "KVM internal error %u", run->internal.suberror);
	fault_report_vcpu(cpu, what, FAULT_RIP_AT);
	return false;
}

static bool host_error(struct vcpu *cpu, const char *what, const char *why)
{
	if (vm_end(cpu->vm, STATUS_HOST_ERROR))
		cli_note("vCPU %u: %s: %s", cpu->index, what, why);
	return false;
}

bool exits_serve(struct vcpu *cpu, int err)
{
	char number[32];

	if (err == EFAULT)
		return serve_memory_fault(cpu);
	if (err)
		return host_error(cpu, "KVM_RUN failed", strerror(err));
	switch (cpu->run->exit_reason) {
	case KVM_EXIT_MMIO:
		return cpu->vm->run->kind->mmio(cpu);
	case KVM_EXIT_IO:
		return cpu->vm->run->kind->io(cpu);
	case KVM_EXIT_SET_TPR:
		/* CR8 became lower: without an interrupt controller that matters to nobody. */
		return true;
	case KVM_EXIT_HLT:
		return serve_halt(cpu);
	case KVM_EXIT_SHUTDOWN:
		fault_report_shutdown(cpu);
		return false;
	case KVM_EXIT_INTERNAL_ERROR:
		return serve_internal_error(cpu);
	case KVM_EXIT_FAIL_ENTRY:
		snprintf(number, sizeof(number), "0x%llx",
			 (unsigned long long)cpu->run->fail_entry.hardware_entry_failure_reason);
		return host_error(cpu, "the CPU refused to enter the guest", number);
	default:
		snprintf(number, sizeof(number), "%u", cpu->run->exit_reason);
		return host_error(cpu, "an exit of KVM that is not known", number);
	}
}
