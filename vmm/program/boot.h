/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies in guest memory before the first instruction: descriptor tables, page
 * tables, stacks, the program, its arguments and modules, and the platform page that
 * tells of them (virtio/abi/platform.h).
 */
#ifndef VMM_PROGRAM_BOOT_H
#define VMM_PROGRAM_BOOT_H

#include <stdint.h>

#include "vmm/base/cli.h"

struct elf_image;
struct memory;
struct platform_page;
struct run_config;

/* The task state segments follow the descriptors that a program sees. */
#define BOOT_TSS_SELECTOR(cpu) (0x40 + (cpu)*16u)

/* The tables' place in the guest's address space, after the vCPUs' areas. */
#define BOOT_TABLES_VA   (PLATFORM_VCPU_VA + PLATFORM_MAX_CPUS * PLATFORM_VCPU_STRIDE)
#define BOOT_GDT_VA      BOOT_TABLES_VA
#define BOOT_GDT_LIMIT   (0x40 + PLATFORM_MAX_CPUS * 16 - 1)
#define BOOT_TSS_SIZE    104u
#define BOOT_TSS_VA(cpu) (BOOT_TABLES_VA + 0x400 + (cpu)*BOOT_TSS_SIZE)
#define BOOT_IDT_VA      (BOOT_TABLES_VA + 0x1000)
#define BOOT_GATES       32u /* the CPU's own exceptions */
#define BOOT_IDT_LIMIT   (BOOT_GATES * 16 - 1)

/* What a program starts from. */
struct boot_from {
	const struct run_config *config; /* its arguments and modules, and its name for errors */
	const struct elf_image *elf;
	const struct memory *mem;
	struct platform_page *platform; /* zero */
	unsigned int cpus, devices;     /* how many there are */
	int ring;                       /* CPL */
};

/*
 * Fills RAM and the platform page, reading the program and the modules; *page_table is the
 * guest-physical address of the PML4. Returns 0 or the exit status, the error having been reported.
 */
enum exit_status boot_build(const struct boot_from *from, uint64_t *page_table);

#endif
