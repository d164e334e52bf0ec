/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/machine/vcpu.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/machine/kind.h"
#include "vmm/machine/kvm.h"
#include "vmm/machine/vm.h"

/* A guest has no guests: KVM would keep page tables for those too. */
#define ECX1_VMX (1u << 5)
#define ECX_SVM  (1u << 2)

/* The host's CPUID, with this vCPU's number where a CPU tells its own. */
static int set_cpuid(struct vcpu *cpu)
{
	const struct kvm_cpuid2 *host = cpu->vm->kvm.cpuid;
	size_t size = sizeof(*host) + host->nent * sizeof(host->entries[0]);
	struct kvm_cpuid2 *mine = malloc(size);
	struct kvm_cpuid_entry2 *e;
	int ret;

	if (!mine)
		return -ENOMEM;
	memcpy(mine, host, size);
	for (unsigned int i = 0; i < mine->nent; i++) {
		e = &mine->entries[i];
		if (e->function == 1) {
			e->ebx = (e->ebx & 0x00ffffff) | cpu->index << 24;
			e->ecx &= ~ECX1_VMX;
		} else if (e->function == 0xb || e->function == 0x1f)
			e->edx = cpu->index;
		else if (e->function == 0x80000001)
			e->ecx &= ~ECX_SVM;
	}
	if (cpu->vm->run->kind->cpuid)
		cpu->vm->run->kind->cpuid(mine, cpu->vm->run->config, cpu->index);
	ret = kvm_call(cpu->fd, KVM_SET_CPUID2, mine) ? -errno : 0;
	free(mine);
	return ret;
}

int vcpu_create(struct vcpu *cpu)
{
	const struct kvm_vm *kvm = &cpu->vm->kvm;
	const struct run *run = cpu->vm->run;
	unsigned long id = run->kind->vcpu_id(run->config, cpu->index);
	int ret;

	cpu->fd = kvm_call(kvm->fd, KVM_CREATE_VCPU, id);
	if (cpu->fd < 0)
		return -errno;
	cpu->run = mmap(NULL, kvm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu->fd, 0);
	if (cpu->run == MAP_FAILED) {
		ret = -errno;
		goto fail_close;
	}
	ret = set_cpuid(cpu);
	if (ret)
		goto fail_unmap;
	return 0;
fail_unmap:
	munmap(cpu->run, kvm->run_size);
fail_close:
	close(cpu->fd);
	return ret;
}

void vcpu_destroy(struct vcpu *cpu)
{
	munmap(cpu->run, cpu->vm->kvm.run_size);
	close(cpu->fd);
}
