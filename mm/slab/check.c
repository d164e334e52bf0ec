/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether descriptors, lists, bits and counters of slabs agree, while no call is under way. */
#include "mm/slab/debug.h"

#ifdef MM_CHECK

#include "mm/host/limit.h"

static bool bit(const uint64_t *row, unsigned int slot)
{
	return row[slot / 64] >> slot % 64 & 1;
}

/* Slots that are neither free nor a caller's: freed ones that wait for a pin, or that a debug mode
 * keeps back. */
static unsigned int slots_withheld(const struct slab *slab)
{
	unsigned int nr = 0;

	for (unsigned int slot = 0; slot < slab->cap; slot++) {
		if (!bit(slab->free, slot))
			nr += debug_withholds(slab, slot) ||
			      (slab->held && bit(slab->held->row, slot));
	}
	return nr;
}

static const char *check_slots(const struct slab_set *set, const struct slab *slab, uint32_t index)
{
	unsigned int flags =
		atomic_load_explicit(&set->cache[slab->cache].flags, memory_order_relaxed);
	unsigned int free = 0;
	unsigned int held = 0;

	for (unsigned int slot = 0; slot < SLAB_MAX_SLOTS; slot++) {
		bool waits = slab->held && bit(slab->held->row, slot);

		free += bit(slab->free, slot);
		held += waits;
		if (slot >= slab->cap && (bit(slab->free, slot) || waits))
			return limit_why("slab %u has %u slots, and a bit of slot %u", index,
					 slab->cap, slot);
		if (bit(slab->free, slot) && waits)
			return limit_why("slot %u of slab %u is free and waits for a pin", slot,
					 index);
		if (slot >= slab->fresh && slot < slab->cap && !bit(slab->free, slot) &&
		    !(flags & MM_HARDEN_RANDOM))
			return limit_why("slot %u of slab %u is in use and was never handed out",
					 slot, index);
	}
	if (free + slab->used != slab->cap)
		return limit_why("slab %u of %u slots counts %u in use, and bits of %u free", index,
				 slab->cap, slab->used, free);
	if (slab->held && slab->held->nr != held)
		return limit_why("slab %u counts %u slots that wait for a pin, %u do", index,
				 slab->held->nr, held);
	return NULL;
}

static const char *check_frames(const struct slab_set *set, const struct slab *slab, uint32_t index)
{
	uint32_t pins = 0;

	for (uint64_t i = 0; i < 1ull << slab->order; i++) {
		frame_t frame = slab_frame(slab, i);

		pins += pin_count(set->pins, frame);
		if (atomic_load_explicit(&set->of[frame.nr], memory_order_relaxed) != index)
			return limit_why("frame %llu is of slab %u, and found as another's",
					 (unsigned long long)frame.nr, index);
	}
	if (!map_is(set->map, slab_frame(slab, 0), 1ull << slab->order, slab_pm(slab->cache)))
		return limit_why("the page map does not have slab %u for cache %u's", index,
				 slab->cache);
	if (pins != slab_pins(slab))
		return limit_why("slab %u counts %u pins, its frames %u", index, slab_pins(slab),
				 pins);
	if (!slab->held != !pins)
		return limit_why("slab %u has %u pins, and %s what to note frees in", index, pins,
				 pins ? "not" : "still");
	return NULL;
}

static const char *check_state(const struct slab_set *set, const struct slab *slab, uint32_t index)
{
	unsigned int active = 0;

	for (unsigned int cpu = 0; cpu < set->config->cpus; cpu++)
		active += set->cpu[cpu].active[slab->cache] == index;
	if (active != (slab_get_state(slab) == SLAB_ACTIVE))
		return limit_why("slab %u is in state %u, and active on %u CPUs", index,
				 slab_get_state(slab), active);
	if (slab_get_state(slab) == SLAB_FULL && slab->used != slab->cap)
		return limit_why("slab %u is full with %u of %u slots in use", index, slab->used,
				 slab->cap);
	return NULL;
}

static bool slab_is_shaped(const struct slab *slab, const struct slab_shape *shape)
{
	return slab->order == shape->order && slab->cap == shape->cap &&
	       slab->colour < shape->colours;
}

static const char *check_slab(const struct slab_set *set, const struct slab *slab, uint32_t index)
{
	const struct slab_cache *cache = &set->cache[slab->cache];
	const char *why;

	if (!slab->cache || slab->cache > slab_top(set) ||
	    !(slab_is_shaped(slab, &cache->usual) || slab_is_shaped(slab, &cache->least)) ||
	    slab->slot_size != cache->slot_size)
		return limit_why("slab %u does not look as cache %u's do", index, slab->cache);
	why = check_slots(set, slab, index);
	if (!why)
		why = check_frames(set, slab, index);
	return why ? why : check_state(set, slab, index);
}

/* Walks a list: neighbours, states, and what is counted of them. */
static const char *check_list(const struct slab_set *set, unsigned int number, unsigned int zone,
			      uint32_t *listed)
{
	const struct slab_list *list = &set->cache[number].list[zone];
	uint32_t before = 0;
	uint32_t empty = 0;
	uint32_t frames = 0;

	if (atomic_load_explicit(&list->lock.held, memory_order_relaxed))
		return limit_why("a list of cache %u is locked at rest", number);
	for (uint32_t index = list->head; index; index = set->slab[index].next) {
		const struct slab *slab = &set->slab[index];

		if (index >= set->nr_slabs || slab->prev != before ||
		    slab_get_state(slab) != SLAB_LISTED || slab->cache != number ||
		    slab->zone != zone)
			return limit_why("slab %u is on a list of cache %u, where it does not "
					 "belong",
					 index, number);
		if (slab->empty != (!slab->used && !slab_pins(slab)) ||
		    slab->sparse != slab_is_sparse(slab))
			return limit_why("slab %u, of %u objects, is listed as %s", index,
					 slab->used, slab->empty ? "empty" : "another");
		empty += slab->empty;
		frames += slab->empty ? 1u << slab->order : 0;
		(*listed)++;
		before = index;
	}
	if (before != list->tail || empty != list->nr_empty || frames != list->empty_frames)
		return limit_why("a list of cache %u ends at slab %u, not %u, or has %u empty "
				 "slabs of %u frames, not %u of %u",
				 number, before, list->tail, empty, frames, list->nr_empty,
				 list->empty_frames);
	return NULL;
}

/* A cache's counters against its slabs'. */
static const char *check_cache(struct slab_set *set, unsigned int number,
			       const struct slab_seen *sum)
{
	const struct slab_cache *cache = &set->cache[number];
	uint64_t freed;
	uint64_t allocated = slab_cache_sum(set, number, &freed);
	uint32_t slabs = atomic_load_explicit(&cache->nr_slabs, memory_order_relaxed);
	uint32_t least = atomic_load_explicit(&cache->nr_least, memory_order_relaxed);

	if (slabs != sum->slabs || least != sum->least)
		return limit_why("cache %u counts %u slabs, %u of its least order, there are %u "
				 "and %u",
				 number, slabs, least, sum->slabs, sum->least);
	if (allocated - freed != sum->out)
		return limit_why("cache %u counts %llu objects, its slabs %llu", number,
				 (unsigned long long)(allocated - freed),
				 (unsigned long long)sum->out);
	return NULL;
}

static const char *check_locks(const struct slab_set *set)
{
	bool held = atomic_load_explicit(&set->lock.held, memory_order_relaxed) ||
		    atomic_load_explicit(&set->spare_lock.held, memory_order_relaxed);

	for (unsigned int cpu = 0; cpu < set->config->cpus; cpu++)
		held |= atomic_load_explicit(&set->cpu[cpu].lock.held, memory_order_relaxed);
	for (uint32_t index = 1; index < set->nr_slabs; index++)
		held |= atomic_load_explicit(&set->slab[index].lock.held, memory_order_relaxed);
	return held ? "a lock of the slabs is held at rest" : NULL;
}

const char *slab_check(struct slab_set *set, uint64_t *frames)
{
	uint32_t dead = 0;
	uint32_t in_state = 0;
	uint32_t listed = 0;
	uint32_t spare = 0;
	const char *why = check_locks(set);

	*frames = 0;
	for (unsigned int number = 1; number <= slab_top(set); number++)
		set->cache[number].sum = (struct slab_seen){0};
	for (uint32_t index = 1; !why && index < set->nr_slabs; index++) {
		const struct slab *slab = &set->slab[index];

		if (slab_get_state(slab) == SLAB_DEAD) {
			dead++;
			continue;
		}
		why = check_slab(set, slab, index);
		if (why)
			break;
		in_state += slab_get_state(slab) == SLAB_LISTED;
		*frames += 1ull << slab->order;
		set->cache[slab->cache].sum.out += slab->used - slots_withheld(slab);
		set->cache[slab->cache].sum.slabs++;
		set->cache[slab->cache].sum.least += slab->order !=
						     set->cache[slab->cache].usual.order;
	}
	for (unsigned int number = 1; !why && number <= slab_top(set); number++) {
		for (unsigned int zone = 0;
		     !why && set->cache[number].list && zone < set->frames->nr_zones; zone++)
			why = check_list(set, number, zone, &listed);
		if (!why)
			why = check_cache(set, number, &set->cache[number].sum);
	}
	if (why)
		return why;
	for (uint32_t index = set->spare; index && spare <= dead; index = set->slab[index].next)
		spare++;
	if (listed != in_state || spare != dead)
		return limit_why("%u slabs are listed and %u unused, by their lists %u and %u",
				 in_state, dead, listed, spare);
	return NULL;
}

#endif
