/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects in bulk, out of slabs. */
#include <errno.h>
#include <string.h>

#include "mm/slab/debug.h"

struct request {
	struct slab_set *set;
	struct slab_cache *cache;
	unsigned int number;
	unsigned int cpu;
	int node;
	unsigned int flags;
	bool no_runs[2]; /* by whether it is about all zones: no run of the usual order was left */
	struct debug_call call;
};

/*
 * Takes up to n slots, lowest first. That order makes `fresh` exact: a slot past
 * every slot ever taken has not been handed out. With the slab's lock held.
 */
static size_t slab_take(const struct frame_pool *pool, struct slab *slab, size_t n, uint64_t *addr)
{
	const uint64_t start = slab_start(pool, slab);
	const uint64_t size = slab->slot_size;
	const uint64_t flags = MM_ADDR_FRESH | (slab->zero ? MM_ADDR_ZERO : 0);
	unsigned int fresh = slab->fresh;
	unsigned int slot = 0;
	size_t got = 0;

	MM_ASSERT_HELD(&slab->lock);
	for (unsigned int i = 0; i < SLAB_WORDS && got < n; i++) {
		uint64_t free = slab->free[i];

		while (free && got < n) {
			slot = i * 64 + (unsigned int)__builtin_ctzll(free);
			free &= free - 1;
			addr[got++] = (start + slot * size) | (slot >= fresh ? flags : 0);
		}
		slab->free[i] = free;
	}
	if (got && slot >= fresh)
		slab->fresh = (uint16_t)(slot + 1);
	slab->used = (uint16_t)(slab->used + got);
	MM_ASSERT(slab->used <= slab->cap);
	return got;
}

/*
 * Zeroes what was asked to be zero and is not known to be. With the slab's lock held:
 * once it is dropped a guest may guess the addresses and free them, and the memory may
 * be gone.
 */
static void request_zero(const struct request *rq, uint64_t *addr, size_t n)
{
	const size_t size = rq->cache->object_size;
	const uint64_t base = rq->set->map->base;
	uint8_t *host = rq->set->map->host;

	if (!(rq->flags & MM_ZERO))
		return;
	for (size_t i = 0; i < n; i++) {
		if (addr[i] & MM_ADDR_ZERO)
			continue;
		memset(host + ((addr[i] & ~MM_ADDR_FLAGS) - base), 0, size);
		addr[i] |= MM_ADDR_ZERO;
	}
}

/* Debug modes look at each object, and may keep some of them back. */
static size_t slab_take_debug(const struct request *rq, struct slab *slab, size_t n, uint64_t *addr)
{
	size_t taken;
	size_t got = 0;

	if (rq->cache->flags & MM_HARDEN_RANDOM)
		taken = debug_take_random(rq->set, slab, &rq->set->cpu[rq->cpu].seed, n, addr);
	else
		taken = slab_take(rq->set->frames, slab, n, addr);

	for (size_t i = 0; i < taken; i++) {
		uint64_t offset = (addr[i] & ~MM_ADDR_FLAGS) - slab_start(rq->set->frames, slab);
		unsigned int slot = (unsigned int)(offset / slab->slot_size);

		if (!debug_alloc(rq->set, slab, slot, addr[i] & MM_ADDR_FRESH, &rq->call)) {
			atomic_fetch_add_explicit(&rq->cache->errors, 1, memory_order_relaxed);
			continue;
		}
		request_zero(rq, &addr[i], 1);
		debug_redzone(rq->set, slab, slot);
		addr[got++] = addr[i];
	}
	return got;
}

static bool request_matches(const struct request *rq, const struct slab *slab)
{
	const struct frame_zone *zone = &rq->set->frames->zone[slab->zone];

	return (rq->node == MM_NODE_ANY || zone->node == rq->node) &&
	       (!(rq->flags & MM_DMA32) || zone->dma32);
}

/* A slab with free slots: from the lists of the zones from to end of the request's
 * order of preference. */
static uint32_t request_pop(const struct request *rq, const uint8_t *order, unsigned int from,
			    unsigned int end)
{
	uint32_t slab = 0;

	for (unsigned int i = from; i < end && !slab; i++) {
		if (rq->flags & MM_DMA32 && !rq->set->frames->zone[order[i]].dma32)
			continue;
		slab = slab_list_pop(rq->set, rq->number, order[i]);
	}
	return slab;
}

/* A new slab, of the usual shape if there is a run for it. A search that fails looks at all of the
 * heap, so a request makes one. */
static uint32_t request_make(struct request *rq, unsigned int flags)
{
	const struct slab_cache *cache = rq->cache;
	bool *no_run = &rq->no_runs[!(flags & MM_THISNODE)];
	uint32_t slab = 0;

	if (!*no_run)
		slab = slab_make(rq->set, rq->cpu, rq->number, &cache->usual, rq->node, flags);
	if (slab || cache->least.order == cache->usual.order)
		return slab;
	*no_run = true;
	return slab_make(rq->set, rq->cpu, rq->number, &cache->least, rq->node, flags);
}

static uint32_t request_slab(struct request *rq)
{
	const struct frame_pool *pool = rq->set->frames;
	unsigned int list = rq->node == MM_NODE_ANY ? MM_MAX_NODES : (unsigned int)rq->node;
	uint32_t slab;

	slab = request_pop(rq, pool->order[list], 0, pool->near[list]);
	if (!slab)
		slab = request_make(rq, rq->flags | MM_THISNODE);
	if (slab || rq->flags & MM_THISNODE)
		return slab;
	slab = request_pop(rq, pool->order[list], pool->near[list], pool->reach[list]);
	if (!slab)
		slab = request_make(rq, rq->flags);
	return slab;
}

/* Lists the active slab of a CPU that a request cannot use. */
static void request_swap(const struct request *rq, uint32_t *active)
{
	struct slab *slab = &rq->set->slab[*active];
	bool dead;

	*active = 0;
	mm_lock(&slab->lock);
	dead = slab_retire(rq->set, slab);
	mm_unlock(&slab->lock);
	if (dead)
		slab_unmake(rq->set, rq->cpu, slab);
}

/* With the CPU's lock held. */
static size_t request_fill(struct request *rq, uint32_t *active, size_t n, uint64_t *addr)
{
	struct slab_set *set = rq->set;
	size_t got = 0;

	MM_ASSERT_HELD(&set->cpu[rq->cpu].lock);
	while (got < n) {
		struct slab *slab;

		if (*active && !request_matches(rq, &set->slab[*active]))
			request_swap(rq, active);
		if (!*active)
			*active = request_slab(rq);
		if (!*active)
			break;
		slab = &set->slab[*active];
		mm_lock(&slab->lock);
		if (debug_on(slab)) {
			got += slab_take_debug(rq, slab, n - got, addr + got);
		} else {
			size_t taken = slab_take(set->frames, slab, n - got, addr + got);

			request_zero(rq, addr + got, taken);
			got += taken;
		}
		if (slab->used == slab->cap) {
			(void)slab_retire(set, slab);
			*active = 0;
		}
		mm_unlock(&slab->lock);
	}
	return got;
}

/* Returns how many objects; -ENOENT, there is no such cache; -EINVAL, its objects are not such. */
static long request_serve(struct request *rq, size_t n, uint64_t *addr)
{
	struct slab_cpu *local = &rq->set->cpu[rq->cpu];
	_Atomic uint64_t *count = &local->count[rq->number].allocated;
	const struct slab_cache *cache = rq->cache;
	size_t got;

	mm_lock(&local->lock);
	/* Under the lock that mm_cache_destroy goes through: until it is released the cache is
	 * neither gone nor another. */
	if (!slab_cache_get(rq->set, (int)rq->number)) {
		mm_unlock(&local->lock);
		return -ENOENT;
	}
	if ((rq->flags & MM_ZERO && cache->flags & MM_CACHE_CTOR) ||
	    rq->call.asked > cache->object_size) {
		mm_unlock(&local->lock);
		return -EINVAL;
	}
	got = request_fill(rq, &local->active[rq->number], n, addr);
	/* Relaxed, and no read-modify-write: written under this lock alone. */
	atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + got,
			      memory_order_relaxed);
	mm_unlock(&local->lock);
	return (long)got;
}

long slab_alloc_bulk(struct slab_set *set, unsigned int cpu, int cache, int node,
		     unsigned int flags, size_t asked, uint64_t caller, size_t n, uint64_t *addr)
{
	struct debug_log log;
	const unsigned int index = map_cpu(set->map, cpu);
	struct request rq = {
		.set = set,
		.cache = slab_cache_get(set, cache),
		.number = (unsigned int)cache,
		.cpu = index,
		.node = node,
		.flags = flags,
		.call = {.log = &log, .cpu = index, .caller = caller, .asked = asked},
	};
	long got;

	if (!rq.cache)
		return -ENOENT;
	if (!n || node < MM_NODE_ANY || node >= MM_MAX_NODES ||
	    frame_node_is_user(set->frames, node) || flags & ~(MM_ZERO | MM_THISNODE | MM_DMA32))
		return -EINVAL;

	debug_log_begin(&log);
	got = request_serve(&rq, n, addr);
	if (!got) {
		slab_set_drain(set);
		memset(rq.no_runs, 0, sizeof(rq.no_runs));
		got = request_serve(&rq, n, addr);
	}
	debug_say(set, &log);
	if (got < 0)
		return got;

	return got ? got : -ENOMEM;
}
