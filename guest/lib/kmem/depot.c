/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The depot of a cache: what keeps the load off the host, whose every request costs
 * tens of microseconds. How much it keeps follows the load: objects asked back soon
 * after they were given away raise the limit, a working set that leaves some unused
 * lowers it (Bonwick and Adams, "Magazines and Vmem", section 3.4, with a count of
 * exchanges for the clock).
 */
#include "guest/lib/kmem/priv.h"
#include <linux/rcupdate.h>

#define DEPOT_MAGAZINES 10u           /* to start with, as many as Linux's barn */
#define DEPOT_BYTES     (256ul << 10) /* or as many objects as this, if that is more */
#define DEPOT_LOOK      256u          /* exchanges between looks, at least */
#define DEPOT_EMPTY     16u           /* most empty magazines; as many serve a cache's frees */

static u64 depot_base(const struct kmem_cache *cache)
{
	u64 base = (u64)DEPOT_MAGAZINES * kmem_mag_capacity(cache->base_class);
	u64 bytes = min_t(u64, DEPOT_BYTES, kmem.channel.heap_size / 256);

	return max(base, min_t(u64, bytes / cache->front.size, VIRTIO_KMEM_MAX_BATCH * 2));
}

void kmem_depot_init(struct kmem_cache *cache)
{
	struct kmem_depot *d = &cache->depot;

	memset(d, 0, sizeof(*d));
	spin_lock_init(&d->lock);
	INIT_LIST_HEAD(&d->full);
	INIT_LIST_HEAD(&d->empty);
	d->limit = depot_base(cache);
}

/* Changes the limit by what the heap as a whole can bear: half of it for all depots
 * beyond their bases, a quarter for one. Called with the lock held. */
static void depot_set_limit(struct kmem_cache *cache, u64 limit)
{
	struct kmem_depot *d = &cache->depot;
	u64 size = cache->front.size;
	u64 base = depot_base(cache);

	limit = max(base, min(limit, kmem.channel.heap_size / 4 / size));
	if (limit > d->limit) {
		u64 more = (limit - d->limit) * size;

		/* Relaxed: a sum, which orders nothing. */
		if (__atomic_add_fetch(&kmem.granted, more, __ATOMIC_RELAXED) >
		    kmem.channel.heap_size / 2) {
			__atomic_sub_fetch(&kmem.granted, more, __ATOMIC_RELAXED);
			return;
		}
	} else {
		__atomic_sub_fetch(&kmem.granted, (d->limit - limit) * size, __ATOMIC_RELAXED);
	}
	WRITE_ONCE(d->limit, limit); /* read by those who trim without the lock */
}

/* Every so often: what was never touched since the last look is no part of the working
 * set. A look takes long enough for the load to come round. */
static void depot_look(struct kmem_cache *cache)
{
	struct kmem_depot *d = &cache->depot;
	unsigned int max_class = cache->base_class;

	d->low = min(d->low, d->objects);
	d->high = max(d->high, d->objects);
	if (++d->exchanges < DEPOT_LOOK + 4 * (u32)(d->high / kmem_mag_capacity(cache->base_class)))
		return;
	if (d->low > depot_base(cache))
		depot_set_limit(cache, d->limit - min(d->limit, d->low / 2));
	/* A magazine that is exchanged often is too small; two of them may pin down at
	 * most 64 KiB each. */
	while (max_class < KMEM_MAG_CLASSES - 1 &&
	       (u64)kmem_mag_capacity(max_class + 1) * cache->front.size <= 64u << 10)
		max_class++;
	if (cache->mag_class < max_class)
		WRITE_ONCE(cache->mag_class, cache->mag_class + 1);
	d->low = d->high = d->objects;
	d->exchanges = 0;
}

/* Magazines come into the depot of a typesafe cache: whoever reads may have found their objects
 * before these were freed, and nobody who reads later. The host, which may make anything of them,
 * has them when those have ended. */
static u32 depot_grace(const struct kmem_cache *cache)
{
	return cache->typesafe ? (u32)start_poll_synchronize_rcu() : 0;
}

static bool depot_may_drain(const struct kmem_cache *cache, const struct kmem_magazine *mag)
{
	unsigned long last;

	if (!cache->typesafe)
		return true;
	/* The cookie whose lower half was noted is this one, or was given out before it. */
	last = get_state_synchronize_rcu();
	return poll_state_synchronize_rcu(last - (u32)((u32)last - mag->grace));
}

static void depot_add(struct kmem_depot *d, struct kmem_magazine *mag)
{
	list_add(&mag->link, &d->full);
	d->nr_full++;
	d->objects += mag->count;
}

static void depot_remove(struct kmem_depot *d, struct kmem_magazine *mag)
{
	list_del(&mag->link);
	d->nr_full--;
	d->objects -= mag->count;
}

struct kmem_magazine *kmem_depot_take(struct kmem_cache *cache, struct kmem_magazine *empty,
				      bool last)
{
	struct kmem_depot *d = &cache->depot;
	struct kmem_magazine *mag = NULL;

	spin_lock(&d->lock);
	if (d->nr_full > (last ? 0u : 1u)) {
		mag = list_first_entry(&d->full, struct kmem_magazine, link);
		depot_remove(d, mag);
		if (empty && d->nr_empty < DEPOT_EMPTY) {
			list_add(&empty->link, &d->empty);
			d->nr_empty++;
			empty = NULL;
		}
		depot_look(cache);
	} else {
		empty = NULL;
	}
	spin_unlock(&d->lock);
	/* For any cache to use. */
	if (empty)
		kmem_mag_put(empty);
	return mag;
}

u64 kmem_depot_give(struct kmem_cache *cache, struct kmem_magazine *mag,
		    struct kmem_magazine **empty)
{
	struct kmem_depot *d = &cache->depot;
	struct kmem_magazine *small = NULL;
	u64 excess;

	*empty = NULL;
	mag->grace = depot_grace(cache);
	spin_lock(&d->lock);
	depot_add(d, mag);
	if (d->nr_empty) {
		*empty = list_first_entry(&d->empty, struct kmem_magazine, link);
		list_del(&(*empty)->link);
		d->nr_empty--;
	}
	depot_look(cache);
	excess = d->objects > d->limit ? d->objects - d->limit : 0;
	spin_unlock(&d->lock);

	if (*empty && (*empty)->class < READ_ONCE(cache->mag_class)) {
		small = *empty;
		*empty = NULL;
		kmem_mag_put(small);
	}
	return excess;
}

void kmem_depot_fill(struct kmem_cache *cache, struct list_head *mags)
{
	struct kmem_depot *d = &cache->depot;
	const u32 grace = depot_grace(cache);
	struct kmem_magazine *mag;

	spin_lock(&d->lock);
	list_for_each_entry(mag, mags, link) {
		mag->grace = grace;
		d->nr_full++;
		d->objects += mag->count;
	}
	list_splice_init(mags, &d->full);
	spin_unlock(&d->lock);
}

u64 kmem_depot_objects(struct kmem_cache *cache)
{
	struct kmem_depot *d = &cache->depot;
	u64 objects;

	spin_lock(&d->lock);
	objects = d->objects;
	spin_unlock(&d->lock);
	return objects;
}

void kmem_depot_refilled(struct kmem_cache *cache, u64 objects)
{
	struct kmem_depot *d = &cache->depot;
	u64 back;

	spin_lock(&d->lock);
	back = min(objects, d->drained);
	d->drained -= back;
	if (back)
		depot_set_limit(cache, d->limit + back);
	spin_unlock(&d->lock);
}

void kmem_depot_drain(struct kmem_cpu *kc, struct kmem_cache *cache, u64 keep)
{
	struct kmem_depot *d = &cache->depot;
	struct kmem_magazine *mag;
	struct kmem_magazine *next;

	for (;;) {
		LIST_HEAD(cold);
		size_t n = 0;

		spin_lock(&d->lock);
		while (d->nr_full) {
			mag = list_last_entry(&d->full, struct kmem_magazine, link);
			if (d->objects < keep + mag->count ||
			    n + mag->count > kmem.channel.max_batch || !depot_may_drain(cache, mag))
				break;
			depot_remove(d, mag);
			list_add(&mag->link, &cold);
			n += mag->count;
		}
		d->drained += n;
		spin_unlock(&d->lock);
		if (list_empty(&cold))
			return;

		n = 0;
		kmem_ask_begin(kc);
		list_for_each_entry(mag, &cold, link) {
			for (unsigned int i = 1; i <= mag->count; i++)
				kc->addr[n++] = mag->entry[i];
		}
		kmem_host_free(kc, cache, n, 0);
		kmem_ask_end(kc);
		list_for_each_entry_safe(mag, next, &cold, link)
			kmem_mag_put(mag);
	}
}

void kmem_depot_trim(struct kmem_cpu *kc, struct kmem_cache *cache, u64 excess)
{
	struct kmem_depot *d = &cache->depot;
	u64 limit = READ_ONCE(d->limit);
	u64 batch = min_t(u64, kmem.channel.max_batch, limit / 2);

	/* A request costs the same for a whole batch. */
	kmem_depot_drain(kc, cache, limit + excess - max(batch, excess));
	WRITE_ONCE(cache->batch, kmem_mag_capacity(cache->base_class));
}

void kmem_depot_relieve(struct kmem_cpu *kc, struct kmem_cache *cache)
{
	u64 objects = kmem_depot_objects(cache);
	u64 limit = READ_ONCE(cache->depot.limit);

	if (objects > limit)
		kmem_depot_trim(kc, cache, objects - limit);
}

void kmem_depot_drop_empty(struct kmem_cache *cache)
{
	struct kmem_depot *d = &cache->depot;
	struct kmem_magazine *mag;
	struct kmem_magazine *next;
	LIST_HEAD(empty);

	spin_lock(&d->lock);
	list_splice_init(&d->empty, &empty);
	d->nr_empty = 0;
	spin_unlock(&d->lock);
	list_for_each_entry_safe(mag, next, &empty, link)
		kmem_mag_put(mag);
}

void kmem_depot_empty(struct kmem_cpu *kc, struct kmem_cache *cache)
{
	struct kmem_depot *d = &cache->depot;

	kmem_depot_drain(kc, cache, 0);
	spin_lock(&d->lock);
	d->drained = 0;
	depot_set_limit(cache, 0);
	WRITE_ONCE(cache->mag_class, cache->base_class);
	spin_unlock(&d->lock);
	kmem_depot_drop_empty(cache);
}
