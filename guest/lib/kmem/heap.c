/* SPDX-License-Identifier: BSD-2-Clause */
/* The heap as the channel describes it: where it lies, and what its pages are. */
#include "guest/lib/kmem/priv.h"

struct kmem kmem;
struct kmem_view kmem_view;

const struct kmem_channel *kmem_channel(void)
{
	return kmem.ready ? &kmem.channel : NULL;
}

void *kmem_to_virt(u64 addr)
{
	return (void *)(addr - kmem.channel.heap_base + kmem.channel.heap_va);
}

u64 kmem_to_phys(const void *p)
{
	return (unsigned long)p - kmem.channel.heap_va + kmem.channel.heap_base;
}

bool kmem_in_heap(u64 addr, size_t size)
{
	u64 off = addr - kmem.channel.heap_base;

	return off < kmem.channel.heap_size && size <= kmem.channel.heap_size - off;
}

u8 kmem_page_kind(u64 addr)
{
	u64 off = addr - kmem.channel.heap_base;

	if (!kmem.ready || off >= kmem.channel.heap_size)
		return VIRTIO_KMEM_PM_NONE;
	return READ_ONCE(kmem.channel.page_map[off / KMEM_FRAME_SIZE]);
}

int kmem_node_of(u64 addr)
{
	const struct kmem_channel *ch = &kmem.channel;

	for (unsigned int i = 0; i < ch->nr_ranges; i++) {
		if (addr - ch->range[i].base < ch->range[i].size)
			return (int)ch->range[i].node;
	}
	return NUMA_NO_NODE;
}
