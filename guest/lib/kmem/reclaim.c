/* SPDX-License-Identifier: BSD-2-Clause */
/* What is to be had back goes to the host, because memory is short, because the host says so, at
 * the end of a cache; and what was used in the middle of a request is had anew. */
#include "guest/lib/kmem/priv.h"

void kmem_shrink(struct kmem_cpu *kc, const struct kmem_cache *cache)
{
	if (cache->order < 0)
		(void)kmem_ask(kc, kmem.channel.ops->cache_shrink(kc->cpu, cache->number));
}

/* Objects alone: each vCPU gives its own when memory is asked back. Pins are nobody's own, and
 * whoever asks, or hears of it first, has all of them dropped. */
static void give_objects_back(struct kmem_cpu *kc)
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
	give_objects_back(kc);
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

/* Fills the depot of each cache that somebody took from in the middle of a request, if nothing
 * is left in it. The caller holds kmem.walk. */
static void top_up(struct kmem_cpu *kc)
{
	struct kmem_cache *cache;

	WRITE_ONCE(kmem.due, false);
	kmem_for_each_cache(cache) {

		if (cache->live && READ_ONCE(cache->due)) {
			WRITE_ONCE(cache->due, false);
			kmem_cache_stock(kc, cache);
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

static bool is_due(void)
{
	return READ_ONCE(kmem.due);
}

/* Does what is left to do. The caller holds kmem.walk. */
static void do_work(struct kmem_cpu *kc)
{
	if (is_asked(kc)) {
		kc->seen_give_back = READ_ONCE(kmem.give_back);
		give_objects_back(kc);
	}
	if (is_due())
		top_up(kc);
}

void kmem_obey(struct kmem_cpu *kc)
{
	if (!kmem_may_ask(kc))
		return;
	kmem_free_later(kc);
	take_events(kc);
	/* Another time, if somebody is at it. */
	if ((!is_asked(kc) && !is_due()) || !spin_trylock(&kmem.walk))
		return;
	do_work(kc);
	spin_unlock(&kmem.walk);
}

void kmem_poll(void)
{
	struct kmem_cpu *kc = kmem_self();

	/* The slow path may end up here, waiting for a lock. */
	if (!kmem.ready || kc->busy || !kmem_may_ask(kc))
		return;
	kmem_rcu_run();
	kc->busy = true;
	kmem_free_later(kc);
	/* As Linux's kswapd has more to give than who cannot wait: other vCPUs' magazines. Relaxed:
	 * as in kmem_give_back(). */
	if (READ_ONCE(kmem.wake) && __atomic_exchange_n(&kmem.wake, false, __ATOMIC_RELAXED))
		__atomic_add_fetch(&kmem.give_back, 1, __ATOMIC_RELAXED);
	take_events(kc);
	/* There may be no other time for a vCPU that goes to sleep: it waits for who is at it. */
	if (is_asked(kc) || is_due()) {
		spin_lock(&kmem.walk);
		do_work(kc);
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
