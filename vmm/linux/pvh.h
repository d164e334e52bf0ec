/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a kernel that is entered by PVH is told: Xen's x86/HVM direct boot ABI
 * (docs/misc/pvh.pandoc; the structures are those of its
 * include/public/arch-x86/hvm/start_info.h, version 1). Little-endian.
 */
#ifndef VMM_LINUX_PVH_H
#define VMM_LINUX_PVH_H

#include <stddef.h>
#include <stdint.h>

#include "vmm/linux/map.h"

#define PVH_MAGIC   0x336ec578u /* "xEn3" with the top bit of the E */
#define PVH_VERSION 1

struct pvh_start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t nr_modules;
	uint64_t modlist; /* the addresses are guest-physical; 0: not there */
	uint64_t cmdline;
	uint64_t rsdp;
	uint64_t memmap;
	uint32_t memmap_entries;
	uint32_t reserved;
};

struct pvh_module {
	uint64_t addr;
	uint64_t size; /* bytes */
	uint64_t cmdline;
	uint64_t reserved;
};

struct pvh_memmap_entry {
	uint64_t addr;
	uint64_t size;
	uint32_t type;
	uint32_t reserved;
};

_Static_assert(sizeof(struct pvh_start_info) == 56, "laid down");
_Static_assert(offsetof(struct pvh_start_info, modlist) == 16, "laid down");
_Static_assert(offsetof(struct pvh_start_info, memmap) == 40, "laid down");
_Static_assert(offsetof(struct pvh_start_info, memmap_entries) == 48, "laid down");
_Static_assert(sizeof(struct pvh_module) == 32, "laid down");
_Static_assert(sizeof(struct pvh_memmap_entry) == 24, "laid down");

/* All of it, as it lies in guest memory. */
struct pvh_info {
	struct pvh_start_info start;
	struct pvh_module module;
	struct pvh_memmap_entry memmap[LINUX_MAX_RANGES];
};

struct pvh_config {
	const struct linux_map *map;
	uint64_t cmdline, rsdp;
	uint64_t initrd, initrd_size; /* the only module; no bytes: there is none */
};

/* Fills info, which will lie at guest-physical address at, 8-byte aligned, below 4 GiB. */
void pvh_fill(struct pvh_info *info, uint64_t at, const struct pvh_config *config);

#endif
