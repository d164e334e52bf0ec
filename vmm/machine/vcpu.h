/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU as KVM has it. */
#ifndef VMM_MACHINE_VCPU_H
#define VMM_MACHINE_VCPU_H

struct vcpu;
struct vm;

/* Makes vCPU index of vm and gives it the host's CPUID. Returns 0 or -errno. */
int vcpu_create(struct vm *vm, unsigned int index);
void vcpu_destroy(struct vcpu *cpu);

#endif
