/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest that stands still: no vCPU runs its code, and its disks are at rest. */
#ifndef VMM_PAUSE_H
#define VMM_PAUSE_H

#include "vmm/vm.h"

/*
 * Stops the guest, and returns when no vCPU is in guest code and what the disks had begun is
 * answered. Exits that are being served are served to their end. vm_resume() lets it go on. The
 * two are called in turns, by one thread; a guest that ends is not held up.
 */
void vm_pause(struct vm *vm);
void vm_resume(struct vm *vm);

static inline bool vm_is_paused(const struct vm *vm)
{
	/* Sequentially consistent: a vCPU looks here after it has set in_guest, vm_pause()
	 * looks at in_guest after it has set this. */
	return atomic_load(&vm->paused);
}

/* Keeps a vCPU that is out of guest code until the guest goes on or ends. */
void pause_wait(struct vm *vm);

#endif
