/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a guest, which any thread may bring about, once. */
#ifndef VMM_MACHINE_END_H
#define VMM_MACHINE_END_H

#include <stdatomic.h>
#include <stdbool.h>

#include "vmm/machine/vm.h"

/*
 * Ends the guest. The first call decides the status and returns true: its caller
 * reports what there is to say. From any thread.
 */
bool vm_end(struct vm *vm, int status);

/* Tells whether the guest is ending, so that nothing should be started or waited for. */
static inline bool vm_is_ending(const struct vm *vm)
{
	/* Acquire: with the release in vm_end(), its status is seen. */
	return atomic_load_explicit(&vm->ending, memory_order_acquire);
}

#endif
