/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Puts a kernel into RAM: kernel, initrd, command line, ACPI tables, and either PVH's start
 * info (pvh.h) or boot_params (Linux, Documentation/arch/x86/boot.rst, "64-bit Boot
 * Protocol") with the first page table and GDT; and the registers to enter it with.
 */
#ifndef VMM_LINUX_BOOT_H
#define VMM_LINUX_BOOT_H

#include "vmm/base/cli.h"

struct linux_entry;
struct vm;

/* Fills vm's RAM; its devices exist. *entry is how the kernel is entered. Returns 0 or the exit
 * status, the error having been reported. */
enum exit_status linux_boot_build(struct vm *vm, struct linux_entry *entry);

/* Sets the registers of all vCPUs: the first at linux_guest(vm)->entry, the others waiting to
 * be started by it. Returns 0 or -errno. */
int linux_boot_reset(struct vm *vm);

#endif
