/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU as KVM has it. */
#ifndef VMM_MACHINE_VCPU_H
#define VMM_MACHINE_VCPU_H

struct vcpu;

/* Makes vCPU cpu->index of cpu->vm and gives it the host's CPUID. Returns 0 or -errno. */
int vcpu_create(struct vcpu *cpu);
void vcpu_destroy(struct vcpu *cpu);

#endif
