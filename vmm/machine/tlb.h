/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PLATFORM_TLB_FLUSH. A request raises a generation. A vCPU does not enter guest
 * code while its own is behind, so a request waits only for those that are inside.
 */
#ifndef VMM_MACHINE_TLB_H
#define VMM_MACHINE_TLB_H

#include <stdatomic.h>
#include <stdbool.h>

#include "vmm/machine/vm.h"

/* Flushes this vCPU's TLB and sees to it that no other one uses what it had. Called
 * by the vCPU's own thread, outside guest code. */
void tlb_flush_all(struct vcpu *cpu);

/* Flushes this vCPU's TLB if a request came since it last did. */
void tlb_flush_if_stale(struct vcpu *cpu);

static inline bool tlb_is_stale(const struct vcpu *cpu)
{
	return atomic_load(&cpu->tlb_seen) != atomic_load(&cpu->vm->tlb_generation);
}

/* The vCPU's thread has left guest code: lets those know that wait for it. */
void tlb_left_guest(struct vcpu *cpu);

#endif
