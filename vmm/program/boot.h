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

struct vm;

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

/*
 * Fills RAM and the platform page for vm->nr_cpus vCPUs at vm->ring, reading the
 * program and the modules, and sets vm->page_table. vm->platform is zero and vm->mem
 * exists. Returns 0 or the exit status, the error having been reported.
 */
enum exit_status boot_build(struct vm *vm);

#endif
