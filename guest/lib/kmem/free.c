/* SPDX-License-Identifier: BSD-2-Clause */
/* An object that goes back off the fast path: to a magazine, to the host, or to wait until the
 * request under way has its answer. */
#include "guest/lib/kmem/priv.h"

/* Makes an empty magazine, or none, the main one. Whoever came in the middle of the request that it
 * took may have made room as well: then his stays, and this one is spare. */
static void put_main(struct kmem_slot *slot, struct kmem_magazine *empty)
{
	if (!slot->main)
		kmem_slot_set_main(slot, empty);
	else if (empty && !slot->spare)
		slot->spare = empty;
	else if (empty)
		kmem_mag_put(empty);
	/* His may be full already; of two that are, one is not in its place for long. */
	if (slot->top == slot->limit && slot->spare && !slot->spare->count)
		kmem_slot_swap(slot);
}

/* Makes room for one object more. */
static void make_room(struct kmem_cpu *kc, struct kmem_cache *cache, struct kmem_slot *slot)
{
	struct kmem_magazine *empty;
	struct kmem_magazine *full;
	u64 excess = 0;

	if (slot->spare && !slot->spare->count) {
		kmem_slot_swap(slot);
		return;
	}
	/* The spare's objects are the colder ones. */
	full = slot->spare;
	slot->spare = kmem_slot_main(slot);
	kmem_slot_set_main(slot, NULL);
	empty = NULL;
	if (full)
		excess = kmem_depot_give(cache, full, &empty);
	if (!empty)
		empty = kmem_mag_get(READ_ONCE(cache->mag_class), kmem_may_ask(kc));
	/* A depot's worth of other magazines makes room for one. */
	if (!empty && cache->typesafe && kmem_may_ask(kc) && spin_trylock(&kmem.walk)) {
		kmem_reclaim(kc);
		spin_unlock(&kmem.walk);
		empty = kmem_mag_get(cache->base_class, true);
	}
	put_main(slot, empty);
	if (excess && kmem_may_ask(kc))
		kmem_depot_trim(kc, cache, excess);
	else if (excess)
		kmem_cache_due(cache);
}

/* Frees an object that no magazine has room for, at once or after the request under way. */
static void free_far(struct kmem_cpu *kc, struct kmem_cache *cache, const void *p,
		     unsigned long caller)
{
	if (!kmem_may_ask(kc)) {
		if (!WARN(kc->nr_later == KMEM_LATER,
			  "kfree: too many frees in the middle of a request: 0x%lx (%s) is lost",
			  (unsigned long)p, cache->name))
			kc->later[kc->nr_later++] = p;
		return;
	}
	kmem_ask_begin(kc);
	kc->addr[0] = (u64)p;
	kmem_host_free(kc, cache, 1, caller);
	kmem_ask_end(kc);
}

void kmem_free_to(struct kmem_cpu *kc, struct kmem_cache *cache, const void *p,
		  unsigned long caller)
{
	struct kmem_slot *slot = kmem_slot_of(kc, cache);

	if (cache->direct) {
		free_far(kc, cache, p, caller);
		return;
	}
	if (unlikely((*slot->top ^ (u64)p) <= VIRTIO_KMEM_ADDR_FLAGS)) {
		grt_bug((u64)p, "kfree: double free of 0x%lx (%s)", (unsigned long)p, cache->name);
		return;
	}
	if (slot->top == slot->limit)
		make_room(kc, cache, slot);
	if (slot->top == slot->limit && cache->typesafe && kmem_may_ask(kc)) {
		/* Readers may look at it, and there is no memory to keep it by until they end. */
		grt_warn("kmem_cache_free: an object of %s is lost for want of memory",
			 cache->name);
		return;
	}
	/* No memory for magazines. */
	if (slot->top == slot->limit)
		free_far(kc, cache, p, caller);
	else
		*++slot->top = (u64)p;
}

void kmem_free_later(struct kmem_cpu *kc)
{
	while (kc->nr_later) {
		const void *p = kc->later[--kc->nr_later];
		unsigned int kind = kmem_number_of(p);
		unsigned int id = kmem_id_of(p);

		if (kind >= VIRTIO_KMEM_PM_RUN)
			id = KMEM_PAGE_SLOT + kind - VIRTIO_KMEM_PM_RUN;
		kmem_free_to(kc, kmem_cache_of(id), p, 0);
	}
}
