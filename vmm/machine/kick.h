/* SPDX-License-Identifier: BSD-2-Clause */
/* How a vCPU's thread is got out of guest code. */
#ifndef VMM_MACHINE_KICK_H
#define VMM_MACHINE_KICK_H

#include "vmm/sandbox/sandbox.h"

struct vcpu;

/* The signal that takes a vCPU out of guest code; its handler does nothing. */
#define VCPU_KICK_SIGNAL SANDBOX_KICK

/* How often a thread that has not left yet is kicked again: a signal that comes
 * just before a system call does not end it. */
#define VCPU_REKICK_NS 5000000

/* Sees to it that the vCPU's thread leaves guest code, or a system call, soon. From any
 * thread; the vCPU was started. */
void vcpu_kick(struct vcpu *cpu);

#endif
