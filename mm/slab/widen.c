/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects in use as a whole, though less was asked for. */
#include <errno.h>

#include "mm/slab/debug.h"

/* The slot of an object that is out, or a negative errno. */
static int widen_slot(const struct slab *slab, uint64_t offset)
{
	uint64_t slot = offset / slab->slot_size;

	if (slot >= slab->cap || offset % slab->slot_size)
		return -EINVAL;
	if (slab->free[slot / 64] >> slot % 64 & 1 || debug_withholds(slab, (unsigned int)slot) ||
	    (slab->held && slab->held->row[slot / 64] >> slot % 64 & 1))
		return -ENOENT;
	return (int)slot;
}

long slab_object_widen(struct slab_set *set, gpa_t addr)
{
	struct slab *slab = NULL;
	frame_t frame;
	long asked;
	int slot;

	if (map_frame(set->map, addr, &frame))
		slab = slab_lock_frame(set, frame);
	if (!slab)
		return map_in_range(set->map, addr) ? -EINVAL : -EFAULT;
	slot = widen_slot(slab, addr - slab_start(set->frames, slab));
	if (slot < 0) {
		asked = slot;
	} else {
		asked = (long)set->cache[slab->cache].object_size;
		if (debug_on(slab))
			asked = (long)debug_widen(set, slab, (unsigned int)slot);
	}
	mm_unlock(&slab->lock);
	return asked;
}
