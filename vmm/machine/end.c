/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/machine/end.h"

#include <errno.h>
#include <unistd.h>

#include "vmm/machine/devices.h"
#include "vmm/machine/kick.h"

bool vm_end(struct vm *vm, int status)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&vm->lock);
	if (vm_is_ending(vm)) {
		pthread_mutex_unlock(&vm->lock);
		return false;
	}
	vm->status = status;
	/* Sequentially consistent, as a vCPU's look at it after in_guest is. */
	atomic_store(&vm->ending, true);
	for (unsigned int i = 0; i < vm->nr_cpus; i++)
		if (vm->vcpu[i].started)
			vcpu_kick(&vm->vcpu[i]);
	pthread_cond_broadcast(&vm->left_guest);
	pthread_cond_broadcast(&vm->resumed);
	pthread_mutex_unlock(&vm->lock);
	devices_halt(&vm->devices);
	wait_queue_close(&vm->waiters);
	/* An eventfd that is not full takes it at once. */
	while (write(vm->end_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	return true;
}
