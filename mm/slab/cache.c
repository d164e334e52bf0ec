/* SPDX-License-Identifier: BSD-2-Clause */
/* Caches: the geometry of their slabs, making and unmaking them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "mm/slab/debug.h"

#define CACHE_MAX_SIZE  (MM_FRAME_SIZE << MM_MAX_ORDER)
#define CACHE_MIN_ALIGN 8u /* the low bits of an address are flags */
#define CACHE_FLAGS     (MM_CACHE_CTOR | MM_CACHE_NOMERGE | (MM_DEBUG_ALL & ~MM_HARDEN_GUARD))

#define CACHE_DEBUG (MM_DEBUG_SANITY | MM_DEBUG_REDZONE | MM_DEBUG_POISON | MM_DEBUG_OWNER)

/* Slots of a slab of an order; *waste: bytes left over. */
static uint64_t cache_slots(uint64_t slot_size, unsigned int order, uint64_t *waste)
{
	uint64_t bytes = MM_FRAME_SIZE << order;
	uint64_t slots = bytes / slot_size;

	if (slots > SLAB_MAX_SLOTS)
		slots = SLAB_MAX_SLOTS;
	*waste = bytes - slots * slot_size;
	return slots;
}

/*
 * The largest order up to SLAB_GROW_ORDER that wastes at most an eighth; else the
 * smallest above it that does so; else the one that wastes the least.
 */
static unsigned int cache_order(uint64_t slot_size)
{
	unsigned int best = MM_MAX_ORDER;
	bool found = false;
	uint64_t waste;

	for (unsigned int order = 0; order <= MM_MAX_ORDER; order++) {
		if (found && order > SLAB_GROW_ORDER)
			break;
		if (cache_slots(slot_size, order, &waste) && waste * 8 <= MM_FRAME_SIZE << order) {
			best = order;
			found = true;
		}
	}
	if (found)
		return best;
	for (unsigned int order = MM_MAX_ORDER; order-- > 0;) {
		uint64_t least;

		(void)cache_slots(slot_size, best, &least);
		if (cache_slots(slot_size, order, &waste) && waste << best < least << order)
			best = order;
	}
	return best;
}

/* The least order of which a slab holds a slot. */
static unsigned int cache_least_order(uint64_t slot_size)
{
	unsigned int order = 0;

	while (MM_FRAME_SIZE << order < slot_size)
		order++;
	return order;
}

static struct slab_shape cache_shape(uint64_t slot_size, uint64_t align, unsigned int order)
{
	struct slab_shape shape = {.order = (uint8_t)order, .colours = 1};
	uint64_t waste;

	shape.cap = (uint16_t)cache_slots(slot_size, order, &waste);
	waste /= SLAB_COLOUR;
	if (align <= SLAB_COLOUR)
		shape.colours += waste < SLAB_MAX_COLOURS ? (uint8_t)waste : SLAB_MAX_COLOURS - 1;
	return shape;
}

static void cache_init(struct slab_set *set, struct slab_cache *cache, const char *name,
		       size_t size, size_t align, unsigned int flags)
{
	uint64_t slot;

	if (align < CACHE_MIN_ALIGN)
		align = CACHE_MIN_ALIGN;
	/* The largest objects leave no room for a red zone. */
	slot = (size + SLAB_REDZONE + align - 1) & ~((uint64_t)align - 1);
	if (slot > CACHE_MAX_SIZE)
		flags &= ~MM_DEBUG_REDZONE;
	if (!(flags & MM_DEBUG_REDZONE))
		slot = (size + align - 1) & ~((uint64_t)align - 1);
	if (flags & SLAB_DEBUG_MODES && slot < SLAB_DEBUG_SLOT)
		slot = SLAB_DEBUG_SLOT;
	/* Relaxed: live is stored after it. */
	atomic_store_explicit(&cache->flags, flags, memory_order_relaxed);
	cache->object_size = (uint32_t)size;
	cache->align = (uint32_t)align;
	cache->aliases = 0;
	cache->slot_size = (uint32_t)slot;
	cache->usual = cache_shape(slot, align, cache_order(slot));
	cache->least = cache_shape(slot, align, cache_least_order(slot));
	cache->recip = ((1ull << SLAB_RECIP_SHIFT) + slot - 1) / slot;
	memset(cache->list, 0, set->frames->nr_zones * sizeof(*cache->list));
	atomic_store_explicit(&cache->errors, 0, memory_order_relaxed);
	snprintf(cache->name, sizeof(cache->name), "%s", name);
}

/* Starts a number's counters anew, before another cache has it; the total keeps what
 * they said. */
static void cache_clear_count(struct slab_set *set, unsigned int number)
{
	uint64_t freed;

	(void)slab_cache_sum(set, number, &freed);
	atomic_fetch_add_explicit(&set->past, freed, memory_order_relaxed);
	atomic_fetch_add_explicit(&set->past_bytes, freed * set->cache[number].object_size,
				  memory_order_relaxed);
	for (unsigned int cpu = 0; cpu < set->config->cpus; cpu++) {
		struct slab_count *count = &set->cpu[cpu].count[number];

		atomic_store_explicit(&count->allocated, 0, memory_order_relaxed);
		atomic_store_explicit(&count->freed, 0, memory_order_relaxed);
	}
}

/*
 * A live cache made for the same objects, if both may share. The size classes are not
 * shared: their statistics are kmalloc's. With the set's lock held.
 */
static int cache_find_alike(struct slab_set *set, size_t size, size_t align, unsigned int flags)
{
	MM_ASSERT_HELD(&set->lock);
	if (flags)
		return 0;
	if (align < CACHE_MIN_ALIGN)
		align = CACHE_MIN_ALIGN;
	for (int number = MM_CLASSES + 1; number <= (int)slab_top(set); number++) {
		const struct slab_cache *cache = slab_cache_get(set, number);

		if (cache && !cache->flags && cache->object_size == size && cache->align == align)
			return number;
	}
	return 0;
}

static int cache_make(struct slab_set *set, const char *name, size_t size, size_t align,
		      unsigned int flags)
{

	MM_ASSERT_HELD(&set->lock);
	for (int number = 1; number <= (int)set->max; number++) {
		struct slab_cache *cache = &set->cache[number];

		if (atomic_load_explicit(&cache->live, memory_order_relaxed))
			continue;
		cache->list = &set->lists[(size_t)number * set->frames->nr_zones];
		if ((uint32_t)number > slab_top(set))
			atomic_store_explicit(&set->top, (uint32_t)number, memory_order_relaxed);
		cache_clear_count(set, (unsigned int)number);
		cache_init(set, cache, name, size, align, flags);
		/* Release: pairs with slab_cache_get. */
		atomic_store_explicit(&cache->live, true, memory_order_release);
		return number;
	}
	return -ENOSPC;
}

/* Modes cost memory beside the heap: whoever makes a cache adds some only to a cache that is
 * debugged anyway. */
static unsigned int debug_flags(unsigned int modes, unsigned int flags)
{
	if (!(modes & CACHE_DEBUG))
		flags &= ~MM_DEBUG_ALL;
	return flags | modes;
}

int slab_cache_create(struct slab_set *set, const char *name, size_t size, size_t align,
		      unsigned int flags)
{
	int number;

	if (!size || size > CACHE_MAX_SIZE || align > SLAB_MAX_ALIGN || align & (align - 1) ||
	    flags & ~CACHE_FLAGS)
		return -EINVAL;
	flags = debug_flags(debug_modes_of(set->config, name), flags);
	mm_lock(&set->lock);
	number = cache_find_alike(set, size, align, flags);
	if (number)
		set->cache[number].aliases++;
	else
		number = cache_make(set, name, size, align, flags);
	mm_unlock(&set->lock);
	return number;
}

unsigned int slab_cache_modes(struct slab_set *set, int number)
{
	const struct slab_cache *cache = slab_cache_get(set, number);

	return cache ? cache->flags & MM_DEBUG_ALL : 0;
}

static uint64_t cache_drain_cpu(struct slab_set *set, unsigned int number, unsigned int index)
{
	struct slab_cpu *cpu = &set->cpu[index];
	uint64_t frames = 0;
	struct slab *slab;
	bool dead;

	mm_lock(&cpu->lock);
	slab = &set->slab[cpu->active[number]];
	if (cpu->active[number]) {
		cpu->active[number] = 0;
		mm_lock(&slab->lock);
		dead = slab_retire(set, slab);
		mm_unlock(&slab->lock);
		if (dead) {
			frames = 1ull << slab->order;
			slab_unmake(set, index, slab);
		}
	}
	mm_unlock(&cpu->lock);
	return frames;
}

/* The last slab of a list that could be unmade. Only a hint, since the slab's lock
 * nests outside the list's. */
static struct slab *cache_find_empty(struct slab_set *set, struct slab_list *list)
{
	struct slab *found = NULL;

	mm_lock(&list->lock);
	/* Empty slabs are at the tail; one that was pinned just now is about to leave. */
	for (uint32_t index = list->tail; index && set->slab[index].empty;
	     index = set->slab[index].prev) {
		if (slab_pins(&set->slab[index]))
			continue;
		found = &set->slab[index];
		break;
	}
	mm_unlock(&list->lock);
	return found;
}

/* Gives CPUs' active slabs back to the lists, then empty slabs to the frames. Returns frames given
 * back. */
static uint64_t cache_drain(struct slab_set *set, unsigned int number)
{
	struct slab *slab;
	uint64_t frames = 0;

	MM_ASSERT_HELD(&set->lock);
	for (unsigned int cpu = 0; cpu < set->config->cpus; cpu++)
		frames += cache_drain_cpu(set, number, cpu);
	for (unsigned int zone = 0; zone < set->frames->nr_zones; zone++) {
		struct slab_list *list = &set->cache[number].list[zone];

		while ((slab = cache_find_empty(set, list))) {
			bool dead;

			mm_lock(&slab->lock);
			dead = slab_kill_empty(set, slab, list);
			mm_unlock(&slab->lock);
			/* If not, someone has taken it into use: look again. */
			if (!dead)
				continue;
			frames += 1ull << slab->order;
			slab_unmake(set, 0, slab);
		}
	}
	return frames;
}

int slab_cache_destroy(struct slab_set *set, int number)
{
	struct slab_cache *cache;
	int err = 0;

	if (number >= 1 && number <= MM_CLASSES)
		return -EPERM;
	mm_lock(&set->lock);
	cache = slab_cache_get(set, number);
	if (!cache) {
		err = -ENOENT;
		goto out;
	}
	if (cache->aliases) {
		cache->aliases--;
		goto out;
	}
	/* Allocations look at live under their CPU's lock, which the drain takes after
	 * this: none is under way once it is through. */
	atomic_store_explicit(&cache->live, false, memory_order_relaxed);
	(void)cache_drain(set, (unsigned int)number);
	/* Acquire: the last slab's unmaking comes before the number is used again. */
	if (atomic_load_explicit(&cache->nr_slabs, memory_order_acquire)) {
		atomic_store_explicit(&cache->live, true, memory_order_release);
		err = -EBUSY;
	}
out:
	mm_unlock(&set->lock);
	return err;
}

long slab_cache_shrink(struct slab_set *set, int number)
{
	long frames = -ENOENT;

	mm_lock(&set->lock);
	if (slab_cache_get(set, number))
		frames = (long)cache_drain(set, (unsigned int)number);
	mm_unlock(&set->lock);
	return frames;
}
