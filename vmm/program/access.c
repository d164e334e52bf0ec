/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/program/access.h"

#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>

#include "vmm/machine/vm.h"
#include "vmm/program/platform.h"
#include "vmm/report/fault.h"

static bool foreign_store(struct vcpu *cpu)
{
	const struct kvm_run *run = cpu->run;
	char what[FAULT_TEXT_MAX];

	snprintf(what, sizeof(what), "store of %u bytes to 0x%llx, which is %s", run->mmio.len,
		 (unsigned long long)run->mmio.phys_addr,
		 memory_name(&cpu->vm->mem, run->mmio.phys_addr));
	/* KVM reports a store when RIP has passed it. */
	fault_report_vcpu(cpu, what, FAULT_RIP_AFTER);
	return false;
}

bool access_memory(struct vcpu *cpu)
{
	const struct kvm_run *run = cpu->run;
	uint64_t addr = run->mmio.phys_addr;
	uint64_t value = 0;
	uint32_t len = run->mmio.len;
	char what[FAULT_TEXT_MAX];
	__le64 *kicks;

	if (!run->mmio.is_write) {
		snprintf(what, sizeof(what), "load of %u bytes from 0x%llx, which is %s", len,
			 (unsigned long long)addr, memory_name(&cpu->vm->mem, addr));
		fault_report_vcpu(cpu, what, FAULT_RIP_AT);
		return false;
	}
	if (len > sizeof(value))
		return foreign_store(cpu);
	memcpy(&value, run->mmio.data, len);
	if (addr >= PLATFORM_BASE && addr < PLATFORM_BASE + MM_FRAME_SIZE)
		return platform_store(cpu, addr - PLATFORM_BASE, value, len);
	switch (devices_write(&cpu->vm->devices, cpu->index, addr, value, len)) {
	case DEVICES_NONE:
		return foreign_store(cpu);
	case DEVICES_RUNG:
		kicks = &cpu->vm->platform->kicks[cpu->index];
		/* Only this thread writes it; the guest may read at any time. */
		__atomic_store_n(kicks, *kicks + 1, __ATOMIC_RELAXED);
		return true;
	case DEVICES_AGAIN:
		cpu->unfinished = true;
		return true;
	default:
		return true;
	}
}

bool access_port(struct vcpu *cpu)
{
	const struct kvm_run *run = cpu->run;
	char what[FAULT_TEXT_MAX];

	snprintf(what, sizeof(what), "%s port 0x%x, and there are no I/O ports",
		 run->io.direction == KVM_EXIT_IO_IN ? "read of" : "write to", run->io.port);
	fault_report_vcpu(cpu, what,
			  run->io.direction == KVM_EXIT_IO_IN ? FAULT_RIP_AT : FAULT_RIP_AFTER);
	return false;
}
