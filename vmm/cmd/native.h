/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether this host's KVM runs a guest's kernel natively. */
#ifndef VMM_CMD_NATIVE_H
#define VMM_CMD_NATIVE_H

#include <stdbool.h>

#include "vmm/base/cli.h"

/*
 * Makes a small machine of the KVM that kvm_fd is open on, and measures in it. Takes some
 * milliseconds. Returns 0 with *ns 0 where CPL 0 is native, else what a loop's iteration takes
 * there, nanoseconds; or the exit status, the error having been reported.
 */
enum exit_status native_measure(int kvm_fd, double *ns);

/*
 * Tells whether KVM emulates a guest's kernel. It is measured only where neither of the modules is
 * there by which KVM has the CPU's own virtualization, so that a guest's start is none the slower
 * elsewhere.
 */
bool native_is_missing(int kvm_fd);

/* What a Linux guest does then, and what would be right. */
#define NATIVE_NO_LINUX                                                                      \
	"Linux guests do not get anywhere on this host: its KVM emulates their kernel, "     \
	"instruction by instruction, so that they print nothing for hours. They need a KVM " \
	"with VMX or SVM"

#endif
