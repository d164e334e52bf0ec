/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Caches of objects of one size. A slab is a run of frames cut into slots; its
 * descriptor lies outside, in an array, with a bitmap of free slots. A table with
 * four bytes a frame leads from any address to its slab, and a multiplication to
 * its slot, so that every address that comes in is checked before it is believed.
 *
 * Each CPU has one active slab a cache, which only it takes from; anyone frees to
 * any slab, under that slab's lock. Locks nest: CPU, slab, list.
 */
#ifndef MM_SLAB_SLAB_H
#define MM_SLAB_SLAB_H

#include <errno.h>

#include "mm/map/map.h"
#include "mm/map/pin_count.h"

/* The largest run is aligned to its size, and so can be an object in it. */
#define SLAB_MAX_ALIGN (MM_FRAME_SIZE << MM_MAX_ORDER)
#define SLAB_MAX_SLOTS 512u
#define SLAB_WORDS     (SLAB_MAX_SLOTS / 64)
/* Slabs grow to this order to hold more slots; beyond it only for large objects. Where no run
 * of that is left they are made of the least that holds an object, as in Linux (mm/slub.c,
 * allocate_slab()): a small object can be had while a single frame is free. */
#define SLAB_GROW_ORDER 3u
/* Empty slabs kept on a list, so that a caller to and fro does not unmake them: as many
 * as have these frames together, so that none is kept that is larger. */
#define SLAB_KEEP_FRAMES 8u
/* Reciprocals: slot = offset * recip >> SLAB_RECIP_SHIFT is exact for offsets and
 * sizes up to 4 MiB, as offset * size < 2^45. */
#define SLAB_RECIP_SHIFT 45
/* Colours: by how much the slots of one slab begin later than those of another, where
 * there is room at the end, so that not all of them fall on the same lines of a CPU's
 * cache (Bonwick, "The Slab Allocator", section 4). */
#define SLAB_COLOUR      64u
#define SLAB_MAX_COLOURS 8u
/* Modes that slabs keep more of each slot for. */
#define SLAB_DEBUG_MODES (MM_DEBUG_ALL & ~(MM_DEBUG_SANITY | MM_HARDEN_GUARD))
#define SLAB_REDZONE     8u /* least bytes of a red zone */
/* Least bytes of a slot that an account is kept of: as many as the account has, so that a heap
 * never costs more than as much again. */
#define SLAB_DEBUG_SLOT 32u

/*
 * ACTIVE: a CPU's own. LISTED: on its cache's list, has a free slot. FULL: on no
 * list. DEAD: being unmade, or no slab at all.
 */
enum slab_state {
	SLAB_DEAD,
	SLAB_ACTIVE,
	SLAB_LISTED,
	SLAB_FULL
};

/* What a slab is made of, and holds. */
struct slab_shape {
	uint8_t order;
	uint8_t colours; /* 1: none */
	uint16_t cap;
};

/* Slots that were freed while pinned. */
struct slab_held {
	uint64_t row[SLAB_WORDS];
	uint32_t nr;
};

/* Who touched a slot last. */
struct slab_track {
	uint64_t alloc_caller, free_caller;
	uint16_t alloc_cpu, free_cpu;
	uint32_t asked;
	uint16_t next; /* in quarantine, by age */
	bool resting;  /* in quarantine */
	bool used;     /* handed out since the slab was made */
};

/* What slabs of caches with debug modes have besides. */
struct slab_debug {
	uint16_t oldest, newest, resting; /* slots in quarantine */
	struct slab_track slot[];
};

_Static_assert(sizeof(struct slab_track) == SLAB_DEBUG_SLOT, "a slot is no less than its account");

/* Bytes of that for each frame of a slab. */
#define SLAB_DEBUG_FRAME (sizeof(struct slab_debug) + MM_FRAME_SIZE)

struct slab {
	_Alignas(128) struct mm_lock lock;
	uint32_t frame; /* first */
	uint64_t recip;
	uint32_t slot_size;
	uint16_t used, cap;
	uint16_t fresh; /* slots from here on have never been handed out */
	uint16_t cache;
	uint8_t zone;
	uint8_t order;
	/* DEAD -> ACTIVE before anyone knows it; ACTIVE -> FULL and FULL -> LISTED
	 * under the slab's lock; LISTED <-> ACTIVE under the list's; -> DEAD under both. */
	_Atomic uint8_t state;
	bool zero;             /* the frames were all zero when the slab was made */
	uint32_t next, prev;   /* on the list; next also of unused descriptors */
	_Atomic uint32_t pins; /* on its frames; changes under the slab's lock */
	bool sparse;           /* listed among those to drain; under the list's lock */
	uint8_t colour;        /* of SLAB_COLOUR bytes, before the first slot */
	/* Neither used nor pinned, and counted in its list's nr_empty; under the list's lock. */
	bool empty;
	struct slab_debug *debug;
	struct slab_held *held;
	uint64_t free[SLAB_WORDS]; /* 1: free */
};

_Static_assert(sizeof(struct slab) == 128, "a slab's descriptor is two cache lines");

/* Slabs of a cache in one zone that have free slots: those to fill up, those with few
 * objects left, which are to drain, and empty ones. */
struct slab_list {
	struct mm_lock lock;
	uint32_t head, tail;
	uint32_t nr_empty, empty_frames; /* empty slabs, and what they are made of */
};

/* What the slabs of a cache come to, when they are checked. */
struct slab_seen {
	uint32_t slabs, least; /* all, and those not of the usual order */
	uint64_t out;          /* objects of callers */
};

struct slab_cache {
	_Atomic bool live;
	struct slab_shape usual, least; /* the latter where runs are short; they may be the same */
	_Atomic uint32_t next_colour;   /* any value; which slab has which does not matter */
	/* Also looked at without a lock, for any number that a guest says; one that is of no
	 * cache, or comes to be of one just then, gives no or the other's reports. */
	_Atomic unsigned int flags;
	uint32_t object_size, slot_size, align;
	uint64_t recip;
	struct slab_list *list;    /* by zone */
	_Atomic uint32_t nr_slabs; /* until the last frame is back */
	_Atomic uint32_t nr_least; /* of these, not of the usual order */
	_Atomic uint64_t errors;
	uint32_t aliases; /* caches that share it; under the set's lock */
#ifdef MM_CHECK
	struct slab_seen sum;
#endif
	char name[MM_CACHE_NAME_MAX];
};

/* One CPU's counters of a cache, summed when asked for. */
struct slab_count {
	_Atomic uint64_t allocated, freed;
};

struct slab_cpu {
	_Alignas(64) struct mm_lock lock;
	uint64_t seed;    /* of the order of slots, where it is random */
	uint32_t *active; /* by cache, as the next */
	struct slab_count *count;
};

/* The caches of a heap, and the layers below that they are made of. */
struct slab_set {
	const struct mm_config *config;
	struct frame_pool *frames;
	struct page_map *map;
	struct pin_set *pins;
	struct slab_cpu *cpu;
	struct slab *slab;         /* number 0 is none */
	_Atomic uint32_t *of;      /* by frame: its slab, or 0 */
	uint8_t *debug;            /* SLAB_DEBUG_FRAME for each frame; NULL: no debug modes */
	struct slab_held *held;    /* by descriptor */
	struct mm_lock spare_lock; /* descriptors not in use */
	uint32_t spare;
	uint32_t nr_slabs;     /* descriptors ever used, number 0 included */
	_Atomic uint64_t past; /* objects of caches that are gone */
	_Atomic uint64_t past_bytes;
	_Atomic uint64_t findings; /* of debug modes */
	struct mm_lock lock;       /* caches come and go */
	uint32_t max;              /* highest number of a cache */
	_Atomic uint32_t top;      /* ... that was given out so far: grows, under the lock */
	struct slab_cache *cache;  /* max + 1 of them, each with a list for each zone: */
	struct slab_list *lists;
};

/* Makes the kmalloc classes over layers that are there, and outlive the set. Returns 0 or
 * -ENOMEM. */
int slab_set_create(struct slab_set *set, const struct mm_config *config, struct frame_pool *pool,
		    struct page_map *map, struct pin_set *pins);
void slab_set_destroy(struct slab_set *set);
/* Forgets all slabs and all caches but the kmalloc classes; the frames are taken
 * back by the caller. No other call may be under way. */
void slab_set_reset(struct slab_set *set);
/* Gives all that is kept for speed back to the frames: empty and active slabs, the
 * CPUs' rows. For callers that are out of memory, and hold no lock. */
void slab_set_drain(struct slab_set *set);

/* What mm.h says of mm_cache_*, mm_alloc_bulk, mm_free_bulk and mm_object_widen. */
int slab_cache_create(struct slab_set *set, const char *name, size_t size, size_t align,
		      unsigned int flags);
int slab_cache_destroy(struct slab_set *set, int number);
unsigned int slab_cache_modes(struct slab_set *set, int number);
long slab_cache_shrink(struct slab_set *set, int number);
long slab_alloc_bulk(struct slab_set *set, unsigned int cpu, int cache, int node,
		     unsigned int flags, size_t asked, uint64_t caller, size_t n, uint64_t *addr);
long slab_free_bulk(struct slab_set *set, unsigned int cpu, int cache, uint64_t caller, size_t n,
		    const gpa_t *addr, struct mm_bad *bad, size_t *nr_bad);
long slab_object_widen(struct slab_set *set, gpa_t addr);

/* What a cache, or all of them (0), says to the statistics; the rest of *stats is zero. Returns 0
 * or -ENOENT. */
int slab_stats(struct slab_set *set, int number, struct mm_stats *stats);
/* As mm_slabinfo. */
int slab_info(struct slab_set *set, int number, struct mm_slabinfo *info);
/* Objects of a cache that were allocated and freed, over all CPUs. */
uint64_t slab_cache_sum(struct slab_set *set, unsigned int number, uint64_t *freed);
/* A number that changes with every object allocated or freed. */
uint64_t slab_activity(struct slab_set *set);

/* As mm_check, of the slabs: descriptors, lists, bits and counters. *frames: those of slabs. Of
 * builds with MM_CHECK alone. */
const char *slab_check(struct slab_set *set, uint64_t *frames);

/* Caches that a heap of so many frames has numbers for. */
uint32_t slab_caches(uint64_t frames);

/* The end of the numbers that are in use, or have been. Relaxed: what is beyond has nothing yet. */
static inline uint32_t slab_top(const struct slab_set *set)
{
	return atomic_load_explicit(&set->top, memory_order_relaxed);
}

/* What the page map says of a cache's frames. */
static inline uint8_t slab_pm(unsigned int number)
{
	return number < MM_PM_FAR ? (uint8_t)number : MM_PM_FAR;
}

/* The live cache of a number, or NULL. */
static inline struct slab_cache *slab_cache_get(struct slab_set *set, int number)
{
	struct slab_cache *cache;

	if (number < 1 || (uint32_t)number > set->max)
		return NULL;
	cache = &set->cache[number];
	/* Acquire: a live cache's fields are there. */
	return atomic_load_explicit(&cache->live, memory_order_acquire) ? cache : NULL;
}

/*
 * Makes an ACTIVE slab of one of its cache's shapes; node and flags as for mm_alloc_bulk.
 * Returns its number or 0. slab_unmake gives the frames of a slab that is DEAD back.
 */
uint32_t slab_make(struct slab_set *set, unsigned int cpu, unsigned int number,
		   const struct slab_shape *shape, int node, unsigned int flags);
void slab_unmake(struct slab_set *set, unsigned int cpu, struct slab *slab);

/* Relaxed throughout: each change of state is under a lock that its readers hold,
 * or one that lets the reader do without (see enum slab_state). */
static inline void slab_set_state(struct slab *slab, enum slab_state state)
{
	atomic_store_explicit(&slab->state, state, memory_order_relaxed);
}

static inline enum slab_state slab_get_state(const struct slab *slab)
{
	return atomic_load_explicit(&slab->state, memory_order_relaxed);
}

/* A slab with at most a quarter of its objects is worth draining. */
static inline bool slab_is_sparse(const struct slab *slab)
{
	return slab->used * 4u <= slab->cap;
}

/* With the slab's lock held, as the following. Frees a slot. */
void slab_put_slot(struct slab *slab, unsigned int slot);
/* Puts a slab that is on no list on its own, or marks it DEAD (true). */
bool slab_list_or_kill(struct slab_set *set, struct slab *slab);
/* A listed slab that has fallen empty or sparse moves back, or is DEAD (true). */
bool slab_emptied(struct slab_set *set, struct slab *slab);

/* Moves a slab of which something was freed or unpinned to the list it belongs on; true if it is
 * now DEAD and the caller must unmake it once the lock is dropped. Mostly it stays where it is. */
static inline bool slab_settle(struct slab_set *set, struct slab *slab)
{
	MM_ASSERT_HELD(&slab->lock);
	switch (slab_get_state(slab)) {
	case SLAB_FULL:
		return slab->used < slab->cap && slab_list_or_kill(set, slab);
	case SLAB_LISTED:
		/* A hint: it is looked at again under the list's lock. */
		return (!slab->used || (slab_is_sparse(slab) && !slab->sparse)) &&
		       slab_emptied(set, slab);
	default:
		return false;
	}
}

/* The same for a slab that its CPU gives up. */
bool slab_retire(struct slab_set *set, struct slab *slab);
/* Marks a slab DEAD if it is on that list, empty and not pinned: true if so. */
bool slab_kill_empty(struct slab_set *set, struct slab *slab, struct slab_list *list);
/* Takes a slab of a zone off its list and makes it ACTIVE: its number, or 0. */
uint32_t slab_list_pop(struct slab_set *set, unsigned int number, unsigned int zone);

/* The slab of a heap frame, locked, or NULL if it is in none. */
struct slab *slab_lock_frame(struct slab_set *set, frame_t frame);

/* Tells whether a slot lies, in part, in a pinned frame. With the slab's lock held. */
bool slab_slot_pinned(struct slab_set *set, const struct slab *slab, unsigned int slot);

/* Relaxed: it changes under the slab's lock; without it this is a hint. */
static inline uint32_t slab_pins(const struct slab *slab)
{
	return atomic_load_explicit(&slab->pins, memory_order_relaxed);
}

/* Adds a pin to a frame of a slab, whose lock is held. 0, or -EAGAIN: it has `most` already. */
static inline int slab_pin(struct slab_set *set, struct slab *slab, frame_t frame, uint32_t most)
{
	MM_ASSERT_HELD(&slab->lock);
	if (pin_count(set->pins, frame) >= most)
		return -EAGAIN;
	/* A slab that has pins notes the objects freed meanwhile. */
	slab->held = &set->held[slab - set->slab];
	atomic_fetch_add_explicit(&slab->pins, 1, memory_order_relaxed);
	(void)pin_add(set->pins, frame, 1);
	/* An empty one goes from among those that can be unmade. */
	if (!slab->used)
		(void)slab_settle(set, slab);
	return 0;
}

/* After a frame's last pin went, with the slab's lock held: frees the objects that waited for it.
 * True: the caller must unmake the slab once the lock is dropped. */
bool slab_unpinned(struct slab_set *set, struct slab *slab);

/* Drops a pin, with the slab's lock held; *dead is what slab_unpinned says. 0, or -ENOENT: the
 * frame is not pinned. */
static inline int slab_unpin(struct slab_set *set, struct slab *slab, frame_t frame, bool *dead)
{
	MM_ASSERT_HELD(&slab->lock);
	*dead = false;
	if (!pin_count(set->pins, frame))
		return -ENOENT;
	atomic_fetch_sub_explicit(&slab->pins, 1, memory_order_relaxed);
	if (!pin_add(set->pins, frame, -1))
		*dead = slab_unpinned(set, slab);
	return 0;
}

/* A frame of a slab, by how many come before it. */
static inline frame_t slab_frame(const struct slab *slab, uint64_t before)
{
	return (frame_t){slab->frame + before};
}

/* Where the first slot is. */
static inline gpa_t slab_start(const struct frame_pool *pool, const struct slab *slab)
{
	return frame_addr(pool, slab_frame(slab, 0)) + slab->colour * SLAB_COLOUR;
}

/* From there to the end. */
static inline uint64_t slab_bytes(const struct slab *slab)
{
	return (MM_FRAME_SIZE << slab->order) - slab->colour * SLAB_COLOUR;
}

static inline gpa_t slab_slot_addr(const struct frame_pool *pool, const struct slab *slab,
				   unsigned int slot)
{
	return slab_start(pool, slab) + (uint64_t)slot * slab->slot_size;
}

#endif
