/* SPDX-License-Identifier: BSD-2-Clause */
/* What is to be had back goes to the host, and what atomic allocations have used up is had anew:
 * because memory is short, because the host says so, at the end of a cache. */
#include "guest/lib/kmem/priv.h"

void kmem_shrink(struct kmem_cpu *kc, const struct kmem_cache *cache)
{
	if (cache->order < 0)
		kmem.channel.ops->cache_shrink(kc->cpu, cache->front.number);
}

/* Objects alone: each vCPU gives its own when memory is asked back. Pins are nobody's own, and
 * whoever asks, or hears of it first, has all of them dropped. */
static void give_objects_back(struct kmem_cpu *kc)
{
	kmem_rcu_free();
	kmem_cpu_to_depots(kc);
	for (unsigned int i = 0; i < KMEM_SLOTS; i++) {
		struct kmem_cache *cache = kmem.cache[i];

		if (cache && cache->live && READ_ONCE(cache->used)) {
			kmem_depot_empty(kc, cache);
			kmem_shrink(kc, cache);
			if (READ_ONCE(cache->atomic))
				kmem_cache_due(cache);
		}
	}
}

void kmem_cache_collect(struct kmem_cpu *kc, struct kmem_cache *cache)
{
	LIST_HEAD(mags);

	for (unsigned int i = 0; i < KMEM_MAX_CPUS; i++) {
		if (kmem.cpu[i])
			kmem_slot_steal(&kmem.cpu[i]->slot[cache->front.number], &mags);
	}
	kmem_depot_fill(cache, &mags);
	kmem_depot_empty(kc, cache);
}

void kmem_reclaim(struct kmem_cpu *kc)
{
	kmem_unpin_unused();
	give_objects_back(kc);
}

/* Fills the depot of each cache that an atomic allocation found empty. The caller holds
 * kmem.walk. */
static void top_up(struct kmem_cpu *kc)
{
	WRITE_ONCE(kmem.due, false);
	for (unsigned int i = 0; i < KMEM_SLOTS; i++) {
		struct kmem_cache *cache = kmem.cache[i];
		struct list_head mags;

		if (cache && cache->live && READ_ONCE(cache->due)) {
			WRITE_ONCE(cache->due, false);
			if (kmem_refill(kc, cache, 0, &mags) > 0)
				kmem_depot_fill(cache, &mags);
		}
	}
}

/* What takes long comes after the last of them: others may be waiting to hear of what was taken. */
static void take_events(struct kmem_cpu *kc)
{
	const struct kmem_channel *ch = &kmem.channel;
	struct virtio_kmem_event event;
	bool unpin = false;

	while (ch->ops->poll && ch->ops->poll(kc->cpu, &event)) {
		switch (event.type) {
		case VIRTIO_KMEM_EVENT_PRESSURE:
			if (event.value == 0)
				break;
			fallthrough;
		case VIRTIO_KMEM_EVENT_GIVE_BACK:
			__atomic_add_fetch(&kmem.give_back, 1, __ATOMIC_RELAXED);
			unpin = true;
			break;
		case VIRTIO_KMEM_EVENT_QUOTA:
			WRITE_ONCE(kmem.channel.pin_quota, event.value);
			unpin = true;
			break;
		default:
			break;
		}
	}
	if (unpin)
		kmem_unpin_unused();
}

static bool is_asked(const struct kmem_cpu *kc)
{
	return kc->seen_give_back != READ_ONCE(kmem.give_back);
}

static bool is_due(gfp_t gfp)
{
	return (gfp & __GFP_DIRECT_RECLAIM) && READ_ONCE(kmem.due);
}

/* Does what is left to do. The caller holds kmem.walk. */
static void do_work(struct kmem_cpu *kc, gfp_t gfp)
{
	if (is_asked(kc)) {
		kc->seen_give_back = READ_ONCE(kmem.give_back);
		give_objects_back(kc);
	}
	if (is_due(gfp))
		top_up(kc);
}

void kmem_obey(struct kmem_cpu *kc, gfp_t gfp)
{
	take_events(kc);
	/* Another time, if somebody is at it. */
	if ((!is_asked(kc) && !is_due(gfp)) || !spin_trylock(&kmem.walk))
		return;
	do_work(kc, gfp);
	spin_unlock(&kmem.walk);
}

void kmem_poll(void)
{
	struct kmem_cpu *kc = kmem_self();

	/* The slow path may end up here, waiting for a lock. */
	if (!kmem.ready || kc->busy)
		return;
	kmem_rcu_run();
	kc->busy = true;
	take_events(kc);
	/* There may be no other time for a vCPU that goes to sleep: it waits for who is at it. */
	if (is_asked(kc) || is_due(GFP_KERNEL)) {
		spin_lock(&kmem.walk);
		do_work(kc, GFP_KERNEL);
		spin_unlock(&kmem.walk);
	}
	kc->busy = false;
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
