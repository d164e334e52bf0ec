/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Puts a kernel into RAM: kernel, initrd, command line, ACPI tables, and either PVH's start
 * info (pvh.h) or boot_params (Linux, Documentation/arch/x86/boot.rst, "64-bit Boot
 * Protocol") with the first page table and GDT.
 */
#ifndef VMM_LINUX_BOOT_H
#define VMM_LINUX_BOOT_H

#include "vmm/base/cli.h"
#include "vmm/linux/image.h"

struct linux_entry;
struct memory;
struct run_config;

/* What a Linux guest is booted from, each time anew. */
struct linux_files {
	struct linux_image kernel;
	int initrd_fd; /* -1: none */
};

/* Opens the files that config names. Returns 0 or the exit status, the error having been
 * reported. */
enum exit_status linux_files_open(const struct run_config *config, struct linux_files *files);
void linux_files_close(struct linux_files *files);

/* Fills the RAM of mem with the kernel of files, for a guest that has so many virtio-mmio devices.
 * *entry is how the kernel is entered. Returns 0 or the exit status, the error having been
 * reported. */
enum exit_status linux_boot_build(const struct run_config *config, const struct linux_files *files,
				  const struct memory *mem, unsigned int devices,
				  struct linux_entry *entry);

#endif
