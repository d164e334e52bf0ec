/* SPDX-License-Identifier: BSD-2-Clause */
/* What is to be had back goes to the host: because memory is short, because the host says so, or at
 * the end of a cache. */
#include "guest/lib/kmem/priv.h"

void kmem_shrink(struct kmem_cpu *kc, const struct kmem_cache *cache)
{
	if (cache->order < 0)
		(void)kmem_ask(kc, kmem.channel.ops->cache_shrink(kc->cpu, cache->number));
}

void kmem_objects_back(struct kmem_cpu *kc)
{
	struct kmem_cache *cache;

	kmem_rcu_free();
	kmem_cpu_to_depots(kc);
	kmem_for_each_cache(cache) {
		if (cache->live && READ_ONCE(cache->used)) {
			kmem_depot_empty(kc, cache);
			kmem_shrink(kc, cache);
			if (READ_ONCE(cache->inside))
				kmem_cache_due(cache);
		}
	}
	kmem_mag_reclaim(kc);
	WRITE_ONCE(kmem.mag_dry, 0);
}

/* Bytes in this vCPU's magazines and in all depots. The caller holds kmem.walk. */
static u64 bytes_at_hand(struct kmem_cpu *kc)
{
	struct kmem_cache *cache;
	u64 bytes = 0;

	kmem_for_each_cache(cache) {
		const struct kmem_slot *slot = kmem_slot_of(kc, cache);
		u64 objects;

		if (!cache->live)
			continue;
		objects = kmem_depot_objects(cache);
		if (slot->main)
			objects += (u64)(slot->top - slot->main->entry);
		if (slot->spare)
			objects += slot->spare->count;
		bytes += objects * cache->front.size;
	}
	return bytes;
}

static void drain_near(struct kmem_cpu *kc)
{
	struct kmem_cache *cache;

	kmem_cpu_to_depots(kc);
	kmem_for_each_cache(cache) {
		/* The host unmakes empty slabs by itself before it says that it has no more. */
		if (cache->live && READ_ONCE(cache->used))
			kmem_depot_empty(kc, cache);
	}
	kmem_mag_reclaim(kc);
}

void kmem_cache_collect(struct kmem_cpu *kc, struct kmem_cache *cache)
{
	LIST_HEAD(mags);

	for (unsigned int i = 0; i < KMEM_MAX_CPUS; i++) {
		if (kmem.cpu[i])
			kmem_slot_steal(kmem_slot_of(kmem.cpu[i], cache), &mags);
	}
	kmem_depot_fill(cache, &mags);
	kmem_depot_empty(kc, cache);
}

void kmem_reclaim(struct kmem_cpu *kc)
{
	kmem_unpin_unused();
	kmem_objects_back(kc);
}

/* Has the memory of this vCPU's magazines and the depots' that are empty back: few frames, but
 * perhaps the last. */
static bool drop_empty(struct kmem_cpu *kc)
{
	struct kmem_cache *cache;

	kmem_for_each_cache(cache) {
		struct kmem_slot *slot = kmem_slot_of(kc, cache);
		LIST_HEAD(none);

		if (!cache->live)
			continue;
		if (!*slot->top && !(slot->spare && slot->spare->count))
			kmem_slot_steal(slot, &none);
		kmem_depot_drop_empty(cache);
	}
	return kmem_mag_reclaim(kc);
}

bool kmem_reclaim_near(struct kmem_cpu *kc, size_t size)
{
	bool any = true;

	if (!spin_trylock(&kmem.walk))
		return false;
	kmem_rcu_free();
	if (bytes_at_hand(kc) >= size)
		drain_near(kc);
	else
		any = drop_empty(kc);
	spin_unlock(&kmem.walk);
	return any;
}

void kmem_give_back(void)
{
	struct kmem_cpu *kc = kmem_self();

	if (!kmem.ready)
		return;
	/* Relaxed: a request to the others, who look at it when they come by. */
	kc->seen_give_back = __atomic_add_fetch(&kmem.give_back, 1, __ATOMIC_RELAXED);
	spin_lock(&kmem.walk);
	kmem_reclaim(kc);
	spin_unlock(&kmem.walk);
}

void kmem_cpu_drain(void)
{
	struct kmem_cpu *kc = kmem_self();

	if (!kmem.ready)
		return;
	spin_lock(&kmem.walk);
	kmem_cpu_to_depots(kc);
	spin_unlock(&kmem.walk);
}
