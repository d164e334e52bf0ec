/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers that a program finds. */
#ifndef VMM_PROGRAM_CPU_H
#define VMM_PROGRAM_CPU_H

#include <stdint.h>

struct vcpu;

/*
 * Puts the vCPU into 64-bit mode at rip, at CPL ring, with the page table at cr3
 * and the registers of the boot protocol.
 * Returns 0 or -errno.
 */
int program_cpu_reset(struct vcpu *cpu, uint64_t rip, uint64_t cr3, int ring);

#endif
