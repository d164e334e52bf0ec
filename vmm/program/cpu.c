/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/program/cpu.h"

#include <errno.h>
#include <linux/kvm.h>

#include "vmm/machine/kvm.h"
#include "vmm/machine/vm.h"
#include "vmm/program/boot.h"

#define CR0_LONG  0x80050033ull /* PG AM WP NE ET MP PE */
#define CR4_LONG  0x00000620ull /* PAE OSFXSR OSXMMEXCPT */
#define EFER_LONG 0x00000d00ull /* NXE LMA LME */
#define RFLAGS    0x2ull

static struct kvm_segment segment(uint16_t selector, uint8_t type, int dpl, bool code)
{
	return (struct kvm_segment){
		.limit = 0xffffffff,
		.selector = selector,
		.type = type,
		.present = 1,
		.dpl = (uint8_t)dpl,
		.db = !code,
		.s = 1,
		.l = code,
		.g = 1,
	};
}

static void set_segments(struct kvm_sregs *s, const struct vcpu *cpu, int ring)
{
	s->cs = segment(ring ? PLATFORM_USER_CS : PLATFORM_KERNEL_CS, 0xb, ring, true);
	s->ss = segment(ring ? PLATFORM_USER_DS : PLATFORM_KERNEL_DS, 0x3, ring, false);
	s->ds = s->es = s->fs = s->gs = s->ss;
	s->gs.base = PLATFORM_PERCPU_VA(cpu->index);
	s->tr = (struct kvm_segment){
		.base = BOOT_TSS_VA(cpu->index),
		.limit = BOOT_TSS_SIZE - 1,
		.selector = (uint16_t)BOOT_TSS_SELECTOR(cpu->index),
		.type = 0xb, /* 64-bit TSS, busy */
		.present = 1,
	};
	s->ldt = (struct kvm_segment){.unusable = 1, .type = 2};
	s->gdt.base = BOOT_GDT_VA;
	s->gdt.limit = BOOT_GDT_LIMIT;
	s->idt.base = BOOT_IDT_VA;
	s->idt.limit = BOOT_IDT_LIMIT;
}

int program_cpu_reset(struct vcpu *cpu, uint64_t rip, uint64_t cr3, int ring)
{
	struct kvm_regs regs = {
		.rip = rip,
		.rsp = PLATFORM_STACK_TOP(cpu->index),
		.rdi = cpu->index,
		.rsi = PLATFORM_VA,
		.rflags = RFLAGS,
	};
	struct kvm_sregs sregs;

	if (kvm_call(cpu->fd, KVM_GET_SREGS, &sregs))
		return -errno;
	set_segments(&sregs, cpu, ring);
	sregs.cr0 = CR0_LONG;
	sregs.cr3 = cr3;
	sregs.cr4 = CR4_LONG;
	sregs.efer = EFER_LONG;
	if (kvm_call(cpu->fd, KVM_SET_SREGS, &sregs) || kvm_call(cpu->fd, KVM_SET_REGS, &regs))
		return -errno;
	return 0;
}
