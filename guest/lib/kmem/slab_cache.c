/* SPDX-License-Identifier: BSD-2-Clause */
/* Caches of the program's own objects. */
#include "guest/lib/kmem/priv.h"
#include <linux/rcupdate.h>

#define CACHE_LINE       64u
#define SLAB_DEBUG_FLAGS (SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER)

/* As calculate_alignment() of Linux's mm/slab_common.c. Of what is no power of two objects have
 * there the largest power in it, once it is rounded up to words. */
static unsigned int cache_align(unsigned int size, unsigned int align, slab_flags_t flags)
{
	unsigned int line = CACHE_LINE;

	align = ALIGN(align, (unsigned int)sizeof(void *));
	align &= -align;
	if (flags & SLAB_HWCACHE_ALIGN) {
		/* Small objects share a line, none crosses into another. */
		while (size <= line / 2)
			line /= 2;
		align = max(align, line);
	}
	return max(align, 8u);
}

static u32 cache_flags(slab_flags_t flags, bool ctor)
{
	/* Never merged: a number is one struct kmem_cache. */
	u32 out = VIRTIO_KMEM_CACHE_NOMERGE;

	/* What a reader may still look at is left alone, too: mm/slub.c, calculate_sizes(). */
	if (ctor || flags & SLAB_TYPESAFE_BY_RCU)
		out |= VIRTIO_KMEM_CACHE_CTOR;
	if (flags & (SLAB_CACHE_DMA | SLAB_CACHE_DMA32))
		out |= VIRTIO_KMEM_CACHE_DMA32;
	if (flags & SLAB_ACCOUNT)
		out |= VIRTIO_KMEM_CACHE_ACCOUNT;
	if (flags & SLAB_RED_ZONE)
		out |= VIRTIO_KMEM_CACHE_REDZONE;
	if (flags & SLAB_POISON)
		out |= VIRTIO_KMEM_CACHE_POISON;
	if (flags & SLAB_STORE_USER)
		out |= VIRTIO_KMEM_CACHE_OWNER;
	return out;
}

static bool number_is_new(int number)
{
	const struct kmem_cache *cache = number > 0 ? kmem_cache_of(kmem_id((u32)number)) : NULL;

	return number > VIRTIO_KMEM_CLASSES &&
	       (u32)number <= max_t(u32, kmem.channel.max_cache, VIRTIO_KMEM_PM_CACHE_MAX) &&
	       !(cache && cache->live);
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     slab_flags_t flags, void (*ctor)(void *))
{
	const struct kmem_channel_ops *ops = kmem.channel.ops;
	struct kmem_cpu *kc = kmem_self();
	struct kmem_cache *cache;
	char *whole_name = NULL;
	int number = -EINVAL;
	u32 debug = 0;

	if (!kmem.ready || !name || !size || size > KMALLOC_MAX_SIZE || align > KMALLOC_MAX_SIZE)
		goto fail;
	align = cache_align(size, align, flags);
	if (strlen(name) >= sizeof(cache->name)) {
		number = -ENOMEM;
		whole_name = kmalloc(strlen(name) + 1, GFP_KERNEL);
		if (!whole_name)
			goto fail;
		memcpy(whole_name, name, strlen(name) + 1);
	}
	spin_lock(&kmem.walk);
	number = kmem_ask(kc, ops->cache_create(kc->cpu, name, size, align,
						cache_flags(flags, ctor), &debug));
	if (number < 0)
		goto unlock;
	if (!number_is_new(number)) {
		grt_warn("kmem_cache_create: the host gave %s a number in use, %d", name, number);
		goto unlock;
	}
	/* It is for the host to say which caches are debugged. */
	flags &= ~SLAB_DEBUG_FLAGS;
	if (debug)
		flags |= SLAB_CONSISTENCY_CHECKS;
	cache = kmem_cache_setup(kmem_id((u32)number), name, size, -1, flags, ctor);
	if (!cache) {
		(void)kmem_ask(kc, ops->cache_destroy(kc->cpu, number));
		number = -ENOMEM;
		goto unlock;
	}
	cache->whole_name = whole_name;
	/* In a debug mode the red zone begins at the object's end. */
	if (!cache->debug)
		cache->usable = ALIGN(size, align);
	spin_unlock(&kmem.walk);
	/* There may be many far caches, of which most have few objects or none for long. */
	if (!cache->far)
		kmem_cache_stock(kc, cache);
	return cache;
unlock:
	spin_unlock(&kmem.walk);
	kfree(whole_name);
fail:
	if (flags & SLAB_PANIC)
		grt_bug(0, "kmem_cache_create: cannot make %s, error %d", name ? name : "(null)",
			number);
	return NULL;
}

struct kmem_cache *kmem_cache_create_usercopy(const char *name, unsigned int size,
					      unsigned int align, slab_flags_t flags,
					      unsigned int useroffset, unsigned int usersize,
					      void (*ctor)(void *))
{
	/* As there: the region is for checks of what is copied, without which a cache can be. */
	WARN((!usersize && useroffset) || usersize > size || useroffset > size - usersize,
	     "kmem_cache_create_usercopy: %s has no such region: %u bytes at %u of %u",
	     name ? name : "(null)", usersize, useroffset, size);
	return kmem_cache_create(name, size, align, flags, ctor);
}

void kmem_cache_destroy(struct kmem_cache *s)
{
	struct kmem_cpu *kc = kmem_self();
	char *whole_name = NULL;
	bool typesafe;
	int err;

	if (!s || WARN(!s->live, "kmem_cache_destroy: %s is gone already", s->name))
		return;
	typesafe = s->typesafe;
	if (typesafe)
		synchronize_rcu();
	spin_lock(&kmem.walk);
	/* All that is free was so before that wait. */
	s->typesafe = false;
	kmem_cache_collect(kc, s);
	err = kmem_ask(kc, kmem.channel.ops->cache_destroy(kc->cpu, s->number));
	s->typesafe = typesafe;
	s->live = err != 0;
	if (!err) {
		whole_name = s->whole_name;
		s->whole_name = NULL;
	}
	spin_unlock(&kmem.walk);
	kfree(whole_name);
	if (err)
		grt_warn("kmem_cache_destroy %s: Slab cache still has objects when called from "
			 "0x%lx",
			 s->name, _RET_IP_);
}

int kmem_cache_shrink(struct kmem_cache *s)
{
	struct kmem_cpu *kc = kmem_self();
	struct virtio_kmem_stats stats;
	LIST_HEAD(mags);

	/* A vCPU that gives memory back has some of it in hand between depot and host. */
	spin_lock(&kmem.walk);
	kmem_slot_steal(kmem_slot_of(kc, s), &mags);
	kmem_depot_fill(s, &mags);
	/* Whoever reads, and may not wait, gives back what nobody else reads. */
	if (s->typesafe && !rcu_read_lock_held())
		synchronize_rcu();
	kmem_depot_empty(kc, s);
	kmem_shrink(kc, s);
	spin_unlock(&kmem.walk);
	if (kmem_stats(s->number, &stats))
		return 1;
	return stats.slabs != 0;
}

unsigned int kmem_cache_size(struct kmem_cache *s)
{
	return s->front.size;
}

const char *kmem_cache_name(struct kmem_cache *s)
{
	return s->whole_name ? s->whole_name : s->name;
}

void *kmem_cache_alloc_node(struct kmem_cache *s, gfp_t gfp, int node)
{
	if (node == NUMA_NO_NODE)
		return kmem_cache_alloc(s, gfp);
	return kmem_alloc_slow(s->front.id, s->front.size, gfp, node, _RET_IP_);
}

int kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t gfp, size_t n, void **p)
{
	for (size_t i = 0; i < n; i++) {
		p[i] = kmem_cache_alloc(s, gfp);
		if (!p[i]) {
			kmem_cache_free_bulk(s, i, p);
			return 0;
		}
	}
	return (int)n;
}

void kmem_cache_free_bulk(struct kmem_cache *s, size_t n, void **p)
{
	for (size_t i = 0; i < n; i++) {
		if (s)
			kmem_cache_free(s, p[i]);
		else
			kfree(p[i]);
	}
}
