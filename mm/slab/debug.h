/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Debug modes of caches: a red zone from the object's end to the slot's, poison in
 * free objects, and who allocated and freed a slot. All with the slab's lock held, but
 * for debug_say.
 */
#ifndef MM_SLAB_DEBUG_H
#define MM_SLAB_DEBUG_H

#include "mm/slab/slab.h"

#define DEBUG_REDZONE_BYTE 0xcc
#define DEBUG_POISON_BYTE  0x6b
#define DEBUG_POISON_END   0xa5
/* track->asked of a slot that was set aside. */
#define DEBUG_SET_ASIDE UINT32_MAX

/* Reports are noted while locks are held, and said once they are dropped: whoever they
 * go to may be slow. Most are of 100 to 400 bytes. */
#define DEBUG_LOG_BYTES 2048u
#define DEBUG_LOG_LINE  512u /* most of one report */

struct debug_log {
	size_t len;
	unsigned int found; /* reports */
	unsigned int lost;  /* ... for which there was no room */
	char text[DEBUG_LOG_BYTES];
};

static inline void debug_log_begin(struct debug_log *log)
{
	log->len = 0;
	log->found = 0;
	log->lost = 0;
}

struct debug_call {
	struct debug_log *log;
	unsigned int cpu;
	uint64_t caller; /* guest code address, 0 if unknown */
	size_t asked;    /* bytes, 0: the whole object */
};

static inline bool debug_on(const struct slab *slab)
{
	return slab->debug;
}

/* Tells whether a slot that is not free is nobody's: set aside, or in quarantine. */
static inline bool debug_withholds(const struct slab *slab, unsigned int slot)
{
	return slab->debug && (slab->debug->slot[slot].asked == DEBUG_SET_ASIDE ||
			       slab->debug->slot[slot].resting);
}

/* A slot is about to be handed out. False if its poison was overwritten: then it was
 * reported, and the slot is set aside for good. fresh: it was never used before. */
bool debug_alloc(struct slab_set *set, struct slab *slab, unsigned int slot, bool fresh,
		 const struct debug_call *call);
/* Writes the red zone; after the object was zeroed. */
void debug_redzone(struct slab_set *set, struct slab *slab, unsigned int slot);
/* Has the whole object be in use. Returns the bytes that were until now. */
size_t debug_widen(struct slab_set *set, struct slab *slab, unsigned int slot);
/* An object was freed. False if its red zone was overwritten, which was reported. */
bool debug_free(struct slab_set *set, struct slab *slab, unsigned int slot,
		const struct debug_call *call);
/* A slot goes back to the free ones, poisoned or wiped and after its quarantine, or at
 * once if its cache has no debug modes. */
void debug_put_slot(struct slab_set *set, struct slab *slab, unsigned int slot);
/* Takes up to n slots in random order, as slab_take does; seed is the CPU's. */
size_t debug_take_random(struct slab_set *set, struct slab *slab, uint64_t *seed, size_t n,
			 uint64_t *addr);
/* The modes that a config wants for a cache of this name. */
unsigned int debug_modes_of(const struct mm_config *config, const char *name);
/* Tells whether caches of a heap may have modes that more is kept of their slots for. */
bool debug_is_wanted(const struct mm_config *config);
/* Says what was noted, and forgets it. With no lock held. */
void debug_say(struct slab_set *set, struct debug_log *log);
/* Tells whether the next report might be lost. */
static inline bool debug_log_full(const struct debug_log *log)
{
	return log->len > DEBUG_LOG_BYTES - DEBUG_LOG_LINE;
}

/* Tells whether refused addresses are reported: for all, or for a cache (0: none is known). */
bool debug_reports(const struct slab_set *set, unsigned int cache);
/* An address was refused, by the cache if it was of one; any lock or none held. */
void debug_refused(struct slab_set *set, unsigned int cache, uint64_t addr, int status,
		   const struct debug_call *call);

#endif
