/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU's thread: runs guest code and serves its exits until the guest ends. */
#ifndef VMM_EXITS_LOOP_H
#define VMM_EXITS_LOOP_H

#include "vmm/base/cli.h"

struct vcpu;
struct vm;

/*
 * Makes the threads of all vCPUs, none of which is made once the guest's code runs, and starts the
 * first nr vCPUs. A thread waits until its vCPU is started and the guest let go (vm_release()).
 * Returns 0, or STATUS_HOST_ERROR, having said so: then the guest is ending, and no thread is left.
 */
enum exit_status vcpus_start(struct vm *vm, unsigned int nr);

/* Starts a vCPU, whose thread is there. vm->lock is held. */
void vcpu_start(struct vcpu *cpu);

#endif
