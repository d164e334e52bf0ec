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

#include "mm/frame/frame.h"

#define SLAB_MAX_SLOTS 512u
#define SLAB_WORDS     (SLAB_MAX_SLOTS / 64)
/* Slabs grow to this order to hold more slots; beyond it only for large objects. */
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
	uint8_t cache;
	uint8_t zone;
	uint8_t order;
	/* DEAD -> ACTIVE before anyone knows it; ACTIVE -> FULL and FULL -> LISTED
	 * under the slab's lock; LISTED <-> ACTIVE under the list's; -> DEAD under both. */
	_Atomic uint8_t state;
	bool zero; /* the frames were all zero when the slab was made */
	/* Neither used nor pinned, and counted in its list's nr_empty; under the list's lock. */
	bool empty;
	uint32_t next, prev;   /* on the list; next also of unused descriptors */
	_Atomic uint32_t pins; /* on its frames; changes under the slab's lock */
	bool sparse;           /* listed among those to drain; under the list's lock */
	uint8_t colour;        /* of SLAB_COLOUR bytes, before the first slot */
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
	uint32_t nr_empty;
};

struct slab_cache {
	_Atomic bool live;
	uint8_t order;
	uint8_t colours; /* 1: none */
	uint16_t cap;
	_Atomic uint32_t next_colour; /* any value; which slab has which does not matter */
	/* Also looked at without a lock, for any number that a guest says; one that is of no
	 * cache, or comes to be of one just then, gives no or the other's reports. */
	_Atomic unsigned int flags;
	uint32_t object_size, slot_size, align;
	uint64_t recip;
	struct slab_list *list;    /* by zone */
	_Atomic uint32_t nr_slabs; /* until the last frame is back */
	_Atomic uint64_t errors;
	uint32_t aliases; /* caches that share it; under the set's lock */
	char name[MM_CACHE_NAME_MAX];
};

/* One CPU's counters of a cache, summed when asked for. */
struct slab_count {
	_Atomic uint64_t allocated, freed;
};

struct slab_cpu {
	_Alignas(64) struct mm_lock lock;
	uint64_t seed; /* of the order of slots, where it is random */
	uint32_t active[MM_CACHE_MAX + 1];
	struct slab_count count[MM_CACHE_MAX + 1];
};

/* The caches of a heap. */
struct slab_set {
	struct mm_lock lock; /* caches come and go */
	struct slab_cache cache[MM_CACHE_MAX + 1];
	struct slab_cpu *cpu;
	struct slab *slab;         /* number 0 is none */
	_Atomic uint32_t *of;      /* by frame: its slab, or 0 */
	struct mm_lock spare_lock; /* descriptors not in use */
	uint32_t spare;
	uint32_t nr_slabs;      /* descriptors ever used, number 0 included */
	uint8_t *debug;         /* SLAB_DEBUG_FRAME for each frame; NULL: no debug modes */
	struct slab_held *held; /* by descriptor */
	_Atomic uint64_t past;  /* objects of caches that are gone */
	_Atomic uint64_t past_bytes;
};

struct mm_heap;

int slab_set_create(struct mm_heap *heap);
void slab_set_destroy(struct mm_heap *heap);
/* Forgets all slabs and all caches but the kmalloc classes; the frames are taken
 * back by the caller. No other call may be under way. */
void slab_set_reset(struct mm_heap *heap);

/* The live cache of a number, or NULL. */
struct slab_cache *slab_cache_get(struct mm_heap *heap, int number);

/* Slabs of a cache that hold no object. */
uint64_t slab_cache_empty(struct mm_heap *heap, unsigned int number);

/* Objects of a cache that were allocated and freed, over all CPUs. */
uint64_t slab_cache_sum(struct mm_heap *heap, unsigned int number, uint64_t *freed);

/* Gives CPUs' active slabs back to the lists, then empty slabs to the frames.
 * Returns frames given back. */
uint64_t slab_cache_drain(struct mm_heap *heap, unsigned int number);

/*
 * Makes an ACTIVE slab; node and flags as for mm_alloc_bulk. Returns its number or
 * 0. slab_unmake gives the frames of a slab that is DEAD back.
 */
uint32_t slab_make(struct mm_heap *heap, unsigned int cpu, unsigned int number, int node,
		   unsigned int flags);
void slab_unmake(struct mm_heap *heap, unsigned int cpu, struct slab *slab);

/* With the slab's lock held. slab_put_slot frees a slot; slab_settle then moves the
 * slab to the list it belongs on, and is true if it is now DEAD and the caller must
 * unmake it once the lock is dropped. */
void slab_put_slot(struct slab *slab, unsigned int slot);
bool slab_settle(struct mm_heap *heap, struct slab *slab);
/* The same for a slab that its CPU gives up. */
bool slab_retire(struct mm_heap *heap, struct slab *slab);
/* Marks a slab DEAD if it is on that list, empty and not pinned: true if so. */
bool slab_kill_empty(struct mm_heap *heap, struct slab *slab, struct slab_list *list);
/* Takes a slab of a zone off its list and makes it ACTIVE: its number, or 0. */
uint32_t slab_list_pop(struct mm_heap *heap, unsigned int number, unsigned int zone);

/* The slab of a heap frame, locked, or NULL if it is in none. */
struct slab *slab_lock_frame(struct mm_heap *heap, uint64_t frame);

/* Tells if a slot lies, in part, in a pinned frame. With the slab's lock held. */
bool slab_slot_pinned(struct mm_heap *heap, const struct slab *slab, unsigned int slot);

/* Relaxed: it changes under the slab's lock; without it this is a hint. */
static inline uint32_t slab_pins(const struct slab *slab)
{
	return atomic_load_explicit(&slab->pins, memory_order_relaxed);
}

/* Where the first slot is. */
static inline uint64_t slab_start(const struct frame_pool *pool, const struct slab *slab)
{
	return frame_addr(pool, slab->frame) + slab->colour * SLAB_COLOUR;
}

/* From there to the end. */
static inline uint64_t slab_bytes(const struct slab *slab)
{
	return (MM_FRAME_SIZE << slab->order) - slab->colour * SLAB_COLOUR;
}

static inline uint64_t slab_slot_addr(const struct frame_pool *pool, const struct slab *slab,
				      unsigned int slot)
{
	return slab_start(pool, slab) + (uint64_t)slot * slab->slot_size;
}

#endif
