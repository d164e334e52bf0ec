/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm/map/pin_count.h"

#include <errno.h>

#include "mm/host/region.h"

static uint64_t pin_blocks(const struct pin_set *pins)
{
	return (pins->frames >> PIN_BLOCK_ORDER) + 1;
}

int pin_set_create(struct pin_set *pins, uint64_t frames, uint64_t quota)
{
	pins->frames = frames;
	pins->word = region_meta_alloc(frames * sizeof(*pins->word));
	pins->block = region_meta_alloc(pin_blocks(pins) * sizeof(*pins->block));
	atomic_init(&pins->total, 0);
	atomic_init(&pins->quota, quota);
	if (pins->word && pins->block)
		return 0;
	pin_set_destroy(pins);
	return -ENOMEM;
}

void pin_set_destroy(struct pin_set *pins)
{
	region_meta_free(pins->block, pin_blocks(pins) * sizeof(*pins->block));
	region_meta_free((void *)pins->word, pins->frames * sizeof(*pins->word));
	pins->block = NULL;
	pins->word = NULL;
}

void pin_set_reset(struct pin_set *pins)
{
	region_meta_clear(pins->block, pin_blocks(pins) * sizeof(*pins->block));
	region_meta_clear((void *)pins->word, pins->frames * sizeof(*pins->word));
	atomic_store_explicit(&pins->total, 0, memory_order_relaxed);
}

bool pin_defer_run(struct pin_set *pins, frame_t frame, unsigned int order)
{
	struct pin_block *block = pin_block_of(pins, frame);
	uint32_t count;

	/* Sequentially consistent: see pin_count.h. */
	if (order)
		count = atomic_fetch_add_explicit(&block->pins, 0, memory_order_seq_cst);
	else
		count = atomic_load_explicit(&block->pins, memory_order_seq_cst);
	if (!count)
		return false;
	count = 0;
	mm_lock(&block->lock);
	for (uint64_t i = 0; i < 1ull << order && !count; i++)
		count = pin_count(pins, frame_behind(frame, i));
	if (count) {
		atomic_fetch_or_explicit(&pins->word[frame.nr], (order + 1) << PIN_FREED_SHIFT,
					 memory_order_relaxed);
		block->freed++;
	}
	mm_unlock(&block->lock);
	return count;
}

bool pin_freed_run(struct pin_set *pins, frame_t frame, frame_t *head, unsigned int *order)
{
	struct pin_block *block = pin_block_of(pins, frame);

	MM_ASSERT_HELD(&block->lock);
	for (unsigned int i = 0; block->freed && i <= MM_MAX_ORDER; i++) {
		frame_t first = frame_at(frame.nr & ~((1ull << i) - 1));
		_Atomic uint32_t *word = &pins->word[first.nr];

		if (atomic_load_explicit(word, memory_order_relaxed) >> PIN_FREED_SHIFT != i + 1)
			continue;
		for (uint64_t k = 0; k < 1ull << i; k++) {
			if (pin_count(pins, frame_behind(first, k)))
				return false;
		}
		atomic_store_explicit(word, 0, memory_order_relaxed);
		block->freed--;
		*head = first;
		*order = i;
		return true;
	}
	return false;
}
