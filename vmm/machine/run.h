/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest is run from, however often it begins anew: a reboot destroys the machine and makes
 * another from this, and of the one before nothing is kept. What belongs to one life of a guest
 * is struct vm's; what stays over all of them is here.
 */
#ifndef VMM_MACHINE_RUN_H
#define VMM_MACHINE_RUN_H

#include <stdbool.h>
#include <stdio.h>

#include "mm/host/pressure.h"
#include "virtio/blk/file.h"
#include "vmm/base/log_limit.h"
#include "vmm/config/options.h"
#include "vmm/elf/elf.h"
#include "vmm/sandbox/jail.h"

struct guest_kind;
struct io_engine;
struct qmp;
struct sandbox;
struct vm;

struct run {
	const struct run_config *config;
	const struct guest_kind *kind;
	struct elf_image elf; /* the program that the kind has opened; fd -1: none */
	void *kept;           /* what else the kind has for all machines */
	int kvm_fd;           /* /dev/kvm; -1: of a dry run */
	struct qmp *qmp;      /* the control socket, or NULL */
	/* Held to which each machine runs: what the next one needs is opened before the first one
	 * does. NULL: off. */
	struct sandbox *sandbox;
	struct jail jail;                         /* entered, as the sandbox, once */
	struct io_engine *engine;                 /* the I/O thread; NULL: there are no disks */
	struct blk_file disk_file[RUN_MAX_DISKS]; /* cached_fd -1: not opened */
	int port_fd[RUN_MAX_PORTS];               /* listening */
	unsigned int nr_ports;
	struct pressure pressure; /* what is heard of the host's memory */
	FILE *smaps;              /* our own account of memory, for --stats; NULL: none */
	/* What the guest can make us say: by its use of the heap; and by beginning anew, what each
	 * machine says. */
	struct log_limit heap_log, machine_log;
	bool kernel_is_emulated; /* a Linux guest, and KVM runs CPL 0 instruction by instruction */
	bool restarted;          /* vm is not the first */
	struct vm *vm;           /* the machine; NULL: there is none now */
};

/* Starts without a machine and with nothing open. config and kind stay the caller's. Returns 0 or
 * -errno. */
int run_init(struct run *run, const struct run_config *config, const struct guest_kind *kind);

/* Tells what was left out of what the guest made us say. There is no machine any more. */
void run_fini(struct run *run);

#endif
