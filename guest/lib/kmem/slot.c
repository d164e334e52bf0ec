/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU's slots as a whole: emptied into the depots, and set up anew. */
#include "guest/lib/kmem/priv.h"

u64 kmem_no_entry[1];

void kmem_slots_reset(struct kmem_cpu *kc)
{
	for (unsigned int i = 0; i < KMEM_SLOTS; i++)
		kc->slot[i] = (struct kmem_slot){.top = kmem_no_entry, .limit = kmem_no_entry};
}

void kmem_slot_steal(struct kmem_slot *slot, struct list_head *mags)
{
	struct kmem_magazine *mag[2] = {kmem_slot_main(slot), slot->spare};

	*slot = (struct kmem_slot){.top = kmem_no_entry, .limit = kmem_no_entry};
	for (int i = 0; i < 2; i++) {
		if (!mag[i])
			continue;
		if (mag[i]->count)
			list_add(&mag[i]->link, mags);
		else
			kmem_mag_put(mag[i]);
	}
}

void kmem_cpu_to_depots(struct kmem_cpu *kc)
{
	struct kmem_cache *cache;

	kmem_for_each_cache(cache) {
		LIST_HEAD(mags);

		kmem_slot_steal(kmem_slot_of(kc, cache), &mags);
		kmem_depot_fill(cache, &mags);
	}
}
