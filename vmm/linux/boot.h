/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Puts a kernel into RAM: kernel, initrd, command line, ACPI tables, and either PVH's start
 * info (pvh.h) or boot_params (Linux, Documentation/arch/x86/boot.rst, "64-bit Boot
 * Protocol") with the first page table and GDT.
 */
#ifndef VMM_LINUX_BOOT_H
#define VMM_LINUX_BOOT_H

#include "vmm/base/cli.h"

struct linux_entry;
struct memory;
struct run_config;

/* Fills the RAM of mem with the kernel of config, for a guest that has so many virtio-mmio devices.
 * *entry is how the kernel is entered. Returns 0 or the exit status, the error having been
 * reported. */
enum exit_status linux_boot_build(const struct run_config *config, const struct memory *mem,
				  unsigned int devices, struct linux_entry *entry);

#endif
