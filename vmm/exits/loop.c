/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/exits/loop.h"

#include <errno.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "mm/probe.h"
#include "vmm/exits/exits.h"
#include "vmm/machine/end.h"
#include "vmm/machine/pause.h"
#include "vmm/machine/tlb.h"
#include "vmm/machine/vm.h"
#include "vmm/option/affinity.h"
#include "vmm/sandbox/sandbox.h"

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

/* Until the vCPU is started. Returns whether it was; it may have been and the guest be ending. */
static bool wait_for_start(struct vcpu *cpu)
{
	struct vm *vm = cpu->vm;
	bool started;

	pthread_mutex_lock(&vm->lock);
	while (!(cpu->started && vm->released) && !vm_is_ending(vm))
		pthread_cond_wait(&vm->resumed, &vm->lock);
	started = cpu->started;
	pthread_mutex_unlock(&vm->lock);
	return started;
}

static void *vcpu_main(void *arg)
{
	struct vcpu *cpu = arg;
	struct vm *vm = cpu->vm;
	__le64 *exits = &vm->platform->exits[cpu->index];
	char name[16];
	bool go_on = true;
	int err = 0;

	snprintf(name, sizeof(name), "vcpu%u", cpu->index);
	pthread_setname_np(pthread_self(), name);
	sandbox_enter(vm->run->sandbox, SANDBOX_VCPU);
	if (!wait_for_start(cpu))
		return NULL;
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

static int create_thread(struct vcpu *cpu)
{
	const struct run *run = cpu->vm->run;
	const cpu_set_t *cpus = &run->config->vcpu_cpus;
	pthread_attr_t attr;
	cpu_set_t one;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	if (CPU_COUNT(cpus)) {
		affinity_pick(cpus, cpu->index, &one);
		pthread_attr_setaffinity_np(&attr, sizeof(one), &one);
	}
	sandbox_expect(run->sandbox);
	ret = pthread_create(&cpu->thread, &attr, vcpu_main, cpu);
	pthread_attr_destroy(&attr);
	cpu->has_thread = !ret;
	return -ret;
}

enum exit_status vcpus_start(struct vm *vm, unsigned int nr)
{
	int ret = 0;

	for (unsigned int i = 0; i < vm->nr_cpus && !ret; i++)
		ret = create_thread(&vm->vcpu[i]);
	if (ret) {
		vm_end(vm, STATUS_HOST_ERROR);
		vm_join(vm);
		return cli_fail(STATUS_HOST_ERROR, "the vCPUs have no threads: %s", strerror(-ret));
	}
	pthread_mutex_lock(&vm->lock);
	for (unsigned int i = 0; i < nr; i++)
		vcpu_start(&vm->vcpu[i]);
	pthread_mutex_unlock(&vm->lock);
	return 0;
}

void vcpu_start(struct vcpu *cpu)
{
	struct vm *vm = cpu->vm;

	cpu->started = true;
	vm->nr_started++;
	vm->nr_running++;
	pthread_cond_broadcast(&vm->resumed);
}
