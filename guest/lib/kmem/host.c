/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to the host, batched, and what its refusals mean. kc->addr[] and kc->bad[]
 * belong to the request under way; nothing in between can start another.
 */
#include "guest/lib/kmem/priv.h"

static u32 host_flags(gfp_t gfp)
{
	u32 flags = 0;

	if (gfp & __GFP_ZERO)
		flags |= VIRTIO_KMEM_GFP_ZERO;
	if (gfp & __GFP_THISNODE)
		flags |= VIRTIO_KMEM_GFP_THISNODE;
	if (gfp & (__GFP_DMA | __GFP_DMA32))
		flags |= VIRTIO_KMEM_GFP_DMA32;
	if (gfp & __GFP_ACCOUNT)
		flags |= VIRTIO_KMEM_GFP_ACCOUNT;
	return flags;
}

static long host_alloc(struct kmem_cpu *kc, struct kmem_cache *cache, u32 node, u32 flags,
		       size_t asked, unsigned long caller, size_t n)
{
	const struct kmem_channel_ops *ops = kmem.channel.ops;
	long got;

	flags |= cache->host_flags;
	if (cache->order >= 0)
		got = ops->alloc_pages(kc->cpu, cache->order, node, flags, n, kc->addr);
	else
		got = ops->alloc(kc->cpu, cache->front.number, node, flags, asked, caller, n,
				 kc->addr);
	if (got > 0)
		WRITE_ONCE(cache->used, true);
	return got == 0 ? -ENOMEM : min_t(long, got, n);
}

/* The entry of a magazine for an address of the host's. */
static u64 host_entry(u64 addr)
{
	u64 flags = addr & VIRTIO_KMEM_ADDR_FLAGS;

	return (u64)kmem_to_virt(addr - flags) | flags;
}

/* Runs the constructor where it is due, after which the object is neither fresh nor zero. */
static u64 construct(const struct kmem_cache *cache, u64 entry)
{
	u64 p = entry & ~VIRTIO_KMEM_ADDR_FLAGS;

	if (!cache->ctor)
		return entry;
	if (entry & VIRTIO_KMEM_ADDR_FRESH)
		cache->ctor((void *)p);
	return p;
}

/* Empty magazines for n objects, as many as there are; returns their capacity. */
static size_t get_magazines(unsigned int class, size_t n, struct list_head *mags)
{
	size_t room = 0;

	while (room < n) {
		struct kmem_magazine *mag = kmem_mag_get(class);

		if (!mag)
			break;
		list_add(&mag->link, mags);
		room += kmem_mag_capacity(class);
	}
	return room;
}

static u32 next_batch(struct kmem_cache *cache, u32 batch)
{
	u64 bytes = min_t(u64, 2ul << 20, kmem.channel.heap_size / 64);
	u64 most = min_t(u64, kmem.channel.max_batch, bytes / cache->front.size);

	return max_t(u64, kmem_mag_capacity(cache->base_class), min_t(u64, batch * 2ull, most));
}

long kmem_host_refill(struct kmem_cpu *kc, struct kmem_cache *cache, gfp_t gfp,
		      struct list_head *mags)
{
	unsigned int class = READ_ONCE(cache->mag_class);
	u32 batch = READ_ONCE(cache->batch);
	struct kmem_magazine *mag, *next;
	size_t n, room, used = 0;
	long got;

	INIT_LIST_HEAD(mags);
	WRITE_ONCE(cache->stocked, true);
	room = get_magazines(class, batch, mags);
	if (!room)
		return -ENOMEM;
	/* Whole magazines, unless that is more than a request can carry. */
	n = min_t(size_t, room, kmem.channel.max_batch);
	if (n > kmem_mag_capacity(class))
		n -= n % kmem_mag_capacity(class);
	got = host_alloc(kc, cache, VIRTIO_KMEM_NODE_ANY, host_flags(gfp & __GFP_ACCOUNT), 0, 0, n);

	/* The lowest addresses come out first, in order. */
	list_for_each_entry_safe(mag, next, mags, link) {
		size_t take = got > 0 ? min_t(size_t, got - used, kmem_mag_capacity(mag->class))
				      : 0;

		if (!take) {
			list_del(&mag->link);
			kmem_mag_put(mag);
			continue;
		}
		for (size_t i = 0; i < take; i++)
			mag->entry[take - i] = host_entry(kc->addr[used + i]);
		mag->count = take;
		used += take;
	}
	if (got < 0)
		return got;
	WRITE_ONCE(cache->batch, next_batch(cache, batch));
	kmem_depot_refilled(cache, got);

	if (cache->ctor) {
		list_for_each_entry(mag, mags, link) {
			for (unsigned int i = 1; i <= mag->count; i++)
				mag->entry[i] = construct(cache, mag->entry[i]);
		}
	}
	return got;
}

u64 kmem_host_alloc(struct kmem_cpu *kc, struct kmem_cache *cache, int node, gfp_t gfp,
		    size_t asked, unsigned long caller)
{
	u32 where = node < 0 ? VIRTIO_KMEM_NODE_ANY : (u32)node;

	if (host_alloc(kc, cache, where, host_flags(gfp), asked, caller, 1) < 0)
		return 0;
	return construct(cache, host_entry(kc->addr[0])) |
	       (gfp & __GFP_ZERO ? VIRTIO_KMEM_ADDR_ZERO : 0);
}

/* Says what the host has against an address, and ends the program for what it cannot
 * have meant to do. */
static void refused(const struct kmem_cache *cache, u64 entry, int status, unsigned long caller)
{
	const char *late = caller ? "" : ", found when a magazine was drained";
	u64 p = entry & ~VIRTIO_KMEM_ADDR_FLAGS;
	const char *name = cache->name;

	switch (status) {
	case -ENOENT:
		grt_bug(p, "kfree: double free of 0x%llx (%s)%s", p, name, late);
	case -EINVAL:
		grt_bug(p, "kfree: 0x%llx is not the start of an object (%s)%s", p, name, late);
	case -EUCLEAN:
		grt_bug(p, "kfree: 0x%llx was written to past its end or while free (%s)%s", p,
			name, late);
	case -EXDEV:
		grt_warn("kfree: 0x%llx is no object of %s%s", p, name, late);
		break;
	default:
		grt_bug(p, "kfree: 0x%llx was refused by the host, error %d (%s)%s", p, status,
			name, late);
	}
}

void kmem_host_free(struct kmem_cpu *kc, struct kmem_cache *cache, size_t n, unsigned long caller)
{
	const struct kmem_channel_ops *ops = kmem.channel.ops;
	size_t nr_bad = 0;
	long freed;

	if (!n)
		return;
	for (size_t i = 0; i < n; i++) {
		u64 p = kc->addr[i] & ~VIRTIO_KMEM_ADDR_FLAGS;

		kc->addr[i] = kmem_to_phys((void *)p);
	}
	if (cache->order >= 0)
		freed = ops->free_pages(kc->cpu, n, kc->addr, kc->bad, &nr_bad);
	else
		freed = ops->free(kc->cpu, cache->front.number, caller, n, kc->addr, kc->bad,
				  &nr_bad);
	for (size_t i = 0; i < min(nr_bad, n); i++) {
		u32 index = kc->bad[i].index;

		if (index < n)
			refused(cache, (u64)kmem_to_virt(kc->addr[index]), (s32)kc->bad[i].status,
				caller);
	}
	/* A channel that broke down: the memory is lost, the program need not be. */
	if (freed < 0)
		grt_warn("kfree: the host refused to take %zu objects of %s back, error %ld", n,
			 cache->name, freed);
}

void kmem_host_free_mag(struct kmem_cpu *kc, struct kmem_cache *cache, struct kmem_magazine *mag)
{
	for (unsigned int i = 0; i < mag->count; i++)
		kc->addr[i] = mag->entry[i + 1];
	kmem_host_free(kc, cache, mag->count, 0);
	mag->count = 0;
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
