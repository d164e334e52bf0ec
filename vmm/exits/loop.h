/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU's thread: runs guest code and serves its exits until the guest ends. */
#ifndef VMM_EXITS_LOOP_H
#define VMM_EXITS_LOOP_H

struct vcpu;

/* Starts the thread of a vCPU. vm->lock is held. Returns 0 or -errno. */
int vcpu_start(struct vcpu *cpu);

#endif
