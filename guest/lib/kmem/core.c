/* SPDX-License-Identifier: BSD-2-Clause */
/* The allocator's start and end, and what the rest of the runtime asks of it. */
#include "guest/lib/kmem/priv.h"

#define FIRST_OWN_CACHE (VIRTIO_KMEM_CLASSES + 1)
/* Runs beyond this are too large to keep by the magazine. */
#define PAGE_ORDERS_KEPT 4

struct kmem kmem;
struct kmem_view kmem_view;

static const u32 class_size[VIRTIO_KMEM_CLASSES] = VIRTIO_KMEM_CLASS_SIZES;
static const char *const class_name[VIRTIO_KMEM_CLASSES] = VIRTIO_KMEM_CLASS_NAMES;

void kmem_cpu_init(struct kmem_cpu *kc, unsigned int cpu)
{
	if (cpu >= KMEM_MAX_CPUS)
		grt_bug(0, "kmem: vCPU %u is one too many", cpu);
	kmem_slots_reset(kc);
	kc->cpu = cpu;
	kc->seen_give_back = READ_ONCE(kmem.give_back);
	kc->busy = false;
	kc->online = true;
	spin_lock(&kmem.walk);
	kmem.cpu[cpu] = kc;
	spin_unlock(&kmem.walk);
}

#ifndef SLABVISOR_HOSTED
struct kmem_cpu *kmem_self(void)
{
	return &this_cpu()->kmem;
}
#endif

/* The class of magazine for objects of a size: what Linux's sheaves hold. */
static u8 magazine_class(size_t size)
{
	return size < 256 ? 3 : size < 1024 ? 2 : size < 4096 ? 1 : 0;
}

struct kmem_cache *kmem_cache_setup(unsigned int number, const char *name, size_t size, int order,
				    slab_flags_t flags, void (*ctor)(void *))
{
	struct kmem_cache *cache = kmem.cache[number];
	u32 debug = kmem.channel.debug;

	if (!cache)
		cache = grt_ram_alloc(sizeof(*cache), 64);
	if (!cache)
		return NULL;
	memset(cache, 0, sizeof(*cache));
	cache->debug = debug || flags & SLAB_CONSISTENCY_CHECKS;
	cache->front.number = number;
	cache->front.size = size;
	cache->front.slow = ctor || cache->debug;
	cache->direct = cache->debug || order >= PAGE_ORDERS_KEPT;
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
	kmem.cache[number] = cache;
	return cache;
}

void kmem_cache_stock(struct kmem_cpu *kc, struct kmem_cache *cache)
{
	struct list_head mags;

	if (!cache->direct && kmem_host_refill(kc, cache, 0, &mags) > 0)
		kmem_depot_fill(cache, &mags);
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
	kmem.granted = 0;
	kmem_mag_init();
	kmem_view = (struct kmem_view){.va = channel->heap_va,
				       .words = channel->heap_size / 8,
				       .page_map = channel->page_map};
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

/* Has the host unmake the slabs that are empty now: it keeps a few for each cache. */
static void shrink(struct kmem_cpu *kc, const struct kmem_cache *cache)
{
	if (cache->order < 0)
		kmem.channel.ops->cache_shrink(kc->cpu, cache->front.number);
}

void kmem_reclaim(struct kmem_cpu *kc)
{
	kmem_cpu_to_depots(kc);
	for (unsigned int i = 0; i < KMEM_SLOTS; i++) {
		struct kmem_cache *cache = kmem.cache[i];

		if (cache && cache->live && READ_ONCE(cache->used)) {
			kmem_depot_empty(kc, cache);
			shrink(kc, cache);
			if (READ_ONCE(cache->atomic))
				kmem_cache_due(cache);
		}
	}
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

void kmem_poll(void)
{
	struct kmem_cpu *kc = kmem_self();

	/* The slow path may end up here, waiting for a lock. */
	if (!kmem.ready || kc->busy)
		return;
	kc->busy = true;
	kmem_obey(kc, GFP_KERNEL);
	kc->busy = false;
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

void kmem_exit(void)
{
	struct kmem_cpu *kc = kmem_self();

	if (!kmem.ready)
		return;
	spin_lock(&kmem.walk);
	for (unsigned int i = 0; i < KMEM_SLOTS; i++) {
		struct kmem_cache *cache = kmem.cache[i];

		if (!cache || !cache->live)
			continue;
		if (cache->used) {
			kmem_cache_collect(kc, cache);
			shrink(kc, cache);
		}
		if (i >= FIRST_OWN_CACHE && i < KMEM_PAGE_SLOT)
			kmem.channel.ops->cache_destroy(kc->cpu, i);
		cache->live = false;
	}
	kmem_mag_exit(kc);
	kmem.ready = false;
	kmem_view.words = 0;
	spin_unlock(&kmem.walk);
}

const struct kmem_channel *kmem_channel(void)
{
	return kmem.ready ? &kmem.channel : NULL;
}

void *kmem_to_virt(u64 addr)
{
	return (void *)(addr - kmem.channel.heap_base + kmem.channel.heap_va);
}

u64 kmem_to_phys(const void *p)
{
	return (unsigned long)p - kmem.channel.heap_va + kmem.channel.heap_base;
}

bool kmem_in_heap(u64 addr, size_t size)
{
	u64 off = addr - kmem.channel.heap_base;

	return off < kmem.channel.heap_size && size <= kmem.channel.heap_size - off;
}

u8 kmem_page_kind(u64 addr)
{
	u64 off = addr - kmem.channel.heap_base;

	if (!kmem.ready || off >= kmem.channel.heap_size)
		return VIRTIO_KMEM_PM_NONE;
	return READ_ONCE(kmem.channel.page_map[off / KMEM_FRAME_SIZE]);
}

long kmem_pin(size_t n, const u64 *addr)
{
	struct kmem_cpu *kc = kmem_self();
	size_t done = 0;

	if (!kmem.ready)
		return -ENODEV;
	while (done < n) {
		size_t some = min_t(size_t, n - done, kmem.channel.max_batch);
		long got = kmem.channel.ops->pin(kc->cpu, some, addr + done);

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

		kmem.channel.ops->unpin(kc->cpu, some, addr + done, kc->bad, &nr_bad);
		WARN(nr_bad, "unpin: %zu pages were not pinned, the first is 0x%llx", nr_bad,
		     addr[done + min_t(size_t, kc->bad[0].index, some - 1)]);
		done += some;
	}
}

int kmem_stats(u32 cache, struct virtio_kmem_stats *stats)
{
	if (!kmem.ready)
		return -ENODEV;
	return kmem.channel.ops->stats(kmem_self()->cpu, cache, stats);
}
