/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program may reach beside memory: the platform page and its devices, by stores. Anything
 * else is a fault of its own. */
#ifndef VMM_PROGRAM_ACCESS_H
#define VMM_PROGRAM_ACCESS_H

#include <stdbool.h>

struct vcpu;

/* Serve the load or store, or the port access, that cpu->run tells of. Called by the vCPU's
 * thread. Return whether the vCPU goes on. */
bool access_memory(struct vcpu *cpu);
bool access_port(struct vcpu *cpu);

#endif
