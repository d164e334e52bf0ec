/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU's magazines, off the fast path: swap main and spare, exchange with the depot,
 * and only then ask the host.
 */
#include "guest/lib/kmem/priv.h"

#define RECLAIM_TRIES 3

/* Puts a magazine with objects where the next pop finds it. What the main one still
 * has (a constructor may have been here) goes to the depot. */
static void slot_load(struct kmem_cache *cache, struct kmem_slot *slot, struct kmem_magazine *mag)
{
	struct kmem_magazine *old = kmem_slot_main(slot);

	kmem_slot_set_main(slot, mag);
	if (!old)
		return;
	if (!slot->spare) {
		slot->spare = old;
	} else if (old->count) {
		LIST_HEAD(mags);

		list_add(&old->link, &mags);
		kmem_depot_fill(cache, &mags);
	} else {
		kmem_mag_put(old);
	}
}

/* From this vCPU and the depot, without a request. last: as kmem_depot_take(). */
static bool reload_near(struct kmem_cache *cache, struct kmem_slot *slot, bool last)
{
	struct kmem_magazine *mag;
	struct kmem_magazine *empty = NULL;

	if (slot->spare && slot->spare->count) {
		kmem_slot_swap(slot);
		return true;
	}
	/* One empty magazine stays for frees to go to; a second is the depot's. */
	if (slot->spare)
		empty = kmem_slot_main(slot);
	mag = kmem_depot_take(cache, empty, last);
	if (!mag)
		return false;
	if (empty)
		kmem_slot_set_main(slot, NULL);
	slot_load(cache, slot, mag);
	return true;
}

/* From the host; returns what kmem_refill() does. */
static long reload_far(struct kmem_cpu *kc, struct kmem_cache *cache, struct kmem_slot *slot,
		       gfp_t gfp, bool grow)
{
	struct kmem_magazine *mag;
	struct list_head mags;
	long got = kmem_refill(kc, cache, gfp, grow, &mags);

	if (got <= 0)
		return got;
	mag = list_first_entry(&mags, struct kmem_magazine, link);
	list_del(&mag->link);
	slot_load(cache, slot, mag);
	kmem_depot_fill(cache, &mags);
	return got;
}

static void out_of_memory(const struct kmem_cache *cache, size_t asked, gfp_t gfp,
			  unsigned long caller)
{
	static unsigned int count;

	if (gfp & __GFP_NOWARN)
		return;
	/* The first few, and then ever fewer. Relaxed: only a count. */
	if (__atomic_add_fetch(&count, 1, __ATOMIC_RELAXED) > 8 && !is_power_of_2(count))
		return;
	grt_warn("kmalloc: out of memory: %zu bytes (%s), gfp 0x%x, called from 0x%lx", asked,
		 cache->name, gfp, caller);
}

/* Without memory: have everybody's back, and try again a few times, or for ever. Who must not wait
 * has what is at hand back, once; or only empty magazines, if he would rather do without. */
static bool may_retry(struct kmem_cpu *kc, const struct kmem_cache *cache, gfp_t gfp,
		      unsigned int tries)
{
	if (!(gfp & __GFP_DIRECT_RECLAIM))
		return !tries &&
		       kmem_reclaim_near(kc, gfp & __GFP_NORETRY ? SIZE_MAX : cache->front.size);
	if (!(gfp & __GFP_NOFAIL) && tries >= (gfp & __GFP_NORETRY ? 1 : RECLAIM_TRIES))
		return false;
	/* The first time what is at hand, then what other vCPUs hold; they need a while. */
	if (tries > 0) {
		kc->seen_give_back = __atomic_add_fetch(&kmem.give_back, 1, __ATOMIC_RELAXED);
		for (unsigned int i = 0; i < 64u << min(tries, 10u); i++)
			__builtin_ia32_pause();
	}
	kc->busy = false;
	kmem_rcu_run();
	kc->busy = true;
	if (spin_trylock(&kmem.walk)) {
		kmem_reclaim(kc);
		spin_unlock(&kmem.walk);
	}
	return true;
}

static u64 alloc_direct(struct kmem_cpu *kc, struct kmem_cache *cache, int node, gfp_t gfp,
			size_t asked, unsigned long caller)
{
	u64 entry;

	if (!kmem_may_ask(kc))
		return 0;
	for (unsigned int tries = 0;; tries++) {
		entry = kmem_host_alloc(kc, cache, node, gfp, asked, caller);
		if (entry || !may_retry(kc, cache, gfp, tries))
			return entry;
	}
}

/* In the middle of a request: what this vCPU and the depot have, which is then filled anew. */
static u64 alloc_inside(struct kmem_cache *cache, struct kmem_slot *slot)
{
	WRITE_ONCE(cache->inside, true);
	kmem_cache_due(cache);
	return *slot->top || reload_near(cache, slot, true) ? *slot->top-- : 0;
}

static u64 alloc_any(struct kmem_cpu *kc, struct kmem_cache *cache, gfp_t gfp, size_t asked,
		     unsigned long caller)
{
	struct kmem_slot *slot = kmem_slot_of(kc, cache);
	u64 entry;
	long got;

	if (!kmem_may_ask(kc))
		return alloc_inside(cache, slot);
	for (unsigned int tries = 0;; tries++) {
		if (*slot->top || reload_near(cache, slot, false))
			return *slot->top--;
		got = reload_far(kc, cache, slot, gfp, !tries);
		if (got > 0)
			return *slot->top--;
		/* No magazines to be had, or they took the last frame: then one object. */
		if (got == -ENOBUFS || kmem_mag_reclaim(kc)) {
			entry = kmem_host_alloc(kc, cache, NUMA_NO_NODE, gfp, asked, caller);
			if (entry)
				return entry;
		}
		if (!(gfp & __GFP_NOMEMALLOC) && reload_near(cache, slot, true))
			return *slot->top--;
		if (!may_retry(kc, cache, gfp, tries))
			return 0;
	}
}

/* From any node. Magazines hold nothing of a cache whose every call is a request, and
 * promise nothing of where an object lies. */
static u64 alloc_anywhere(struct kmem_cpu *kc, struct kmem_cache *cache, gfp_t gfp, size_t asked,
			  unsigned long caller)
{
	if (cache->direct || (gfp & KMEM_GFP_SLOW))
		return alloc_direct(kc, cache, NUMA_NO_NODE, gfp, asked, caller);
	return alloc_any(kc, cache, gfp, asked, caller);
}

/* Objects in magazines are of any node; the one on top may do. */
static u64 alloc_on_node(struct kmem_cpu *kc, struct kmem_cache *cache, int node, gfp_t gfp,
			 size_t asked, unsigned long caller)
{
	struct kmem_slot *slot = kmem_slot_of(kc, cache);
	u64 top = *slot->top & ~VIRTIO_KMEM_ADDR_FLAGS;
	u64 entry;

	if (top && !(gfp & KMEM_GFP_SLOW) && kmem_node_of(kmem_to_phys((void *)top)) == node)
		return *slot->top--;
	entry = alloc_direct(kc, cache, node, gfp, asked, caller);
	if (!entry && !(gfp & __GFP_THISNODE))
		entry = alloc_anywhere(kc, cache, gfp, asked, caller);
	return entry;
}

/* Tells whether an allocation may come from anywhere. */
static bool any_node(int *node, gfp_t *gfp)
{
	if (*node == NUMA_NO_NODE) {
		*gfp &= ~__GFP_THISNODE;
		return true;
	}
	return *node == 0 && kmem.channel.nr_nodes <= 1;
}

void *kmem_alloc_slow(unsigned int id, size_t asked, gfp_t gfp, int node, unsigned long caller)
{
	struct kmem_cache *cache = kmem_cache_of(id);
	struct kmem_cpu *kc = kmem_self();
	bool zero = gfp & __GFP_ZERO;
	u64 entry;
	bool busy;
	void *p;

	if (!caller)
		caller = _RET_IP_;
	if (!kmem.ready || !cache || !cache->live)
		return NULL;
	WARN_ONCE(zero && cache->ctor,
		  "kmem_cache_alloc: __GFP_ZERO for %s, which has a constructor, from 0x%lx",
		  cache->name, caller);
	/* The host keeps out of their contents. */
	if (cache->ctor || cache->typesafe)
		gfp &= ~__GFP_ZERO;
	if (WARN((gfp & (__GFP_NOFAIL | __GFP_DIRECT_RECLAIM)) == __GFP_NOFAIL,
		 "kmalloc: __GFP_NOFAIL without leave to wait means nothing, from 0x%lx", caller))
		gfp &= ~__GFP_NOFAIL;

	/* A constructor, and whoever comes in the middle of a request, is in the slow path twice. */
	busy = kc->busy;
	kc->busy = true;
	kmem_obey(kc);
	if (any_node(&node, &gfp)) {
		entry = alloc_anywhere(kc, cache, gfp, asked, caller);
	} else if (node < 0 || (u32)node >= kmem.channel.nr_nodes) {
		/* A node that does not exist has no memory, others do. */
		entry = gfp & __GFP_THISNODE ? 0 : alloc_anywhere(kc, cache, gfp, asked, caller);
	} else {
		entry = alloc_on_node(kc, cache, node, gfp, asked, caller);
	}
	kc->busy = busy;

	if (!entry) {
		/* Who may not ask says nothing of what the host has. */
		if ((gfp & __GFP_RECLAIM) == __GFP_KSWAPD_RECLAIM && kmem_may_ask(kc))
			WRITE_ONCE(kmem.wake, true);
		out_of_memory(cache, asked, gfp, caller);
		return NULL;
	}
	p = (void *)(entry & ~VIRTIO_KMEM_ADDR_FLAGS);
	if (zero && !(entry & VIRTIO_KMEM_ADDR_ZERO))
		memset(p, 0, cache->front.size);
	return p;
}

/* Frees off the fast path, as a whole. */
static void free_slow(struct kmem_cpu *kc, struct kmem_cache *cache, const void *p,
		      unsigned long caller)
{
	bool busy = kc->busy;

	kc->busy = true;
	kmem_obey(kc);
	kmem_free_to(kc, cache, p, caller);
	kc->busy = busy;
}

void kmem_free_slow(const void *p, unsigned int id)
{
	unsigned long va = (unsigned long)p;
	unsigned long caller = _RET_IP_;
	struct kmem_cpu *kc = kmem_self();
	struct kmem_cache *cache;
	unsigned int kind;

	if (ZERO_OR_NULL_PTR(p))
		return;
	if (!kmem.ready || !kmem_in_heap(kmem_to_phys(p), 1)) {
		grt_bug(va, "kfree: 0x%lx is not in the heap", va);
		return;
	}
	if (va % 8) {
		grt_bug(va, "kfree: 0x%lx is not the start of an object", va);
		return;
	}
	kind = kmem_number_of(p);
	if (kind == VIRTIO_KMEM_PM_NONE) {
		grt_bug(va, "kfree: 0x%lx is not allocated", va);
		return;
	}
	if (kind >= VIRTIO_KMEM_PM_RUN) {
		if (kind - VIRTIO_KMEM_PM_RUN > VIRTIO_KMEM_MAX_ORDER || va % KMEM_FRAME_SIZE) {
			grt_bug(va, "kfree: 0x%lx is not the start of an object", va);
			return;
		}
		if (id)
			grt_warn("kmem_cache_free: 0x%lx is no object of %s", va,
				 kmem_cache_of(id)->name);
		if (!kmem_run_put(kmem_to_phys(p)))
			kmem_pages_free(kmem_to_phys(p), kind - VIRTIO_KMEM_PM_RUN);
		return;
	}
	cache = kmem_cache_of(kmem_id_of(p));
	if (!cache || !cache->live) {
		grt_bug(va, "kfree: 0x%lx is of cache %u, which does not exist", va, kind);
		return;
	}
	if (id && id != cache->front.id)
		grt_warn("kmem_cache_free: 0x%lx is an object of %s, not of %s", va, cache->name,
			 kmem_cache_of(id)->name);
	free_slow(kc, cache, p, caller);
}

/* Runs in magazines are pages of any node, kept as objects of a cache are. */
u64 kmem_pages_alloc(unsigned int order, gfp_t gfp, int node)
{
	void *p;

	if (order > VIRTIO_KMEM_MAX_ORDER)
		return 0;
	if (node == NUMA_NO_NODE)
		p = kmem_alloc_fast(KMEM_PAGE_SLOT + order, KMEM_FRAME_SIZE << order,
				    KMEM_FRAME_SIZE << order, gfp);
	else
		p = kmem_alloc_slow(KMEM_PAGE_SLOT + order, KMEM_FRAME_SIZE << order, gfp, node,
				    _RET_IP_);
	return p ? kmem_to_phys(p) : 0;
}

void kmem_pages_free(u64 addr, unsigned int order)
{
	struct kmem_cpu *kc = kmem_self();
	const void *p;

	if (!kmem.ready || order > VIRTIO_KMEM_MAX_ORDER ||
	    kmem_page_kind(addr) != VIRTIO_KMEM_PM_RUN + order || addr % KMEM_FRAME_SIZE) {
		grt_bug(addr, "free_pages: 0x%llx is no run of order %u", addr, order);
		return;
	}
	p = kmem_to_virt(addr);
	if (kmem_push(KMEM_PAGE_SLOT + order, p))
		return;
	free_slow(kc, kmem.cache[KMEM_PAGE_SLOT + order], p, _RET_IP_);
}
