/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/machine/pause.h"

#include <time.h>

#include "vmm/machine/devices.h"
#include "vmm/machine/disk.h"
#include "vmm/machine/end.h"
#include "vmm/machine/kick.h"

void pause_enter_wait(struct vm *vm)
{
	pthread_mutex_lock(&vm->lock);
	vm->nr_parked++;
	if (vm_is_paused(vm))
		pthread_cond_broadcast(&vm->left_guest);
	pthread_mutex_unlock(&vm->lock);
}

void pause_leave_wait(struct vm *vm)
{
	pthread_mutex_lock(&vm->lock);
	while (vm_is_paused(vm) && !vm_is_ending(vm))
		pthread_cond_wait(&vm->resumed, &vm->lock);
	vm->nr_parked--;
	pthread_mutex_unlock(&vm->lock);
}

void pause_wait(struct vm *vm)
{
	if (!vm_is_paused(vm))
		return;
	pause_enter_wait(vm);
	pause_leave_wait(vm);
}

/* Waits for the vCPUs' threads, kicking those that are not parked until they are. */
static void park_vcpus(struct vm *vm)
{
	struct timespec until;

	pthread_mutex_lock(&vm->lock);
	while (vm->nr_parked < vm->nr_running && !vm_is_ending(vm)) {
		for (unsigned int i = 0; i < vm->nr_cpus; i++)
			if (vm->vcpu[i].started)
				vcpu_kick(&vm->vcpu[i]);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += VCPU_REKICK_NS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&vm->left_guest, &vm->lock, &until);
	}
	pthread_mutex_unlock(&vm->lock);
}

void vm_pause(struct vm *vm)
{
	pthread_mutex_lock(&vm->lock);
	atomic_store(&vm->paused, true);
	pthread_mutex_unlock(&vm->lock);
	/* Before the vCPUs: one that serves a queue without end leaves it by this. */
	devices_pause(&vm->devices);
	park_vcpus(vm);
	disks_pause(&vm->devices.disks);
}

void vm_resume(struct vm *vm)
{
	/* Before the vCPUs, which ring again where they were cut short, and before the disks'
	 * thread, which looks at all rings once when it goes on. */
	devices_resume(&vm->devices);
	disks_resume(&vm->devices.disks);
	pthread_mutex_lock(&vm->lock);
	atomic_store(&vm->paused, false);
	pthread_cond_broadcast(&vm->resumed);
	pthread_mutex_unlock(&vm->lock);
}
