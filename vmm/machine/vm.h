/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One virtual machine, which is one life of a guest: everything that it is made of hangs off
 * struct vm, and goes with it. Who may touch what is said at the fields.
 */
#ifndef VMM_MACHINE_VM_H
#define VMM_MACHINE_VM_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "virtio/abi/platform.h"
#include "vmm/base/cli.h"
#include "vmm/config/options.h"
#include "vmm/machine/devices.h"
#include "vmm/machine/kvm.h"
#include "vmm/machine/memory.h"
#include "vmm/machine/run.h"
#include "vmm/machine/wait.h"

struct vm;

/* What vm->status is when the guest wants to be started anew. */
#define VM_REBOOT (-1)

struct vcpu {
	struct vm *vm;
	unsigned int index;
	int fd;
	struct kvm_run *run;
	pthread_t thread;
	bool has_thread;      /* thread is valid; the main thread's */
	bool started;         /* ... and it runs the guest, or will; under vm->lock */
	uint64_t events_seen; /* of vm->waiters, by this thread */
	bool unfinished;      /* the last exit is to be served again; this thread's */
	/* The vCPU may be in guest code: whoever needs its attention kicks it. */
	atomic_bool in_guest;
	/* The last of vm->tlb_generation that this vCPU's TLB was flushed for. */
	atomic_uint tlb_seen;
};

struct vm {
	struct run *run; /* what it is made from, and outlives it */
	struct kvm_vm kvm;
	struct memory mem;
	struct devices devices;
	void *guest; /* what only guests of its kind have */
	/* The guest reads it; its counters are written by each vCPU's own thread. */
	struct platform_page *platform;
	int ring;
	double ring_ns;      /* what an iteration took at CPL 0, if it was measured */
	uint64_t page_table; /* guest-physical PML4 */
	struct vcpu vcpu[PLATFORM_MAX_CPUS];
	unsigned int nr_cpus;

	struct wait_queue waiters;

	pthread_mutex_t lock;
	pthread_cond_t left_guest; /* a vCPU left guest code, flushed its TLB, parked or ended */
	pthread_cond_t
		resumed; /* vm_resume(), vm_release(), a vCPU starts, or the guest is ending */
	bool released;   /* under lock */
	unsigned int nr_running; /* threads of vCPUs; under lock */
	unsigned int nr_parked;  /* ... that do nothing for the guest; see pause.h */
	atomic_bool paused;      /* written under lock */
	unsigned int nr_started; /* under lock */
	unsigned int nr_halted;  /* under lock */
	atomic_uint tlb_generation;
	atomic_uint_fast64_t stray_stores; /* into the platform page, without meaning */

	atomic_bool ending;
	int end_fd; /* eventfd, readable once ending is set */
	int status; /* exit status or VM_REBOOT, written once, before end_fd */
};

/*
 * Makes run->vm, the machine that run->config describes for a guest of run->kind, up to its devices,
 * and settles its ring. There is none yet, and run->kvm_fd is open. report is called with run for
 * what the heap's debug modes find. Returns 0 or the exit status, the error having been reported.
 */
enum exit_status vm_create(struct run *run, mm_report_fn report);

/* Undoes vm_create(): run->vm is NULL again. The devices are gone and no vCPU runs. */
void vm_destroy(struct run *run);

/* Lets go of the guest: from here on its code runs, on the vCPUs that are started. */
void vm_release(struct vm *vm);

/* Waits for the vCPUs of a guest that is ending. */
void vm_join(struct vm *vm);

#endif
