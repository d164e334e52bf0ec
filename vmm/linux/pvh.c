/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/linux/pvh.h"

#include <endian.h>

void pvh_fill(struct pvh_info *info, uint64_t at, const struct pvh_config *config)
{
	const struct linux_map *map = config->map;
	const struct linux_range *r;

	*info = (struct pvh_info){
		.start =
			{
				.magic = htole32(PVH_MAGIC),
				.version = htole32(PVH_VERSION),
				.cmdline = htole64(config->cmdline),
				.rsdp = htole64(config->rsdp),
				.memmap = htole64(at + offsetof(struct pvh_info, memmap)),
				.memmap_entries = htole32(map->count),
			},
	};
	if (config->initrd_size) {
		info->start.nr_modules = htole32(1);
		info->start.modlist = htole64(at + offsetof(struct pvh_info, module));
		info->module.addr = htole64(config->initrd);
		info->module.size = htole64(config->initrd_size);
	}
	for (unsigned int i = 0; i < map->count; i++) {
		r = &map->range[i];
		info->memmap[i] = (struct pvh_memmap_entry){
			.addr = htole64(r->start),
			.size = htole64(r->end - r->start),
			.type = htole32(r->type),
		};
	}
}
