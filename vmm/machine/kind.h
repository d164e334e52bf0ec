/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a machine asks of the kind of guest that it runs: a freestanding program (vmm/program) or
 * Linux (vmm/linux). A kind is a table of these, which vmm/cmd chooses by the configuration, and
 * what its operations need; the machine knows nothing else of it.
 *
 * An operation that returns an exit status has reported the error. One that may be NULL says so.
 * Unless something else is said, the thread that makes the machine calls it.
 */
#ifndef VMM_MACHINE_KIND_H
#define VMM_MACHINE_KIND_H

#include <linux/kvm.h>
#include <stdbool.h>

#include "vmm/base/cli.h"

struct run;
struct run_config;
struct vcpu;
struct vm;

/* What becomes of the monitor's standard input, for a guest that has it as its console. */
enum guest_input {
	INPUT_TAKE,    /* have it, if it is not had and can be */
	INPUT_RELEASE, /* give it back before the process stops, until it is taken again */
	INPUT_FORGET,  /* the process was stopped: whatever mode it has is not ours */
	INPUT_RESTORE, /* give it back for good; may come again */
};

struct guest_kind {
	/* Once, before the first machine: opens what all machines of this run are made from.
	 * Returns 0 or the exit status. close() undoes it, after the last machine. NULL: nothing
	 * stays open. */
	enum exit_status (*open)(struct run *run);
	void (*close)(struct run *run);

	/* How many descriptors a guest of config takes beside those that every guest does. */
	unsigned int (*descriptors)(const struct run_config *config);

	/* Its runtime keeps a page array of RAM and heap in RAM, which it knows as one piece: RAM
	 * is larger by that than what was asked for, and ends below the hole. */
	bool page_array;

	/* Makes what only guests of this kind have, vm->guest, once the machine has its memory and
	 * before it has vCPUs and devices. Returns 0 or -errno. destroy() undoes it, when the vCPUs
	 * and the devices are gone. NULL: nothing. */
	int (*create)(struct vm *vm);
	void (*destroy)(struct vm *vm);

	/* The number by which KVM, and the guest, know vCPU index: its APIC id. */
	unsigned int (*vcpu_id)(const struct run_config *config, unsigned int index);

	/* Adapts the CPUID of vCPU index, which has what the host supports but for guests of a
	 * guest, and the vCPU's index as its number. NULL: it stays. */
	void (*cpuid)(struct kvm_cpuid2 *cpuid, const struct run_config *config,
		      unsigned int index);

	/* Sets vm->ring, the CPL that the guest starts at, and vm->ring_ns if it measures for that.
	 * vCPUs and memory exist; RAM is zero afterwards too, and start() sets all registers.
	 * Returns 0 or -errno. */
	int (*choose_ring)(struct vm *vm);

	/* An eventfd by which virtio device i interrupts the guest when it is written to; the
	 * caller closes it. vm_fd is the machine, as KVM has it. Returns it or -errno. NULL: the
	 * guest has no interrupts, and what a device has to say ends waits instead. */
	int (*irq)(int vm_fd, unsigned int i);

	/* It may end by a reboot, after which it is given another machine. */
	bool reboots;

	/* It has virtio-rng, -balloon and -console beside the memory service and disks. */
	bool channels;

	/* Fills RAM with what the guest starts from; its devices exist. Of a dry run it is all that
	 * is asked for: there memory exists, and no machine, vm->kvm.fd being -1. Returns 0 or the
	 * exit status. */
	enum exit_status (*build)(struct vm *vm);

	/* Sets the registers that the guest starts with, makes all threads that there will be and
	 * starts the vCPUs that the guest does not start itself, which wait for vm_release().
	 * Returns 0, or, none of the threads being there, the exit status. */
	enum exit_status (*start)(struct vm *vm);

	/* After the end of a guest that was started, when no vCPU runs: ends what else start()
	 * began. NULL: nothing. */
	void (*stop)(struct vm *vm);

	/* Serve the load, store or port access that cpu->run tells of, by the vCPU's thread. Return
	 * whether the vCPU goes on; where it does not, the guest is ending. A store that a pause
	 * cuts short sets cpu->unfinished. */
	bool (*mmio)(struct vcpu *cpu);
	bool (*io)(struct vcpu *cpu);

	/* Presses the power button. Returns false, and does nothing, if nobody in the guest
	 * listens. From any thread, while the machine is there. NULL: the guest has none. */
	bool (*power_button)(struct vm *vm);

	/* Does as what says, by the thread that waits for the guest's end. Returns in how many ms
	 * INPUT_TAKE is to be tried again, or -1. NULL: the guest reads when it is served. */
	int (*input)(struct vm *vm, enum guest_input what);
};

#endif
