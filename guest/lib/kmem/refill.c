/* SPDX-License-Identifier: BSD-2-Clause */
/* What a depot lacks is asked of the host, by magazines, more at a time while a cache grows. */
#include "guest/lib/kmem/priv.h"

/* Empty magazines for n objects, as many as there are; returns their capacity. */
static size_t get_magazines(unsigned int class, size_t n, bool grow, struct list_head *mags)
{
	size_t room = 0;

	while (room < n) {
		struct kmem_magazine *mag = kmem_mag_get(class, grow);

		if (!mag)
			break;
		list_add(&mag->link, mags);
		room += kmem_mag_capacity(mag->class);
	}
	return room;
}

static u32 next_batch(struct kmem_cache *cache, u32 batch)
{
	u64 bytes = min_t(u64, 2ul << 20, kmem.channel.heap_size / 64);
	u64 most = min_t(u64, kmem.channel.max_batch, bytes / cache->front.size);

	return max_t(u64, kmem_mag_capacity(cache->base_class), min_t(u64, batch * 2ull, most));
}

long kmem_refill(struct kmem_cpu *kc, struct kmem_cache *cache, gfp_t gfp, bool grow,
		 struct list_head *mags)
{
	unsigned int class = READ_ONCE(cache->mag_class);
	u32 batch = READ_ONCE(cache->batch);
	struct kmem_magazine *mag;
	struct kmem_magazine *next;
	size_t n;
	size_t room;
	size_t used = 0;
	long got;

	INIT_LIST_HEAD(mags);
	room = get_magazines(class, batch, grow, mags);
	if (!room)
		return -ENOBUFS;
	/* Whole magazines, unless that is more than a request can carry. */
	n = min_t(size_t, room, kmem.channel.max_batch);
	if (n > kmem_mag_capacity(class))
		n -= n % kmem_mag_capacity(class);
	kmem_ask_begin(kc);
	got = kmem_host_batch(kc, cache, gfp, n);

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
			mag->entry[take - i] = kmem_host_entry(kc->addr[used + i]);
		mag->count = take;
		used += take;
	}
	kmem_ask_end(kc);
	if (got < 0)
		return got;
	WRITE_ONCE(cache->batch, next_batch(cache, batch));
	kmem_depot_refilled(cache, got);

	if (cache->ctor) {
		list_for_each_entry(mag, mags, link) {
			for (unsigned int i = 1; i <= mag->count; i++)
				mag->entry[i] = kmem_construct(cache, mag->entry[i]);
		}
	}
	return got;
}

void kmem_cache_stock(struct kmem_cpu *kc, struct kmem_cache *cache)
{
	struct list_head mags;

	if (!cache->direct && !kmem_depot_objects(cache) &&
	    kmem_refill(kc, cache, 0, true, &mags) > 0)
		kmem_depot_fill(cache, &mags);
}
