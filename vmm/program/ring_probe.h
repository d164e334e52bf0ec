/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether CPL 0 runs natively in this VM, or in KVM's instruction emulator. */
#ifndef VMM_PROGRAM_RING_PROBE_H
#define VMM_PROGRAM_RING_PROBE_H

struct memory;
struct vcpu;

/*
 * Runs a loop of two lengths at CPL 0 on a vCPU, which has to be reset afterwards, in the first
 * pages of RAM, which are zero again on return. Returns 0 with *ns, nanoseconds an iteration, or
 * -errno.
 */
int ring_probe(struct vcpu *cpu, const struct memory *mem, double *ns);

/* The most an iteration of two instructions takes where CPL 0 is native, with room for a vCPU that
 * is itself emulated: KVM's emulator takes 500 ns and more. */
#define RING_PROBE_NATIVE_NS 200.0

#endif
