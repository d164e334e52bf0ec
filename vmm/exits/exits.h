/* SPDX-License-Identifier: BSD-2-Clause */
/* What KVM hands back: accesses, which the kind of guest serves, and the ways a guest ends. */
#ifndef VMM_EXITS_EXITS_H
#define VMM_EXITS_EXITS_H

#include <stdbool.h>

struct vcpu;

/*
 * Serves what KVM_RUN returned with: err 0 and cpu->run, or its errno. Called by the
 * vCPU's thread. Returns whether the vCPU goes on.
 */
bool exits_serve(struct vcpu *cpu, int err);

#endif
