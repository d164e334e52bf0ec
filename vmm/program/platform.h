/* SPDX-License-Identifier: BSD-2-Clause */
/* The doorbells of the platform page (virtio/abi/platform.h). */
#ifndef VMM_PROGRAM_PLATFORM_H
#define VMM_PROGRAM_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/* A store of len bytes at offset of the page. Returns whether the vCPU goes on. */
bool platform_store(struct vcpu *cpu, uint64_t offset, uint64_t value, unsigned int len);

#endif
