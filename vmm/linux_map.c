/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/linux_map.h"

#include "vmm/linux_image.h"

#define LOW_RAM_END 0xa0000ull /* below the first MiB, where PCs have video memory */

#define E820_RAM      1
#define E820_RESERVED 2

_Static_assert(2 * MM_MAX_RANGES <= ACPI_MAX_RANGES, "room for all ranges");

static void add_e820(struct boot_params *params, uint64_t start, uint64_t end, uint32_t type)
{
	params->e820_table[params->e820_entries++] = (struct boot_e820_entry){
		.addr = start,
		.size = end - start,
		.type = type,
	};
}

void linux_map_e820(const struct memory *mem, struct boot_params *params)
{
	add_e820(params, 0, LOW_RAM_END, E820_RAM);
	add_e820(params, ACPI_BASE, ACPI_BASE + ACPI_SIZE, E820_RESERVED);
	add_e820(params, LINUX_LOW, mem->ram_low, E820_RAM);
	if (mem->ram_size > mem->ram_low)
		add_e820(params, PLATFORM_HOLE_END, memory_ram_end(mem), E820_RAM);
}

static void add_ranges(const struct mm_range *range, unsigned int n, int hotplug,
		       struct acpi_config *acpi)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		acpi->range[acpi->nr_ranges++] = (struct acpi_range){
			.base = range[i].base,
			.size = range[i].size,
			.node = (unsigned int)range[i].node,
			.hotplug = hotplug,
		};
}

void linux_map_ranges(const struct memory *mem, struct acpi_config *acpi)
{
	add_ranges(mem->ram_range, mem->nr_ram_ranges, 0, acpi);
	add_ranges(mem->range, mem->nr_ranges, 1, acpi);
}
