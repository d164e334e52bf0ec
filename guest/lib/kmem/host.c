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
		got = ops->alloc(kc->cpu, cache->number, node, flags, asked, caller, n, kc->addr);
	if (got > 0)
		WRITE_ONCE(cache->used, true);
	if (got > 0 && cache->far)
		kmem_far_note(cache, kc->addr, min_t(size_t, got, n));
	return got == 0 ? -ENOMEM : min_t(long, got, n);
}

long kmem_host_batch(struct kmem_cpu *kc, struct kmem_cache *cache, gfp_t gfp, size_t n)
{
	return host_alloc(kc, cache, VIRTIO_KMEM_NODE_ANY, host_flags(gfp & __GFP_ACCOUNT), 0, 0,
			  n);
}

u64 kmem_host_alloc(struct kmem_cpu *kc, struct kmem_cache *cache, int node, gfp_t gfp,
		    size_t asked, unsigned long caller)
{
	u32 where = node < 0 ? VIRTIO_KMEM_NODE_ANY : (u32)node;
	u64 entry = 0;

	kmem_ask_begin(kc);
	if (host_alloc(kc, cache, where, host_flags(gfp), asked, caller, 1) > 0)
		entry = kmem_host_entry(kc->addr[0]);
	kmem_ask_end(kc);
	if (!entry)
		return 0;
	return kmem_construct(cache, entry) | (gfp & __GFP_ZERO ? VIRTIO_KMEM_ADDR_ZERO : 0);
}

/* Says what the host has against an address, and ends the program for what it cannot
 * have meant to do; where grt_bug() returns the object is lost. */
static void refused(const struct kmem_cache *cache, u64 entry, int status, unsigned long caller)
{
	const char *late = caller ? "" : ", found when a magazine was drained";
	u64 p = entry & ~VIRTIO_KMEM_ADDR_FLAGS;
	const char *name = cache->name;

	switch (status) {
	case -ENOENT:
		grt_bug(p, "kfree: double free of 0x%llx (%s)%s", p, name, late);
		break;
	case -EINVAL:
		grt_bug(p, "kfree: 0x%llx is not the start of an object (%s)%s", p, name, late);
		break;
	case -EUCLEAN:
		grt_bug(p, "kfree: 0x%llx was written to past its end or while free (%s)%s", p,
			name, late);
		break;
	case -EXDEV:
		grt_warn("kfree: 0x%llx is no object of %s%s", p, name, late);
		break;
	default:
		grt_bug(p, "kfree: 0x%llx was refused by the host, error %d (%s)%s", p, status,
			name, late);
		break;
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
		freed = ops->free(kc->cpu, cache->number, caller, n, kc->addr, kc->bad, &nr_bad);
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

long kmem_pin(size_t n, const u64 *addr)
{
	struct kmem_cpu *kc = kmem_self();
	size_t done = 0;

	if (!kmem.ready)
		return -ENODEV;
	while (done < n) {
		size_t some = min_t(size_t, n - done, kmem.channel.max_batch);
		long got = kmem_ask(kc, kmem.channel.ops->pin(kc->cpu, some, addr + done));

		if (got <= 0)
			return done ? (long)done : got;
		done += min_t(size_t, got, some);
		if ((size_t)got < some)
			break;
	}
	return (long)done;
}

void kmem_unpin(size_t n, const u64 *addr)
{
	struct kmem_cpu *kc = kmem_self();

	if (!kmem.ready)
		return;
	for (size_t done = 0; done < n;) {
		size_t some = min_t(size_t, n - done, kmem.channel.max_batch);
		size_t nr_bad = 0;

		kmem_ask_begin(kc);
		kmem.channel.ops->unpin(kc->cpu, some, addr + done, kc->bad, &nr_bad);
		WARN(nr_bad, "unpin: %zu pages were not pinned, the first is 0x%llx", nr_bad,
		     addr[done + min_t(size_t, kc->bad[0].index, some - 1)]);
		kmem_ask_end(kc);
		done += some;
	}
}

int kmem_stats(u32 cache, struct virtio_kmem_stats *stats)
{
	struct kmem_cpu *kc = kmem_self();

	if (!kmem.ready)
		return -ENODEV;
	/* So that they count no pin which the program has ended. */
	kmem_unpin_unused();
	return kmem_ask(kc, kmem.channel.ops->stats(kc->cpu, cache, stats));
}
