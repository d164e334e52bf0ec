/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU: its registers, its thread, its exits. */
#ifndef VMM_MACHINE_VCPU_H
#define VMM_MACHINE_VCPU_H

#include <stdint.h>

struct vcpu;
struct vm;

/* Makes vCPU index of vm and gives it the host's CPUID. Returns 0 or -errno. */
int vcpu_create(struct vm *vm, unsigned int index);
void vcpu_destroy(struct vcpu *cpu);

/*
 * Puts the vCPU into 64-bit mode at rip, at CPL ring, with the page table at cr3
 * and the registers of the boot protocol.
 * Returns 0 or -errno.
 */
int vcpu_reset(struct vcpu *cpu, uint64_t rip, uint64_t cr3, int ring);

/* Starts the thread of a vCPU. vm->lock is held. Returns 0 or -errno. */
int vcpu_start(struct vcpu *cpu);

#endif
