/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/machine/vcpu.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/base/cli.h"
#include "vmm/config/affinity.h"
#include "vmm/exits/exits.h"
#include "vmm/linux/cpu.h"
#include "vmm/machine/end.h"
#include "vmm/machine/pause.h"
#include "vmm/machine/tlb.h"
#include "vmm/machine/vm.h"
#include "vmm/program/boot.h"

#define CR0_LONG  0x80050033ull /* PG AM WP NE ET MP PE */
#define CR4_LONG  0x00000620ull /* PAE OSFXSR OSXMMEXCPT */
#define EFER_LONG 0x00000d00ull /* NXE LMA LME */
#define RFLAGS    0x2ull
/* A guest has no guests: KVM would keep page tables for those too. */
#define ECX1_VMX (1u << 5)
#define ECX_SVM  (1u << 2)
#define STACK    (256ul << 10) /* of the thread that serves a vCPU */

/* The host's CPUID, with this vCPU's number where a CPU tells its own. */
static int set_cpuid(struct vcpu *cpu)
{
	const struct kvm_cpuid2 *host = cpu->vm->cpuid;
	size_t size = sizeof(*host) + host->nent * sizeof(host->entries[0]);
	struct kvm_cpuid2 *mine = malloc(size);
	struct kvm_cpuid_entry2 *e;
	unsigned int i;
	int ret;

	if (!mine)
		return -ENOMEM;
	memcpy(mine, host, size);
	for (i = 0; i < mine->nent; i++) {
		e = &mine->entries[i];
		if (e->function == 1) {
			e->ebx = (e->ebx & 0x00ffffff) | cpu->index << 24;
			e->ecx &= ~ECX1_VMX;
		} else if (e->function == 0xb || e->function == 0x1f)
			e->edx = cpu->index;
		else if (e->function == 0x80000001)
			e->ecx &= ~ECX_SVM;
	}
	if (cpu->vm->config->kernel)
		linux_cpu_cpuid(mine, cpu->vm->config, cpu->index);
	ret = ioctl(cpu->fd, KVM_SET_CPUID2, mine) ? -errno : 0;
	free(mine);
	return ret;
}

int vcpu_create(struct vm *vm, unsigned int index)
{
	struct vcpu *cpu = &vm->vcpu[index];
	unsigned long id = index;
	int ret;

	cpu->vm = vm;
	cpu->index = index;
	if (vm->config->kernel)
		id = linux_cpu_apic_id(vm->config, index);
	cpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, id);
	if (cpu->fd < 0)
		return -errno;
	cpu->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu->fd, 0);
	if (cpu->run == MAP_FAILED) {
		ret = -errno;
		goto fail_close;
	}
	ret = set_cpuid(cpu);
	if (ret)
		goto fail_unmap;
	return 0;
fail_unmap:
	munmap(cpu->run, vm->run_size);
fail_close:
	close(cpu->fd);
	return ret;
}

void vcpu_destroy(struct vcpu *cpu)
{
	munmap(cpu->run, cpu->vm->run_size);
	close(cpu->fd);
}

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

int vcpu_reset(struct vcpu *cpu, uint64_t rip, uint64_t cr3, int ring)
{
	struct kvm_regs regs = {
		.rip = rip,
		.rsp = PLATFORM_STACK_TOP(cpu->index),
		.rdi = cpu->index,
		.rsi = PLATFORM_VA,
		.rflags = RFLAGS,
	};
	struct kvm_sregs sregs;

	if (ioctl(cpu->fd, KVM_GET_SREGS, &sregs))
		return -errno;
	set_segments(&sregs, cpu, ring);
	sregs.cr0 = CR0_LONG;
	sregs.cr3 = cr3;
	sregs.cr4 = CR4_LONG;
	sregs.efer = EFER_LONG;
	if (ioctl(cpu->fd, KVM_SET_SREGS, &sregs) || ioctl(cpu->fd, KVM_SET_REGS, &regs))
		return -errno;
	return 0;
}

/*
 * Runs guest code until the next exit. Returns 0 with an exit to serve, or the
 * errno of KVM_RUN; EINTR when kicked.
 */
static int run(struct vcpu *cpu)
{
	int ret;

	/* Before in_guest is set: a kick from then on is not lost. */
	__atomic_store_n(&cpu->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
	/* Sequentially consistent, as the other side's "raise request, then look
	 * at in_guest" is: one of the two sees the other. */
	atomic_store(&cpu->in_guest, true);
	/* KVM may fail without giving a reason of its own. */
	cpu->run->exit_reason = KVM_EXIT_UNKNOWN;
	if (vm_is_ending(cpu->vm) || vm_is_paused(cpu->vm) || tlb_is_stale(cpu))
		ret = EINTR;
	else
		ret = ioctl(cpu->fd, KVM_RUN, 0) ? errno : 0;
	tlb_left_guest(cpu);
	return ret;
}

static void *vcpu_main(void *arg)
{
	struct vcpu *cpu = arg;
	struct vm *vm = cpu->vm;
	__le64 *exits = &vm->platform->exits[cpu->index];
	bool go_on = true;
	int err = 0;

	while (go_on && !vm_is_ending(vm)) {
		pause_wait(vm);
		/* What the last exit is about stays in cpu->run until the next entry. */
		if (!cpu->unfinished) {
			err = run(cpu);
			if (err == EINTR || err == EAGAIN) {
				tlb_flush_if_stale(cpu);
				continue;
			}
			/* Only this thread writes it; the guest may read at any time. */
			__atomic_store_n(exits, *exits + 1, __ATOMIC_RELAXED);
		}
		cpu->unfinished = false;
		go_on = exits_serve(cpu, err);
	}
	pthread_mutex_lock(&vm->lock);
	vm->nr_running--;
	pthread_cond_broadcast(&vm->left_guest);
	pthread_mutex_unlock(&vm->lock);
	return NULL;
}

int vcpu_start(struct vcpu *cpu)
{
	const cpu_set_t *cpus = &cpu->vm->config->vcpu_cpus;
	pthread_attr_t attr;
	cpu_set_t one;
	char name[16];
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	if (CPU_COUNT(cpus)) {
		affinity_pick(cpus, cpu->index, &one);
		pthread_attr_setaffinity_np(&attr, sizeof(one), &one);
	}
	ret = pthread_create(&cpu->thread, &attr, vcpu_main, cpu);
	pthread_attr_destroy(&attr);
	if (ret)
		return -ret;
	snprintf(name, sizeof(name), "vcpu%u", cpu->index);
	pthread_setname_np(cpu->thread, name);
	cpu->started = true;
	cpu->vm->nr_started++;
	cpu->vm->nr_running++;
	return 0;
}
