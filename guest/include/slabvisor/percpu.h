/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Per-vCPU data of a guest. GS base points at it in both rings; it is mapped at
 * PLATFORM_PERCPU_VA(cpu) and zero when the vCPU starts. A thread of control never
 * moves to another vCPU, so that the pointer may be kept.
 */
#ifndef SLABVISOR_PERCPU_H
#define SLABVISOR_PERCPU_H

#include <linux/types.h>
#include <slabvisor/kmem_cpu.h>
#include <slabvisor/percpu_asm.h>

struct grt_cpu; /* the machine half's own, see guest/lib/machine/grt.h */

struct percpu {
	struct percpu *self;
	void *exc_frame; /* where the vector stubs put an exception's frame */
	struct grt_cpu *grt;
	unsigned int cpu;
	unsigned int exc_depth; /* exceptions under way: more than one is fatal */
	struct kmem_cpu kmem;
};

_Static_assert(offsetof(struct percpu, self) == PERCPU_SELF, "see entry.S");
_Static_assert(offsetof(struct percpu, exc_frame) == PERCPU_EXC_FRAME, "see entry.S");

/* The calling vCPU's data. */
static inline struct percpu *this_cpu(void)
{
	struct percpu *p;

	/* Not volatile: the answer never changes, and may be kept in a register. */
	asm("movq %%gs:%c1, %0" : "=r"(p) : "i"(PERCPU_SELF));
	return p;
}

#endif
