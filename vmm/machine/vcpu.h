/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU: its registers, its thread, its exits. */
#ifndef VMM_MACHINE_VCPU_H
#define VMM_MACHINE_VCPU_H

#include <stdint.h>

struct vcpu;
struct vm;

/* The signal that takes a vCPU out of guest code; its handler does nothing. */
#define VCPU_KICK_SIGNAL SIGUSR1

/* How often a thread that has not left yet is kicked again: a signal that comes
 * just before a system call does not end it. */
#define VCPU_REKICK_NS 5000000

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

/* Sees to it that the vCPU's thread leaves guest code, or a system call, soon. From any
 * thread; the vCPU was started. */
void vcpu_kick(struct vcpu *cpu);

#endif
