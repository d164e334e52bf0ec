/* SPDX-License-Identifier: BSD-2-Clause */
/* What a heap costs the host beside its own memory. */
#include "mm/heap.h"
#include "mm/slab/debug.h"

/* Arrays that are by frame or by huge frame: where a range begins and ends in one, a page of it
 * is not all the range's. */
#define METADATA_ARRAYS 12u

uint64_t mm_heap_metadata(const struct mm_config *config)
{
	uint64_t frame = sizeof(struct slab) + sizeof(struct slab_held) + sizeof(uint32_t) +
			 sizeof(uint32_t) + sizeof(uint8_t);
	uint64_t huge = 2 * sizeof(struct frame_field) + sizeof(uint32_t);
	uint64_t zones = 2ull * config->nr_ranges;
	uint64_t frames = 0;
	uint64_t caches;
	uint64_t fixed;

	if (debug_is_wanted(config))
		frame += SLAB_DEBUG_FRAME;
	for (unsigned int i = 0; i < config->nr_ranges; i++)
		frames += config->range[i].size >> MM_FRAME_SHIFT;
	caches = slab_caches(frames) + 1ull;
	fixed = sizeof(struct mm_heap) +
		caches * (sizeof(struct slab_cache) + zones * sizeof(struct slab_list) +
			  config->cpus * (sizeof(uint32_t) + sizeof(struct slab_count))) +
		config->cpus * (sizeof(struct slab_cpu) + zones * sizeof(struct frame_local) +
				sizeof(struct map_count)) +
		zones * (sizeof(struct frame_tree) + METADATA_ARRAYS * 2 * MM_FRAME_SIZE);
	return frames * frame + frames / FRAME_PER_HUGE * huge +
	       frames / (FRAME_PER_HUGE * FRAME_CHILDREN) *
		       (sizeof(struct frame_tree) + sizeof(uint64_t)) +
	       (frames >> PIN_BLOCK_ORDER) * sizeof(struct pin_block) + fixed;
}
