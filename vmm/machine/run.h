/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest is run from, however often it begins anew: a reboot destroys the machine and makes
 * another from this, and of the one before nothing is kept. What belongs to one life of a guest
 * is struct vm's; what stays over all of them is here.
 */
#ifndef VMM_MACHINE_RUN_H
#define VMM_MACHINE_RUN_H

#include <stdbool.h>

#include "vmm/base/log_limit.h"
#include "vmm/config/options.h"
#include "vmm/elf/elf.h"

struct guest_kind;
struct qmp;
struct vm;

struct run {
	const struct run_config *config;
	const struct guest_kind *kind;
	struct elf_image elf; /* the program that the kind has opened; fd -1: none */
	int kvm_fd;           /* /dev/kvm; -1: of a dry run */
	struct qmp *qmp;      /* the control socket, or NULL */
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
