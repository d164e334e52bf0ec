/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of pins on frames of slabs, for which objects that were freed meanwhile have waited. */
#include "mm/slab/debug.h"

/* Frees the objects that waited for the pins of their frames. */
static void slab_put_held(struct slab_set *set, struct slab *slab)
{
	for (unsigned int i = 0; i < SLAB_WORDS; i++) {
		uint64_t row = slab->held->row[i];

		for (; row; row &= row - 1) {
			unsigned int slot = i * 64 + (unsigned int)__builtin_ctzll(row);

			if (slab_slot_pinned(set, slab, slot))
				continue;
			slab->held->row[i] &= ~(1ull << slot % 64);
			slab->held->nr--;
			debug_put_slot(set, slab, slot);
		}
	}
}

bool slab_unpinned(struct slab_set *set, struct slab *slab)
{
	MM_ASSERT_HELD(&slab->lock);
	MM_ASSERT(slab->held == &set->held[slab - set->slab]);
	if (slab->held->nr)
		slab_put_held(set, slab);
	/* All of its rows are zero then. */
	if (!slab_pins(slab))
		slab->held = NULL;
	return slab_settle(set, slab);
}
