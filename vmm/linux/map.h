/* SPDX-License-Identifier: BSD-2-Clause */
/* What a kernel is told of its memory: by boot_params or by PVH, and by ACPI's SRAT. */
#ifndef VMM_LINUX_MAP_H
#define VMM_LINUX_MAP_H

#include <stdint.h>

struct acpi_config;
struct boot_params;
struct memory;

#define LINUX_MAX_RANGES 8

/* Both maps number the types as the BIOS call E820 did (ACPI 6.4, table 15.4). */
#define LINUX_RAM      1
#define LINUX_RESERVED 2

struct linux_range {
	uint64_t start, end; /* guest-physical */
	uint32_t type;
};

struct linux_map {
	struct linux_range range[LINUX_MAX_RANGES]; /* ascending, apart */
	unsigned int count;
};

/* RAM and what is reserved in it; the heap is not there at start. */
void linux_map_fill(struct linux_map *map, const struct memory *mem);

/* Writes that map to the E820 table. */
void linux_map_e820(const struct memory *mem, struct boot_params *params);

/* Adds RAM and heap, each with its node, to what SRAT tells. */
void linux_map_ranges(const struct memory *mem, struct acpi_config *acpi);

#endif
