/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/machine/tlb.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>

#include "vmm/base/cli.h"
#include "vmm/machine/end.h"
#include "vmm/machine/kick.h"
#include "vmm/machine/kvm.h"

#define CR3_PWT (1ull << 3)

/*
 * KVM has no call that flushes a TLB, but does so when CR3 changes under it, for
 * shadow page tables too. PWT only says how the PML4 is cached.
 */
static int flush(const struct vcpu *cpu)
{
	struct kvm_sregs sregs;

	if (kvm_call(cpu->fd, KVM_GET_SREGS, &sregs))
		return -errno;
	sregs.cr3 ^= CR3_PWT;
	if (kvm_call(cpu->fd, KVM_SET_SREGS, &sregs))
		return -errno;
	sregs.cr3 ^= CR3_PWT;
	return kvm_call(cpu->fd, KVM_SET_SREGS, &sregs) ? -errno : 0;
}

void tlb_flush_if_stale(struct vcpu *cpu)
{
	unsigned int generation = atomic_load(&cpu->vm->tlb_generation);
	int ret;

	if (atomic_load(&cpu->tlb_seen) == generation)
		return;
	ret = flush(cpu);
	if (ret && vm_end(cpu->vm, STATUS_HOST_ERROR))
		cli_note("vCPU %u: its TLB cannot be flushed: %s", cpu->index, strerror(-ret));
	/* The generation of before the flush: a later request flushes again. */
	atomic_store(&cpu->tlb_seen, generation);
}

void tlb_left_guest(struct vcpu *cpu)
{
	struct vm *vm = cpu->vm;

	atomic_store(&cpu->in_guest, false);
	if (!tlb_is_stale(cpu))
		return;
	/* Under the lock, so that a waiter between its look and its sleep is not missed. */
	pthread_mutex_lock(&vm->lock);
	pthread_cond_broadcast(&vm->left_guest);
	pthread_mutex_unlock(&vm->lock);
}

void tlb_flush_all(struct vcpu *cpu)
{
	struct vm *vm = cpu->vm;
	struct vcpu *other;

	atomic_fetch_add(&vm->tlb_generation, 1);
	pthread_mutex_lock(&vm->lock);
	for (unsigned int i = 0; i < vm->nr_cpus; i++) {
		other = &vm->vcpu[i];
		if (other != cpu && other->started && atomic_load(&other->in_guest))
			vcpu_kick(other);
	}
	for (unsigned int i = 0; i < vm->nr_cpus; i++) {
		other = &vm->vcpu[i];
		/* In guest code and behind: it entered before the request. When it is
		 * seen inside and up to date it entered after. */
		while (other != cpu && atomic_load(&other->in_guest) && tlb_is_stale(other))
			pthread_cond_wait(&vm->left_guest, &vm->lock);
	}
	pthread_mutex_unlock(&vm->lock);
	tlb_flush_if_stale(cpu);
}
