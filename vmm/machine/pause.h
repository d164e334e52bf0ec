/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that stands still: no thread does anything for it.
 *
 * A vCPU's thread is parked when it runs no guest code, serves no exit, and will not begin to
 * while the guest is paused: at its gate, pause_wait(), which it passes before each entry, and in
 * each wait that may last as long as somebody else likes. An exit whose service the pause cuts
 * short, as a queue that is filled as fast as it is served, is served again when the guest goes on.
 * Devices stand still by virtio_device_pause().
 */
#ifndef VMM_MACHINE_PAUSE_H
#define VMM_MACHINE_PAUSE_H

#include "vmm/machine/vm.h"

/*
 * Stops the guest, and returns when each vCPU's thread is parked, no device touches the guest's
 * memory, and no operation of the disks is under way. vm_resume() lets it go on. The two are
 * called in turns, by one thread; a guest that ends is not held up.
 */
void vm_pause(struct vm *vm);
void vm_resume(struct vm *vm);

static inline bool vm_is_paused(const struct vm *vm)
{
	/* Sequentially consistent: a vCPU looks here after it has cleared immediate_exit,
	 * vm_pause() sets immediate_exit after it has set this. */
	return atomic_load(&vm->paused);
}

/* The gate: keeps a vCPU's thread until the guest goes on or ends. No lock is held. */
void pause_wait(struct vm *vm);

/* Around a wait of a vCPU's thread, which is parked in between and writes nothing to the guest's
 * memory. pause_leave_wait() is a gate, too. No lock is held. */
void pause_enter_wait(struct vm *vm);
void pause_leave_wait(struct vm *vm);

#endif
