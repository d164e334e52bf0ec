/* SPDX-License-Identifier: BSD-2-Clause */
/* What the host asks for, and what other vCPUs do, is heeded where a vCPU comes by: before its next
 * request, and before it sleeps. What was used in the middle of a request is had anew then. */
#include "guest/lib/kmem/priv.h"

/* Fills the depot of each cache that somebody took from in the middle of a request, if nothing
 * is left in it; what such a one gave it beyond its limit goes to the host. The caller holds
 * kmem.walk. */
static void top_up(struct kmem_cpu *kc)
{
	struct kmem_cache *cache;

	WRITE_ONCE(kmem.due, false);
	kmem_for_each_cache(cache) {

		if (cache->live && READ_ONCE(cache->due)) {
			WRITE_ONCE(cache->due, false);
			kmem_cache_stock(kc, cache);
			kmem_depot_relieve(kc, cache);
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
		kmem_objects_back(kc);
	}
	if (is_due())
		top_up(kc);
}

bool kmem_is_due(void)
{
	return kmem.ready && (is_due() || is_asked(kmem_self()) || kmem_self()->nr_later);
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
