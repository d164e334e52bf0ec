/* SPDX-License-Identifier: BSD-2-Clause */
/* The allocator's start and end, and that of a vCPU in it. */
#include "guest/lib/kmem/priv.h"

#define FIRST_OWN_CACHE (VIRTIO_KMEM_CLASSES + 1)
/* Runs beyond this are too large to keep by the magazine. */
#define PAGE_ORDERS_KEPT 4

static const u32 class_size[VIRTIO_KMEM_CLASSES] = VIRTIO_KMEM_CLASS_SIZES;
static const char *const class_name[VIRTIO_KMEM_CLASSES] = VIRTIO_KMEM_CLASS_NAMES;

void kmem_cpu_init(struct kmem_cpu *kc, unsigned int cpu)
{
	if (cpu >= KMEM_MAX_CPUS) {
		grt_bug(0, "kmem: vCPU %u is one too many", cpu);
		return;
	}
	kmem_slots_reset(kc);
	kmem_rcu_cpu(cpu);
	kc->cpu = cpu;
	kc->seen_give_back = READ_ONCE(kmem.give_back);
	kc->busy = false;
	kc->asking = 0;
	kc->nr_later = 0;
	kc->online = true;
	spin_lock(&kmem.walk);
	kmem.cpu[cpu] = kc;
	spin_unlock(&kmem.walk);
}

void kmem_cpu_exit(struct kmem_cpu *kc)
{
	if (kmem.ready)
		kmem_free_later(kc);
	spin_lock(&kmem.walk);
	if (kmem.ready)
		kmem_cpu_to_depots(kc);
	kmem.cpu[kc->cpu] = NULL;
	kmem_rcu_cpu(kc->cpu);
	kc->online = false;
	spin_unlock(&kmem.walk);
}

/* The class of magazine for objects of a size: what Linux's sheaves hold. */
static u8 magazine_class(size_t size)
{
	return size < 256 ? 3 : size < 1024 ? 2 : size < 4096 ? 1 : 0;
}

struct kmem_cache *kmem_cache_setup(unsigned int id, const char *name, size_t size, int order,
				    slab_flags_t flags, void (*ctor)(void *))
{
	struct kmem_cache *cache = kmem_cache_of(id);
	struct kmem_cache *next = cache ? cache->next : kmem.all;
	struct kmem_slot *slots = cache ? cache->far : NULL;
	u32 debug = kmem.channel.debug;
	bool first = !cache;

	if (!cache)
		cache = grt_ram_alloc(sizeof(*cache), 64);
	if (!cache)
		return NULL;
	memset(cache, 0, sizeof(*cache));
	cache->next = next;
	cache->far = slots;
	cache->front.id = id;
	cache->front.number = id < KMEM_SLOTS ? id : VIRTIO_KMEM_PM_FAR;
	cache->number = id < KMEM_SLOTS ? id : id - KMEM_FAR + VIRTIO_KMEM_PM_FAR;
	if (id >= KMEM_SLOTS && kmem_far_add(cache))
		return NULL;
	cache->debug = debug || flags & SLAB_CONSISTENCY_CHECKS;
	cache->front.size = size;
	cache->usable = size;
	cache->front.slow = ctor || cache->debug;
	cache->typesafe = flags & SLAB_TYPESAFE_BY_RCU;
	/* What readers may still look at goes through the depot, where it waits for them. */
	cache->direct = (cache->debug && !cache->typesafe) || order >= PAGE_ORDERS_KEPT;
	if (flags & (SLAB_CACHE_DMA | SLAB_CACHE_DMA32))
		cache->host_flags |= VIRTIO_KMEM_GFP_DMA32;
	if (flags & SLAB_ACCOUNT)
		cache->host_flags |= VIRTIO_KMEM_GFP_ACCOUNT;
	cache->order = order;
	cache->ctor = ctor;
	cache->base_class = order == 0 ? 2 : order == 1 ? 1 : magazine_class(size);
	cache->mag_class = cache->base_class;
	/* One magazine for the caller, one for the depot's reserve. */
	cache->batch = 2 * kmem_mag_capacity(cache->base_class);
	strscpy(cache->name, name, sizeof(cache->name));
	kmem_depot_init(cache);
	cache->live = true;
	if (id < KMEM_SLOTS)
		kmem.cache[id] = cache;
	if (first)
		WRITE_ONCE(kmem.all, cache);
	return cache;
}

static bool channel_valid(const struct kmem_channel *ch)
{
	return ch->ops && ch->page_map && ch->heap_size >= KMEM_FRAME_SIZE &&
	       ch->heap_base % KMEM_FRAME_SIZE == 0 && ch->heap_size % KMEM_FRAME_SIZE == 0 &&
	       ch->heap_va % KMEM_FRAME_SIZE == 0 &&
	       ch->heap_base + ch->heap_size > ch->heap_base &&
	       ch->heap_va + ch->heap_size > ch->heap_va && ch->max_batch >= 1 &&
	       ch->max_batch <= VIRTIO_KMEM_MAX_BATCH && ch->nr_ranges <= VIRTIO_KMEM_MAX_RANGES;
}

int kmem_init(const struct kmem_channel *channel)
{
	static const char *const page_name[] = {"pages-0", "pages-1", "pages-2", "pages-3",
						"pages-4", "pages-5", "pages-6", "pages-7",
						"pages-8", "pages-9", "pages-10"};

	if (!channel_valid(channel))
		return -EINVAL;
	kmem.channel = *channel;
	kmem.due = false;
	kmem.wake = false;
	kmem.granted = 0;
	kmem_mag_init();
	kmem_view = (struct kmem_view){.va = channel->heap_va,
				       .words = channel->heap_size / 8,
				       .kinds = (unsigned long)channel->page_map -
						channel->heap_va / KMEM_FRAME_SIZE};
	for (unsigned int i = 0; i < VIRTIO_KMEM_CLASSES; i++) {
		slab_flags_t flags = channel->class_debug >> i & 1 ? SLAB_CONSISTENCY_CHECKS : 0;

		if (!kmem_cache_setup(i + 1, class_name[i], class_size[i], -1, flags, NULL))
			return -ENOMEM;
	}
	for (unsigned int i = 0; i <= VIRTIO_KMEM_MAX_ORDER; i++) {
		if (!kmem_cache_setup(KMEM_PAGE_SLOT + i, page_name[i], KMEM_FRAME_SIZE << i,
				      (int)i, 0, NULL))
			return -ENOMEM;
	}
	kmem.ready = true;
	return 0;
}

void kmem_exit(void)
{
	struct kmem_cpu *kc = kmem_self();
	struct kmem_cache *cache;

	if (!kmem.ready)
		return;
	kmem_rcu_run();
	/* They are objects of the size classes, which go first. */
	kmem_for_each_cache(cache) {
		if (cache->live)
			kfree(cache->whole_name);
	}
	for (unsigned int i = 0; i < KMEM_MAX_CPUS; i++) {
		if (kmem.cpu[i])
			kmem_free_later(kmem.cpu[i]);
	}
	spin_lock(&kmem.walk);
	kmem_for_each_cache(cache) {
		if (!cache->live)
			continue;
		/* Nobody reads any more. */
		cache->typesafe = false;
		if (cache->used) {
			kmem_cache_collect(kc, cache);
			kmem_shrink(kc, cache);
		}
		if (cache->order < 0 && cache->number >= FIRST_OWN_CACHE)
			(void)kmem_ask(kc, kmem.channel.ops->cache_destroy(kc->cpu, cache->number));
		cache->live = false;
	}
	kmem_mag_exit(kc);
	kmem.ready = false;
	kmem_view.words = 0;
	spin_unlock(&kmem.walk);
}
