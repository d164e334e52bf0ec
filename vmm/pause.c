/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/pause.h"

#include "vmm/disk.h"
#include "vmm/vcpu.h"

void pause_wait(struct vm *vm)
{
	if (!vm_is_paused(vm))
		return;
	pthread_mutex_lock(&vm->lock);
	while (vm_is_paused(vm) && !vm_is_ending(vm))
		pthread_cond_wait(&vm->resumed, &vm->lock);
	pthread_mutex_unlock(&vm->lock);
}

void vm_pause(struct vm *vm)
{
	unsigned int i;

	pthread_mutex_lock(&vm->lock);
	atomic_store(&vm->paused, true);
	for (i = 0; i < vm->nr_cpus; i++)
		if (vm->vcpu[i].started && atomic_load(&vm->vcpu[i].in_guest))
			vcpu_kick(&vm->vcpu[i]);
	for (i = 0; i < vm->nr_cpus; i++)
		while (vm->vcpu[i].started && atomic_load(&vm->vcpu[i].in_guest) &&
		       !vm_is_ending(vm))
			pthread_cond_wait(&vm->left_guest, &vm->lock);
	pthread_mutex_unlock(&vm->lock);
	disks_pause(vm);
}

void vm_resume(struct vm *vm)
{
	disks_resume(vm);
	pthread_mutex_lock(&vm->lock);
	atomic_store(&vm->paused, false);
	pthread_cond_broadcast(&vm->resumed);
	pthread_mutex_unlock(&vm->lock);
}
