/* SPDX-License-Identifier: BSD-2-Clause */
/* Far caches: those whose id is no slot's. Each has slots of its own, is found by its id, and its
 * frames say which of these caches they are of. */
#include "guest/lib/kmem/priv.h"

static int far_of_make(void)
{
	u64 bytes = kmem.channel.heap_size / KMEM_FRAME_SIZE * sizeof(u16);
	u16 *of;

	if (kmem.far_of && bytes <= kmem.far_of_bytes)
		return 0;
	of = grt_ram_alloc(bytes, 64);
	if (!of)
		return -ENOMEM;
	kmem.far_of_bytes = bytes;
	WRITE_ONCE(kmem.far_of, of);
	return 0;
}

int kmem_far_add(struct kmem_cache *cache)
{
	unsigned int at = cache->front.id - KMEM_FAR;
	struct kmem_cache **block = kmem.far[at / KMEM_FAR_BLOCK];

	if (far_of_make())
		return -ENOMEM;
	if (!block) {
		block = grt_ram_alloc(KMEM_FAR_BLOCK * sizeof(struct kmem_cache *), 64);
		if (!block)
			return -ENOMEM;
		WRITE_ONCE(kmem.far[at / KMEM_FAR_BLOCK], block);
	}
	if (!cache->far)
		cache->far = grt_ram_alloc(KMEM_MAX_CPUS * sizeof(struct kmem_slot), 64);
	if (!cache->far)
		return -ENOMEM;
	for (unsigned int i = 0; i < KMEM_MAX_CPUS; i++)
		cache->far[i] = (struct kmem_slot){.top = kmem_no_entry, .limit = kmem_no_entry};
	WRITE_ONCE(block[at % KMEM_FAR_BLOCK], cache);
	return 0;
}

void kmem_far_note(const struct kmem_cache *cache, const u64 *addr, size_t n)
{
	u64 base = kmem.channel.heap_base;

	for (size_t i = 0; i < n; i++)
		WRITE_ONCE(kmem.far_of[(addr[i] - base) / KMEM_FRAME_SIZE],
			   (u16)(cache->front.id - KMEM_FAR));
}
