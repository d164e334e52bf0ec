/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/program/platform.h"

#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "vmm/base/cli.h"
#include "vmm/exits/loop.h"
#include "vmm/machine/console.h"
#include "vmm/machine/end.h"
#include "vmm/machine/pause.h"
#include "vmm/machine/tlb.h"
#include "vmm/machine/vm.h"
#include "vmm/report/fault.h"

static bool ring_exit(struct vcpu *cpu, uint64_t status)
{
	if (status <= STATUS_GUEST_MAX) {
		vm_end(cpu->vm, (int)status);
	} else if (vm_end(cpu->vm, STATUS_GUEST_MAX)) {
		cli_note("the guest ended with status %llu: it is given as %d, since those above "
			 "have other meanings",
			 (unsigned long long)status, STATUS_GUEST_MAX);
	}
	return false;
}

/* A doorbell's argument is not memory of the guest. */
static bool bad_argument(struct vcpu *cpu, const char *doorbell, uint64_t addr)
{
	fault_report_argument(cpu, doorbell, addr);
	return false;
}

static bool ring_console(struct vcpu *cpu, uint64_t value)
{
	uint64_t addr = value & ((1ull << 48) - 1);
	uint64_t len = value >> 48;
	const void *text = memory_peek(&cpu->vm->mem, addr, len);
	int err;

	if (!len)
		return true;
	err = text ? console_write(cpu->vm, text, len) : -EFAULT;
	if (err == -EFAULT)
		return bad_argument(cpu, "CONSOLE", addr);
	if (err == -EPIPE) {
		/* As for any program whose reader has gone. */
		vm_end(cpu->vm, STATUS_SIGNAL + SIGPIPE);
		return false;
	}
	if (err && vm_end(cpu->vm, STATUS_HOST_ERROR))
		cli_note("the guest's output cannot be written: %s", strerror(-err));
	return !err;
}

static bool ring_console_in(struct vcpu *cpu, uint64_t addr)
{
	struct platform_read request;
	int n;

	if (memory_read(&cpu->vm->mem, addr, &request, sizeof(request)))
		return bad_argument(cpu, "CONSOLE_IN", addr);
	n = console_read(cpu->vm, le64toh(request.addr), le32toh(request.size));
	if (n == -EFAULT)
		return bad_argument(cpu, "CONSOLE_IN", le64toh(request.addr));
	request.result = htole32(n > 0 ? (uint32_t)n : 0);
	if (memory_write(&cpu->vm->mem, addr, &request, sizeof(request)))
		return bad_argument(cpu, "CONSOLE_IN", addr);
	return true;
}

static bool ring_wait(struct vcpu *cpu, uint64_t addr)
{
	struct vm *vm = cpu->vm;
	struct platform_wait w;
	int ret;

	if (memory_read(&vm->mem, addr, &w, sizeof(w)))
		return bad_argument(cpu, "WAIT", addr);
	pause_enter_wait(vm);
	ret = wait_queue_wait(&vm->waiters, &vm->mem, le64toh(w.addr), le32toh(w.expected),
			      le64toh(w.timeout_ns), &cpu->events_seen);
	pause_leave_wait(vm);
	w.result = htole32((uint32_t)-ret);
	if (memory_write(&vm->mem, addr, &w, sizeof(w)))
		return bad_argument(cpu, "WAIT", addr);
	return true;
}

static bool ring_wake(struct vcpu *cpu, uint64_t addr)
{
	struct vm *vm = cpu->vm;
	struct platform_wake w;

	if (memory_read(&vm->mem, addr, &w, sizeof(w)))
		return bad_argument(cpu, "WAKE", addr);
	w.result = htole32(wait_queue_wake(&vm->waiters, le64toh(w.addr), le32toh(w.count)));
	if (memory_write(&vm->mem, addr, &w, sizeof(w)))
		return bad_argument(cpu, "WAKE", addr);
	return true;
}

/* Starts those that do not run yet: a second ring does nothing. */
static void ring_start_cpus(struct vcpu *cpu)
{
	struct vm *vm = cpu->vm;

	pthread_mutex_lock(&vm->lock);
	for (unsigned int i = 0; i < vm->nr_cpus && !vm_is_ending(vm); i++)
		if (!vm->vcpu[i].started)
			vcpu_start(&vm->vcpu[i]);
	pthread_mutex_unlock(&vm->lock);
}

static bool ring_fault(struct vcpu *cpu, uint64_t addr)
{
	struct platform_fault fault;

	if (memory_read(&cpu->vm->mem, addr, &fault, sizeof(fault)))
		return bad_argument(cpu, "FAULT", addr);
	fault_report_guest(cpu, &fault);
	return false;
}

bool platform_store(struct vcpu *cpu, uint64_t offset, uint64_t value, unsigned int len)
{
	if (len != 8)
		offset = 0;
	switch (offset) {
	case PLATFORM_EXIT:
		return ring_exit(cpu, value);
	case PLATFORM_CONSOLE:
		return ring_console(cpu, value);
	case PLATFORM_CONSOLE_IN:
		return ring_console_in(cpu, value);
	case PLATFORM_WAIT:
		return ring_wait(cpu, value);
	case PLATFORM_WAKE:
		return ring_wake(cpu, value);
	case PLATFORM_FAULT:
		return ring_fault(cpu, value);
	case PLATFORM_START_CPUS:
		ring_start_cpus(cpu);
		return true;
	case PLATFORM_TLB_FLUSH:
		tlb_flush_all(cpu);
		return true;
	default:
		/* A count for --stats: nothing is ordered by it. */
		atomic_fetch_add_explicit(&cpu->vm->stray_stores, 1, memory_order_relaxed);
		return true;
	}
}
