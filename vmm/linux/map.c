/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/linux/map.h"

#include <asm/bootparam.h>

#include "vmm/linux/acpi.h"
#include "vmm/linux/image.h"
#include "vmm/machine/memory.h"

#define LOW_RAM_END 0xa0000ull /* below the first MiB, where PCs have video memory */

static void map_add(struct linux_map *map, uint64_t start, uint64_t end, uint32_t type)
{
	map->range[map->count++] = (struct linux_range){.start = start, .end = end, .type = type};
}

void linux_map_fill(struct linux_map *map, const struct memory *mem)
{
	map->count = 0;
	map_add(map, 0, LOW_RAM_END, LINUX_RAM);
	map_add(map, ACPI_BASE, ACPI_BASE + ACPI_SIZE, LINUX_RESERVED);
	map_add(map, LINUX_LOW, mem->ram_low, LINUX_RAM);
	if (mem->ram_size > mem->ram_low)
		map_add(map, PLATFORM_HOLE_END, memory_ram_end(mem), LINUX_RAM);
}

_Static_assert(LINUX_MAX_RANGES <= E820_MAX_ENTRIES_ZEROPAGE, "the E820 table holds a map");

void linux_map_e820(const struct memory *mem, struct boot_params *params)
{
	const struct linux_range *r;
	struct linux_map map;

	linux_map_fill(&map, mem);
	for (unsigned int i = 0; i < map.count; i++) {
		r = &map.range[i];
		params->e820_table[i] = (struct boot_e820_entry){
			.addr = r->start,
			.size = r->end - r->start,
			.type = r->type,
		};
	}
	params->e820_entries = (uint8_t)map.count;
}

_Static_assert(2 * MM_MAX_RANGES <= ACPI_MAX_RANGES, "room for all ranges");

static void add_range(const struct mm_range *range, unsigned int node, int hotplug,
		      struct acpi_config *acpi)
{
	acpi->range[acpi->nr_ranges++] = (struct acpi_range){
		.base = range->base,
		.size = range->size,
		.node = node,
		.hotplug = hotplug,
	};
}

/* What is for user space is a node of the heap, but none of the machine: it is near to what the
 * node is that it belongs to. */
static unsigned int node_near(const struct memory *mem, const struct mm_range *range)
{
	unsigned int node = (unsigned int)range->node;

	return mem->user_nodes >> node & 1 ? node - (unsigned int)__builtin_ctz(mem->user_nodes)
					   : node;
}

void linux_map_ranges(const struct memory *mem, struct acpi_config *acpi)
{
	for (unsigned int i = 0; i < mem->nr_ram_ranges; i++)
		add_range(&mem->ram_range[i], (unsigned int)mem->ram_range[i].node, 0, acpi);
	for (unsigned int i = 0; i < mem->nr_ranges; i++)
		add_range(&mem->range[i], node_near(mem, &mem->range[i]), 1, acpi);
}
