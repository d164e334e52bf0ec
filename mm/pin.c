/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm/pin.h"

#include <errno.h>
#include <string.h>

#include "mm/heap.h"
#include "mm/probe.h"
#include "mm/slab/debug.h"

static uint64_t pin_frames(const struct mm_heap *heap)
{
	return (uint64_t)heap->frames.nr_huge * FRAME_PER_HUGE;
}

static uint64_t pin_blocks(const struct mm_heap *heap)
{
	return (pin_frames(heap) >> PIN_BLOCK_ORDER) + 1;
}

int pin_set_create(struct mm_heap *heap)
{
	struct pin_set *pins = &heap->pins;

	pins->word = region_meta_alloc(pin_frames(heap) * sizeof(*pins->word));
	pins->block = region_meta_alloc(pin_blocks(heap) * sizeof(*pins->block));
	mm_set_pin_quota(heap, heap->config.pin_quota);
	if (pins->word && pins->block)
		return 0;
	pin_set_destroy(heap);
	return -ENOMEM;
}

void pin_set_destroy(struct mm_heap *heap)
{
	region_meta_free(heap->pins.block, pin_blocks(heap) * sizeof(*heap->pins.block));
	region_meta_free(heap->pins.word, pin_frames(heap) * sizeof(*heap->pins.word));
	heap->pins.block = NULL;
	heap->pins.word = NULL;
}

void pin_set_reset(struct mm_heap *heap)
{
	region_meta_clear(heap->pins.block, pin_blocks(heap) * sizeof(*heap->pins.block));
	region_meta_clear(heap->pins.word, pin_frames(heap) * sizeof(*heap->pins.word));
	atomic_store_explicit(&heap->pins.total, 0, memory_order_relaxed);
}

static struct pin_block *pin_block_of(struct mm_heap *heap, uint64_t frame)
{
	return &heap->pins.block[frame >> PIN_BLOCK_ORDER];
}

/* Changes a frame's count; under its block's or its slab's lock. */
static uint32_t pin_add(struct mm_heap *heap, uint64_t frame, int delta)
{
	_Atomic uint32_t *word = &heap->pins.word[frame];
	uint32_t value = atomic_load_explicit(word, memory_order_relaxed) + (uint32_t)delta;

	atomic_store_explicit(word, value, memory_order_relaxed);
	return value & PIN_COUNT;
}

/* One more of the quota: false if there is none. */
static bool pin_charge(struct mm_heap *heap)
{
	uint64_t quota = atomic_load_explicit(&heap->pins.quota, memory_order_relaxed);
	uint64_t total = atomic_load_explicit(&heap->pins.total, memory_order_relaxed);

	do {
		if (total >= quota)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(
		&heap->pins.total, &total, total + 1, memory_order_relaxed, memory_order_relaxed));
	return true;
}

void mm_set_pin_quota(struct mm_heap *heap, uint64_t quota)
{
	/* Relaxed: a pin that races with it goes by the one or the other. */
	atomic_store_explicit(&heap->pins.quota, quota, memory_order_relaxed);
}

static void pin_uncharge(struct mm_heap *heap)
{
	atomic_fetch_sub_explicit(&heap->pins.total, 1, memory_order_relaxed);
}

/* Most pins of one frame, of which the guest leaves some to the monitor. */
static uint32_t pin_most(bool own)
{
	return own ? PIN_COUNT : PIN_COUNT - PIN_OWN;
}

/* A slab that has pins notes the objects freed meanwhile. */
static int pin_slab(struct mm_heap *heap, struct slab *slab, uint64_t frame, bool own)
{
	if (pin_count(&heap->pins, frame) >= pin_most(own))
		return -EAGAIN;
	slab->held = &heap->slabs.held[slab - heap->slabs.slab];
	atomic_fetch_add_explicit(&slab->pins, 1, memory_order_relaxed);
	(void)pin_add(heap, frame, 1);
	/* An empty one goes from among those that can be unmade. */
	(void)slab_settle(heap, slab);
	return 0;
}

static int pin_run(struct mm_heap *heap, uint64_t frame, bool own)
{
	struct pin_block *block = pin_block_of(heap, frame);
	int err = 0;
	uint8_t value;

	mm_lock(&block->lock);
	/* Sequentially consistent, both: see pin.h. */
	atomic_fetch_add_explicit(&block->pins, 1, memory_order_seq_cst);
	value = atomic_load_explicit(heap_map_byte(heap, frame), memory_order_seq_cst);
	if (value < MM_PM_RUN)
		err = -EFAULT;
	else if (pin_count(&heap->pins, frame) >= pin_most(own))
		err = -EAGAIN;
	if (err)
		atomic_fetch_sub_explicit(&block->pins, 1, memory_order_relaxed);
	else
		(void)pin_add(heap, frame, 1);
	mm_unlock(&block->lock);
	return err;
}

/* own: the monitor's, which counts against no quota. */
static int pin_one(struct mm_heap *heap, uint64_t addr, bool own)
{
	struct slab *slab;
	uint64_t frame;
	int err;

	if (addr % MM_FRAME_SIZE)
		return -EINVAL;
	if (!heap_frame(heap, addr, &frame))
		return -EFAULT;
	if (!own && !pin_charge(heap))
		return -EAGAIN;
	slab = slab_lock_frame(heap, frame);
	if (slab) {
		err = pin_slab(heap, slab, frame, own);
		mm_unlock(&slab->lock);
	} else {
		err = pin_run(heap, frame, own);
	}
	if (err && !own)
		pin_uncharge(heap);
	PROBE(mm_pin, addr, own, err);
	return err;
}

static long pin_many(struct mm_heap *heap, size_t n, const uint64_t *addr, bool own)
{
	for (size_t i = 0; i < n; i++) {
		int err = pin_one(heap, addr[i], own);

		if (err)
			return i ? (long)i : err;
	}
	return (long)n;
}

long mm_pin(struct mm_heap *heap, size_t n, const uint64_t *addr)
{
	return pin_many(heap, n, addr, false);
}

long mm_hold(struct mm_heap *heap, size_t n, const uint64_t *addr)
{
	return pin_many(heap, n, addr, true);
}

bool pin_defer_run(struct mm_heap *heap, uint64_t frame, unsigned int order)
{
	struct pin_block *block = pin_block_of(heap, frame);
	uint32_t pins;

	/* Sequentially consistent: see pin.h. */
	if (order)
		pins = atomic_fetch_add_explicit(&block->pins, 0, memory_order_seq_cst);
	else
		pins = atomic_load_explicit(&block->pins, memory_order_seq_cst);
	if (!pins)
		return false;
	pins = 0;
	mm_lock(&block->lock);
	for (uint64_t i = 0; i < 1ull << order && !pins; i++)
		pins = pin_count(&heap->pins, frame + i);
	if (pins)
		atomic_fetch_or_explicit(&heap->pins.word[frame], (order + 1) << PIN_FREED_SHIFT,
					 memory_order_relaxed);
	mm_unlock(&block->lock);
	return pins;
}

/* If a frame whose last pin went is in a run that was freed, and that was the run's
 * last: the run's first frame and its order. With the block's lock held. */
static bool pin_freed_run(struct mm_heap *heap, uint64_t frame, uint64_t *head, unsigned int *order)
{
	for (*order = 0; *order <= MM_MAX_ORDER; (*order)++) {
		_Atomic uint32_t *word;
		uint32_t value;

		*head = frame & ~((1ull << *order) - 1);
		word = &heap->pins.word[*head];
		value = atomic_load_explicit(word, memory_order_relaxed);
		if (value >> PIN_FREED_SHIFT != *order + 1)
			continue;
		for (uint64_t i = 0; i < 1ull << *order; i++) {
			if (pin_count(&heap->pins, *head + i))
				return false;
		}
		atomic_store_explicit(word, 0, memory_order_relaxed);
		return true;
	}
	return false;
}

static int unpin_run(struct mm_heap *heap, uint64_t frame)
{
	struct pin_block *block = pin_block_of(heap, frame);
	bool done = false;
	unsigned int order;
	uint64_t head;

	mm_lock(&block->lock);
	if (!pin_count(&heap->pins, frame)) {
		mm_unlock(&block->lock);
		return -ENOENT;
	}
	if (!pin_add(heap, frame, -1))
		done = pin_freed_run(heap, frame, &head, &order);
	atomic_fetch_sub_explicit(&block->pins, 1, memory_order_relaxed);
	mm_unlock(&block->lock);
	if (done)
		heap_put_run(heap, 0, order, 1, &head);
	return 0;
}

/* Frees the objects that waited for the pins of their frames. */
static void unpin_held(struct mm_heap *heap, struct slab *slab)
{
	for (unsigned int i = 0; i < SLAB_WORDS; i++) {
		uint64_t row = slab->held->row[i];

		for (; row; row &= row - 1) {
			unsigned int slot = i * 64 + (unsigned int)__builtin_ctzll(row);

			if (slab_slot_pinned(heap, slab, slot))
				continue;
			slab->held->row[i] &= ~(1ull << slot % 64);
			slab->held->nr--;
			debug_put_slot(heap, slab, slot);
		}
	}
}

/* With the slab's lock held. *dead: the caller must unmake it. */
static int unpin_slab(struct mm_heap *heap, struct slab *slab, uint64_t frame, bool *dead)
{
	*dead = false;
	if (!pin_count(&heap->pins, frame))
		return -ENOENT;
	atomic_fetch_sub_explicit(&slab->pins, 1, memory_order_relaxed);
	if (pin_add(heap, frame, -1))
		return 0;
	if (slab->held->nr)
		unpin_held(heap, slab);
	/* All of its rows are zero then. */
	if (!slab_pins(slab))
		slab->held = NULL;
	*dead = slab_settle(heap, slab);
	return 0;
}

static int unpin_one(struct mm_heap *heap, uint64_t addr, bool own)
{
	struct slab *slab;
	uint64_t frame;
	bool dead;
	int err;

	if (addr % MM_FRAME_SIZE)
		return -EINVAL;
	if (!heap_frame(heap, addr, &frame))
		return -EFAULT;
	slab = slab_lock_frame(heap, frame);
	if (slab) {
		err = unpin_slab(heap, slab, frame, &dead);
		mm_unlock(&slab->lock);
		if (dead)
			slab_unmake(heap, 0, slab);
	} else {
		err = unpin_run(heap, frame);
	}
	if (!err && !own)
		pin_uncharge(heap);
	PROBE(mm_unpin, addr, own, err);
	return err;
}

void mm_release(struct mm_heap *heap, size_t n, const uint64_t *addr)
{
	for (size_t i = 0; i < n; i++)
		(void)unpin_one(heap, addr[i], true);
}

long mm_unpin(struct mm_heap *heap, size_t n, const uint64_t *addr, struct mm_bad *bad,
	      size_t *nr_bad)
{
	long unpinned = 0;

	*nr_bad = 0;
	for (size_t i = 0; i < n; i++) {
		int err = unpin_one(heap, addr[i], false);

		if (err)
			heap_refuse(heap, 0, bad, nr_bad, i, err);
		else
			unpinned++;
	}
	return unpinned;
}
