/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/exits/loop.h"

#include <errno.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "mm/probe.h"
#include "vmm/exits/exits.h"
#include "vmm/machine/end.h"
#include "vmm/machine/pause.h"
#include "vmm/machine/tlb.h"
#include "vmm/machine/vm.h"
#include "vmm/option/affinity.h"

#define STACK (256ul << 10) /* of the thread that serves a vCPU */

/*
 * Runs guest code until the next exit. Returns 0 with an exit to serve, or the
 * errno of KVM_RUN; EINTR when kicked.
 */
static int vcpu_run(struct vcpu *cpu)
{
	int ret;

	/* Before in_guest is set: a kick from then on is not lost. */
	__atomic_store_n(&cpu->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
	/* Sequentially consistent, as the other side's "raise request, then look
	 * at in_guest" is: one of the two sees the other. */
	atomic_store(&cpu->in_guest, true);
	/* KVM may fail without giving a reason of its own. */
	cpu->run->exit_reason = KVM_EXIT_UNKNOWN;
	if (vm_is_ending(cpu->vm) || vm_is_paused(cpu->vm) || tlb_is_stale(cpu))
		ret = EINTR;
	else
		ret = ioctl(cpu->fd, KVM_RUN, 0) ? errno : 0;
	tlb_left_guest(cpu);
	return ret;
}

static void *vcpu_main(void *arg)
{
	struct vcpu *cpu = arg;
	struct vm *vm = cpu->vm;
	__le64 *exits = &vm->platform->exits[cpu->index];
	bool go_on = true;
	int err = 0;

	while (go_on && !vm_is_ending(vm)) {
		pause_wait(vm);
		/* What the last exit is about stays in cpu->run until the next entry. */
		if (!cpu->unfinished) {
			err = vcpu_run(cpu);
			if (err == EINTR || err == EAGAIN) {
				tlb_flush_if_stale(cpu);
				continue;
			}
			PROBE(guest_exit, cpu->index, cpu->run->exit_reason, err);
			/* Only this thread writes it; the guest may read at any time. */
			__atomic_store_n(exits, *exits + 1, __ATOMIC_RELAXED);
		}
		cpu->unfinished = false;
		go_on = exits_serve(cpu, err);
	}
	pthread_mutex_lock(&vm->lock);
	vm->nr_running--;
	pthread_cond_broadcast(&vm->left_guest);
	pthread_mutex_unlock(&vm->lock);
	return NULL;
}

int vcpu_start(struct vcpu *cpu)
{
	const cpu_set_t *cpus = &cpu->vm->run->config->vcpu_cpus;
	pthread_attr_t attr;
	cpu_set_t one;
	char name[16];
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	if (CPU_COUNT(cpus)) {
		affinity_pick(cpus, cpu->index, &one);
		pthread_attr_setaffinity_np(&attr, sizeof(one), &one);
	}
	ret = pthread_create(&cpu->thread, &attr, vcpu_main, cpu);
	pthread_attr_destroy(&attr);
	if (ret)
		return -ret;
	snprintf(name, sizeof(name), "vcpu%u", cpu->index);
	pthread_setname_np(cpu->thread, name);
	cpu->started = true;
	cpu->vm->nr_started++;
	cpu->vm->nr_running++;
	return 0;
}
