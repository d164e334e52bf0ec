/* SPDX-License-Identifier: BSD-2-Clause */
/* What a Linux guest is told of its memory. */
#ifndef VMM_LINUX_MAP_H
#define VMM_LINUX_MAP_H

#include <asm/bootparam.h>

#include "vmm/acpi.h"
#include "vmm/memory.h"

/* Adds RAM and what is reserved in it to the e820 map; the heap is not there at start. */
void linux_map_e820(const struct memory *mem, struct boot_params *params);

/* Adds RAM and heap, each with its node, to what SRAT tells. */
void linux_map_ranges(const struct memory *mem, struct acpi_config *acpi);

#endif
