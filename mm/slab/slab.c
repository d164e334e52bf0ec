/* SPDX-License-Identifier: BSD-2-Clause */
/* Slabs: making and unmaking them, and the lists they are on. */
#include "mm/slab/slab.h"

#include <string.h>

static struct slab_list *slab_list_of(struct slab_set *set, const struct slab *slab)
{
	return &set->cache[slab->cache].list[slab->zone];
}

static void list_remove(struct slab_set *set, struct slab_list *list, struct slab *slab)
{
	struct slab *all = set->slab;

	MM_ASSERT_HELD(&list->lock);
	MM_ASSERT(slab_get_state(slab) == SLAB_LISTED && (!slab->empty || list->nr_empty));
	if (slab->prev)
		all[slab->prev].next = slab->next;
	else
		list->head = slab->next;
	if (slab->next)
		all[slab->next].prev = slab->prev;
	else
		list->tail = slab->prev;
	if (slab->empty) {
		list->nr_empty--;
		list->empty_frames -= 1u << slab->order;
	}
	slab->empty = false;
}

/* After which slab of its list a slab goes, or 0: first. */
static uint32_t list_place(struct slab_set *set, const struct slab_list *list,
			   const struct slab *slab)
{
	const struct slab *all = set->slab;
	uint32_t place = list->tail;

	if (!slab->sparse)
		return 0;
	while (!slab->empty && place && all[place].empty)
		place = all[place].prev;
	return place;
}

/* Slabs that have many objects go first and fill up, so that the others drain. */
static void list_add(struct slab_set *set, struct slab_list *list, struct slab *slab)
{
	struct slab *all = set->slab;
	uint32_t number = (uint32_t)(slab - all);
	uint32_t *forth;
	uint32_t *back;

	MM_ASSERT_HELD(&list->lock);
	slab->empty = !slab->used && !slab_pins(slab);
	slab->sparse = slab_is_sparse(slab);
	if (slab->empty) {
		list->nr_empty++;
		list->empty_frames += 1u << slab->order;
	}
	slab->prev = list_place(set, list, slab);
	forth = slab->prev ? &all[slab->prev].next : &list->head;
	slab->next = *forth;
	back = slab->next ? &all[slab->next].prev : &list->tail;
	*forth = number;
	*back = number;
}

/* Tells whether an empty slab is one too many for its list. With the list's lock held. */
static bool list_has_enough(const struct slab_list *list, const struct slab *slab)
{
	MM_ASSERT_HELD(&list->lock);
	return !slab->used && !slab_pins(slab) &&
	       list->empty_frames + (1u << slab->order) > SLAB_KEEP_FRAMES;
}

bool slab_list_or_kill(struct slab_set *set, struct slab *slab)
{
	struct slab_list *list = slab_list_of(set, slab);
	bool dead;

	MM_ASSERT_HELD(&slab->lock);
	mm_lock(&list->lock);
	dead = list_has_enough(list, slab);
	if (!dead)
		list_add(set, list, slab);
	slab_set_state(slab, dead ? SLAB_DEAD : SLAB_LISTED);
	mm_unlock(&list->lock);
	return dead;
}

bool slab_emptied(struct slab_set *set, struct slab *slab)
{
	struct slab_list *list = slab_list_of(set, slab);
	bool dead = false;

	MM_ASSERT_HELD(&slab->lock);
	mm_lock(&list->lock);
	/* A CPU may have made it its own meanwhile. */
	if (slab_get_state(slab) == SLAB_LISTED) {
		list_remove(set, list, slab);
		dead = list_has_enough(list, slab);
		if (dead)
			slab_set_state(slab, SLAB_DEAD);
		else
			list_add(set, list, slab);
	}
	mm_unlock(&list->lock);
	return dead;
}

bool slab_retire(struct slab_set *set, struct slab *slab)
{
	MM_ASSERT_HELD(&slab->lock);
	MM_ASSERT(slab_get_state(slab) == SLAB_ACTIVE);
	if (slab->used < slab->cap)
		return slab_list_or_kill(set, slab);
	slab_set_state(slab, SLAB_FULL);
	return false;
}

bool slab_kill_empty(struct slab_set *set, struct slab *slab, struct slab_list *list)
{
	bool dead;

	MM_ASSERT_HELD(&slab->lock);
	mm_lock(&list->lock);
	dead = slab_get_state(slab) == SLAB_LISTED && slab_list_of(set, slab) == list &&
	       !slab->used && !slab_pins(slab);
	if (dead) {
		list_remove(set, list, slab);
		slab_set_state(slab, SLAB_DEAD);
	}
	mm_unlock(&list->lock);
	return dead;
}

uint32_t slab_list_pop(struct slab_set *set, unsigned int number, unsigned int zone)
{
	struct slab_list *list = &set->cache[number].list[zone];
	uint32_t head;

	mm_lock(&list->lock);
	head = list->head;
	if (head) {
		list_remove(set, list, &set->slab[head]);
		slab_set_state(&set->slab[head], SLAB_ACTIVE);
	}
	mm_unlock(&list->lock);
	return head;
}

static uint32_t slab_spare_get(struct slab_set *set)
{
	uint32_t number;

	mm_lock(&set->spare_lock);
	number = set->spare;
	if (number)
		set->spare = set->slab[number].next;
	else
		number = set->nr_slabs++;
	mm_unlock(&set->spare_lock);
	return number;
}

static void slab_spare_put(struct slab_set *set, struct slab *slab)
{
	mm_lock(&set->spare_lock);
	slab->next = set->spare;
	set->spare = (uint32_t)(slab - set->slab);
	mm_unlock(&set->spare_lock);
}

static void slab_init(struct slab *slab, const struct slab_cache *cache, unsigned int number,
		      const struct slab_shape *shape)
{
	slab->recip = cache->recip;
	slab->slot_size = cache->slot_size;
	slab->used = 0;
	slab->cap = shape->cap;
	slab->fresh = 0;
	slab->cache = (uint16_t)number;
	slab->order = shape->order;
	slab->empty = false;
	slab->sparse = false;
	slab->colour = 0;
	slab->next = 0;
	slab->prev = 0;
	atomic_store_explicit(&slab->pins, 0, memory_order_relaxed);
	slab->held = NULL;
	slab->debug = NULL;
	for (unsigned int i = 0; i < SLAB_WORDS; i++) {
		unsigned int below = i * 64;

		if (shape->cap >= below + 64)
			slab->free[i] = ~0ull;
		else
			slab->free[i] = shape->cap > below ? (1ull << (shape->cap - below)) - 1 : 0;
	}
}

uint32_t slab_make(struct slab_set *set, unsigned int cpu, unsigned int number,
		   const struct slab_shape *shape, int node, unsigned int flags)
{
	struct slab_cache *cache = &set->cache[number];
	const uint64_t frames = 1ull << shape->order;
	uint64_t taken;
	uint32_t index;
	frame_t frame;
	struct slab *slab;

	if (frame_get_bulk(set->frames, cpu, shape->order, node, flags, 1, &taken) < 1)
		return 0;
	frame = frame_at(taken);
	index = slab_spare_get(set);
	slab = &set->slab[index];

	/* A late free may look at the descriptor for its former slab. */
	mm_lock(&slab->lock);
	slab_init(slab, cache, number, shape);
	if (shape->colours > 1)
		slab->colour = (uint8_t)(atomic_fetch_add_explicit(&cache->next_colour, 1,
								   memory_order_relaxed) %
					 shape->colours);
	slab->zero = taken & FRAME_ZERO;
	slab->frame = (uint32_t)frame.nr;
	slab->zone = (uint8_t)frame_zone_of(set->frames, frame);
	if (cache->flags & SLAB_DEBUG_MODES)
		slab->debug = (void *)(set->debug + frame.nr * SLAB_DEBUG_FRAME);
	slab_set_state(slab, SLAB_ACTIVE);
	mm_unlock(&slab->lock);

	atomic_fetch_add_explicit(&cache->nr_slabs, 1, memory_order_relaxed);
	if (shape->order != cache->usual.order)
		atomic_fetch_add_explicit(&cache->nr_least, 1, memory_order_relaxed);
	MM_ASSERT(map_is(set->map, frame, frames, MM_PM_NONE));
	map_fill(set->map, frame, frames, slab_pm(number));
	for (uint64_t i = 0; i < frames; i++)
		/* Release: who finds the number finds the descriptor. */
		atomic_store_explicit(&set->of[frame.nr + i], index, memory_order_release);
	map_count_frames(set->map, cpu, frames, 0);
	return index;
}

void slab_unmake(struct slab_set *set, unsigned int cpu, struct slab *slab)
{
	struct slab_cache *cache = &set->cache[slab->cache];
	frame_t frame = slab_frame(slab, 0);
	unsigned int order = slab->order;

	MM_ASSERT(slab_get_state(slab) == SLAB_DEAD && !slab->used && !slab_pins(slab));
	MM_ASSERT(map_is(set->map, frame, 1ull << order, slab_pm(slab->cache)));
	map_fill(set->map, frame, 1ull << order, MM_PM_NONE);
	for (uint64_t i = 0; i < 1ull << order; i++)
		atomic_store_explicit(&set->of[frame.nr + i], 0, memory_order_relaxed);
	if (slab->debug)
		memset(slab->debug, 0,
		       sizeof(*slab->debug) + slab->cap * sizeof(*slab->debug->slot));
	slab->debug = NULL;
	slab->held = NULL;
	slab_spare_put(set, slab);
	map_count_frames(set->map, cpu, 0, 1ull << order);
	frame_put_bulk(set->frames, cpu, order, 1, &frame);
	if (order != cache->usual.order)
		atomic_fetch_sub_explicit(&cache->nr_least, 1, memory_order_relaxed);
	/* Release: who sees the last slab gone may unmake the cache. */
	atomic_fetch_sub_explicit(&cache->nr_slabs, 1, memory_order_release);
}

void slab_put_slot(struct slab *slab, unsigned int slot)
{
	MM_ASSERT_HELD(&slab->lock);
	MM_ASSERT(slab->used && slot < slab->cap && !(slab->free[slot / 64] >> slot % 64 & 1));
	slab->free[slot / 64] |= 1ull << slot % 64;
	slab->used--;
}

struct slab *slab_lock_frame(struct slab_set *set, frame_t frame)
{
	uint32_t index = atomic_load_explicit(&set->of[frame.nr], memory_order_acquire);
	struct slab *slab = &set->slab[index];

	if (!index)
		return NULL;
	mm_lock(&slab->lock);
	/* Descriptors are never unmapped, but this one may have been given to another
	 * slab since: only under its lock can one tell. */
	if (slab_get_state(slab) != SLAB_DEAD &&
	    atomic_load_explicit(&set->of[frame.nr], memory_order_relaxed) == index)
		return slab;
	mm_unlock(&slab->lock);
	return NULL;
}

bool slab_slot_pinned(struct slab_set *set, const struct slab *slab, unsigned int slot)
{
	uint64_t start = slab->colour * SLAB_COLOUR + (uint64_t)slot * slab->slot_size;
	uint64_t first = start >> MM_FRAME_SHIFT;
	uint64_t last = (start + slab->slot_size - 1) >> MM_FRAME_SHIFT;

	MM_ASSERT_HELD(&slab->lock);
	for (uint64_t i = first; i <= last; i++) {
		if (pin_count(set->pins, slab_frame(slab, i)))
			return true;
	}
	return false;
}
