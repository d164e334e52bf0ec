/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/report/fault.h"

#include <endian.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mm/util.h"
#include "vmm/base/cli.h"
#include "vmm/elf/symbols.h"
#include "vmm/machine/end.h"
#include "vmm/machine/kvm.h"
#include "vmm/machine/vm.h"
#include "vmm/report/backtrace.h"

#define MESSAGE_MAX   256
#define CR0_PG        (1ull << 31)
#define VECTOR_BP     3 /* these two are traps: RIP is past the instruction */
#define VECTOR_OF     4
#define VECTOR_PF     14
#define PF_PROTECTION (1u << 0)
#define PF_WRITE      (1u << 1)
#define PF_FETCH      (1u << 4)

/* A report is put together first and written at once: other vCPUs may still print. */
struct report {
	char text[8192];
	size_t used;
};

struct registers {
	uint64_t rip, rsp, rflags, rbp, cr2;
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
};

__attribute__((format(printf, 2, 3))) static void fault_say(struct report *r, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(r->text + r->used, sizeof(r->text) - r->used, fmt, args);
	va_end(args);
	if (n > 0)
		r->used += (size_t)n < sizeof(r->text) - r->used ? (size_t)n
								 : sizeof(r->text) - r->used - 1;
}

static const char *exception_name(uint32_t vector)
{
	static const char *const names[32] = {
		[0] = "divide error",
		[1] = "debug exception",
		[2] = "non-maskable interrupt",
		[3] = "breakpoint",
		[4] = "overflow",
		[5] = "bound range exceeded",
		[6] = "invalid opcode",
		[7] = "device not available",
		[8] = "double fault",
		[10] = "invalid TSS",
		[11] = "segment not present",
		[12] = "stack fault",
		[13] = "general protection fault",
		[14] = "page fault",
		[16] = "x87 error",
		[17] = "alignment check",
		[18] = "machine check",
		[19] = "SIMD error",
		[20] = "virtualization exception",
		[21] = "control protection exception",
	};

	return vector < 32 && names[vector] ? names[vector] : "exception";
}

static void say_where(struct report *r, const struct vcpu *cpu, enum fault_rip where, uint64_t rip)
{
	const struct elf_image *elf = &cpu->vm->run->elf;
	char name[SYMBOL_NAME_MAX];

	fault_say(r, "%s rip 0x%llx (%s), vCPU %u\n",
		  where == FAULT_RIP_AFTER ? ", just before" : " at", (unsigned long long)rip,
		  where == FAULT_RIP_AT ? symbol_name(elf, rip, name)
					: symbol_name_after(elf, rip, name),
		  cpu->index);
}

static void say_registers(struct report *r, const struct registers *g)
{
	const struct {
		const char *name;
		uint64_t value;
	} list[] = {
		{"rax", g->rax}, {"rbx", g->rbx}, {"rcx", g->rcx},    {"rdx", g->rdx},
		{"rsi", g->rsi}, {"rdi", g->rdi}, {"rbp", g->rbp},    {"rsp", g->rsp},
		{"r8", g->r8},   {"r9", g->r9},   {"r10", g->r10},    {"r11", g->r11},
		{"r12", g->r12}, {"r13", g->r13}, {"r14", g->r14},    {"r15", g->r15},
		{"rip", g->rip}, {"cr2", g->cr2}, {"rfl", g->rflags},
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		fault_say(r, "%s%-3s %016llx%s", i % 4 ? "  " : "    ", list[i].name,
			  (unsigned long long)list[i].value, i % 4 == 3 ? "\n" : "");
	fault_say(r, "\n");
}

static void say_trace(struct report *r, const struct vcpu *cpu, const uint64_t *trace,
		      unsigned int count)
{
	char name[SYMBOL_NAME_MAX];

	if (count)
		fault_say(r, "  backtrace:\n");
	for (unsigned int i = 0; i < count; i++)
		fault_say(r, "    0x%llx %s\n", (unsigned long long)trace[i],
			  symbol_name_after(&cpu->vm->run->elf, trace[i], name));
}

static struct backtrace_regs trace_regs(const struct registers *g, enum fault_rip where)
{
	return (struct backtrace_regs){
		.rip = g->rip,
		.rsp = g->rsp,
		.rbp = g->rbp,
		.where = where,
	};
}

/* The backtrace of a vCPU whose registers are KVM's. */
static void say_walk(struct report *r, const struct vcpu *cpu, const struct registers *g,
		     enum fault_rip where)
{
	const struct backtrace_regs regs = trace_regs(g, where);
	uint64_t trace[BACKTRACE_MAX];

	say_trace(r, cpu, trace, backtrace_walk(cpu, &regs, trace));
}

static void publish(const struct report *r)
{
	cli_text(r->text);
}

/* Copies the guest's message, up to its NUL, as printable text. */
static void read_message(const struct memory *mem, uint64_t addr, char *message)
{
	size_t i;

	memset(message, 0, MESSAGE_MAX);
	for (i = 0; addr && i < MESSAGE_MAX - 1; i++)
		if (memory_read(mem, addr + i, &message[i], 1) || !message[i])
			break;
	message[i] = '\0';
	cli_sanitise(message);
}

static void say_exception(struct report *r, const struct platform_fault *f)
{
	uint32_t vector = le32toh(f->vector);
	uint32_t error = le32toh(f->error);

	fault_say(r, "slabvisor: guest fault: %s", exception_name(vector));
	if (vector == VECTOR_PF)
		fault_say(r, " %s 0x%llx%s",
			  error & PF_FETCH   ? "executing"
			  : error & PF_WRITE ? "writing"
					     : "reading",
			  (unsigned long long)le64toh(f->cr2),
			  error & PF_PROTECTION ? " (not permitted)" : "");
	else if (vector >= 32)
		fault_say(r, " %u", vector);
	else if (error)
		fault_say(r, " (error code 0x%x)", error);
}

/* Where RIP is when an exception is taken, or BUG() reports. */
static enum fault_rip rip_of(uint32_t vector)
{
	if (vector == PLATFORM_FAULT_BUG)
		return FAULT_RIP_CALL;
	return vector == VECTOR_BP || vector == VECTOR_OF ? FAULT_RIP_AFTER : FAULT_RIP_AT;
}

void fault_report_guest(struct vcpu *cpu, const struct platform_fault *f)
{
	bool bug = le32toh(f->vector) == PLATFORM_FAULT_BUG;
	const struct registers g = {
		.rip = le64toh(f->rip),
		.rsp = le64toh(f->rsp),
		.rflags = le64toh(f->rflags),
		.rbp = le64toh(f->rbp),
		.cr2 = le64toh(f->cr2),
		.rax = le64toh(f->rax),
		.rbx = le64toh(f->rbx),
		.rcx = le64toh(f->rcx),
		.rdx = le64toh(f->rdx),
		.rsi = le64toh(f->rsi),
		.rdi = le64toh(f->rdi),
		.r8 = le64toh(f->r8),
		.r9 = le64toh(f->r9),
		.r10 = le64toh(f->r10),
		.r11 = le64toh(f->r11),
		.r12 = le64toh(f->r12),
		.r13 = le64toh(f->r13),
		.r14 = le64toh(f->r14),
		.r15 = le64toh(f->r15),
	};
	const struct backtrace_regs regs = trace_regs(&g, rip_of(le32toh(f->vector)));
	struct report r = {.used = 0};
	uint64_t trace[BACKTRACE_MAX];
	char message[MESSAGE_MAX];
	unsigned int i;
	unsigned int frames = le32toh(f->frames);

	if (!vm_end(cpu->vm, bug ? STATUS_GUEST_BUG : STATUS_GUEST_FAULT))
		return;
	read_message(&cpu->vm->mem, le64toh(f->message), message);
	if (bug) {
		fault_say(&r, "slabvisor: guest BUG: %s", message[0] ? message : "(no message)");
		if (g.cr2)
			fault_say(&r, ", address 0x%llx,", (unsigned long long)g.cr2);
	} else {
		say_exception(&r, f);
	}
	say_where(&r, cpu, rip_of(le32toh(f->vector)), g.rip);
	if (!bug && message[0])
		fault_say(&r, "  %s\n", message);
	/* BUG() is called: what the registers hold is the reporting's. */
	if (!bug)
		say_registers(&r, &g);
	if (frames > BACKTRACE_MAX)
		frames = BACKTRACE_MAX;
	for (i = 0; i < frames && f->trace[i]; i++)
		trace[i] = le64toh(f->trace[i]);
	if (!bug)
		i = backtrace_add_caller(cpu, &regs, trace, i);
	say_trace(&r, cpu, trace, i);
	publish(&r);
}

static bool get_registers(const struct vcpu *cpu, struct registers *g, struct kvm_sregs *sregs)
{
	struct kvm_regs k;

	if (kvm_call(cpu->fd, KVM_GET_REGS, &k) || kvm_call(cpu->fd, KVM_GET_SREGS, sregs))
		return false;
	*g = (struct registers){
		.rip = k.rip,
		.rsp = k.rsp,
		.rflags = k.rflags,
		.rbp = k.rbp,
		.cr2 = sregs->cr2,
		.rax = k.rax,
		.rbx = k.rbx,
		.rcx = k.rcx,
		.rdx = k.rdx,
		.rsi = k.rsi,
		.rdi = k.rdi,
		.r8 = k.r8,
		.r9 = k.r9,
		.r10 = k.r10,
		.r11 = k.r11,
		.r12 = k.r12,
		.r13 = k.r13,
		.r14 = k.r14,
		.r15 = k.r15,
	};
	return true;
}

void fault_report_vcpu(struct vcpu *cpu, const char *what, enum fault_rip rip)
{
	struct report r = {.used = 0};
	struct kvm_sregs sregs;
	struct registers g;

	if (!vm_end(cpu->vm, STATUS_GUEST_FAULT))
		return;
	fault_say(&r, "slabvisor: guest fault: %s", what);
	if (get_registers(cpu, &g, &sregs)) {
		say_where(&r, cpu, rip, g.rip);
		say_registers(&r, &g);
		say_walk(&r, cpu, &g, rip);
	} else {
		fault_say(&r, ", vCPU %u\n", cpu->index);
	}
	publish(&r);
}

void fault_report_shutdown(struct vcpu *cpu)
{
	struct report r = {.used = 0};
	struct kvm_sregs sregs;
	struct registers g;

	if (!vm_end(cpu->vm, STATUS_GUEST_FAULT))
		return;
	fault_say(&r, "slabvisor: guest fault: triple fault");
	/* On AMD a shutdown resets the vCPU, and what it did is lost. */
	if (get_registers(cpu, &g, &sregs) && sregs.cr0 & CR0_PG) {
		fault_say(&r, ", cr2 0x%llx,", (unsigned long long)g.cr2);
		say_where(&r, cpu, FAULT_RIP_AT, g.rip);
		say_registers(&r, &g);
		say_walk(&r, cpu, &g, FAULT_RIP_AT);
	} else {
		fault_say(&r, ", vCPU %u; its registers are lost on this host\n", cpu->index);
	}
	publish(&r);
}

void fault_report_argument(struct vcpu *cpu, const char *doorbell, uint64_t addr)
{
	char what[FAULT_TEXT_MAX];

	snprintf(what, sizeof(what), "doorbell %s names 0x%llx, which is not memory of the guest's",
		 doorbell, (unsigned long long)addr);
	fault_report_vcpu(cpu, what, FAULT_RIP_AFTER);
}
