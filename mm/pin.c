/* SPDX-License-Identifier: BSD-2-Clause */
/* Pins: which address may have one, from whom, and what the last one's end leads to. */
#include <errno.h>

#include "mm/heap.h"
#include "mm/probe.h"
#include "mm/run.h"

void mm_set_pin_quota(struct mm_heap *heap, uint64_t quota)
{
	/* Relaxed: a pin that races with it goes by the one or the other. */
	atomic_store_explicit(&heap->pins.quota, quota, memory_order_relaxed);
}

/* Most pins of one frame, of which the guest leaves some to the monitor. */
static uint32_t pin_most(bool own)
{
	return own ? PIN_COUNT : PIN_COUNT - PIN_OWN;
}

static int pin_run(struct mm_heap *heap, frame_t frame, bool own)
{
	struct pin_block *block = pin_block_of(&heap->pins, frame);
	int err = 0;
	uint8_t value;

	mm_lock(&block->lock);
	/* Sequentially consistent, both: see pin_count.h. */
	atomic_fetch_add_explicit(&block->pins, 1, memory_order_seq_cst);
	value = atomic_load_explicit(map_byte(&heap->map, frame), memory_order_seq_cst);
	if (value < MM_PM_RUN)
		err = -EFAULT;
	else if (pin_count(&heap->pins, frame) >= pin_most(own))
		err = -EAGAIN;
	if (err)
		atomic_fetch_sub_explicit(&block->pins, 1, memory_order_relaxed);
	else
		(void)pin_add(&heap->pins, frame, 1);
	mm_unlock(&block->lock);
	return err;
}

/* own: the monitor's, which counts against no quota. */
static int pin_one(struct mm_heap *heap, gpa_t addr, bool own)
{
	struct slab *slab;
	frame_t frame;
	int err;

	if (addr % MM_FRAME_SIZE)
		return -EINVAL;
	if (!map_frame(&heap->map, addr, &frame))
		return -EFAULT;
	if (!own && !pin_charge(&heap->pins))
		return -EAGAIN;
	slab = slab_lock_frame(&heap->slabs, frame);
	if (slab) {
		err = slab_pin(&heap->slabs, slab, frame, pin_most(own));
		mm_unlock(&slab->lock);
	} else {
		err = pin_run(heap, frame, own);
	}
	if (err && !own)
		pin_uncharge(&heap->pins);
	PROBE(mm_pin, addr, own, err);
	return err;
}

static long pin_many(struct mm_heap *heap, size_t n, const gpa_t *addr, bool own)
{
	for (size_t i = 0; i < n; i++) {
		int err = pin_one(heap, addr[i], own);

		if (err)
			return i ? (long)i : err;
	}
	return (long)n;
}

long mm_pin(struct mm_heap *heap, size_t n, const gpa_t *addr)
{
	return pin_many(heap, n, addr, false);
}

long mm_hold(struct mm_heap *heap, size_t n, const gpa_t *addr)
{
	return pin_many(heap, n, addr, true);
}

static int unpin_run(struct mm_heap *heap, frame_t frame)
{
	struct pin_block *block = pin_block_of(&heap->pins, frame);
	bool done = false;
	unsigned int order;
	frame_t head;

	mm_lock(&block->lock);
	if (!pin_count(&heap->pins, frame)) {
		mm_unlock(&block->lock);
		return -ENOENT;
	}
	if (!pin_add(&heap->pins, frame, -1))
		done = pin_freed_run(&heap->pins, frame, &head, &order);
	atomic_fetch_sub_explicit(&block->pins, 1, memory_order_relaxed);
	mm_unlock(&block->lock);
	if (done)
		run_put(heap, 0, order, 1, &head);
	return 0;
}

static int unpin_one(struct mm_heap *heap, gpa_t addr, bool own)
{
	struct slab *slab;
	frame_t frame;
	bool dead;
	int err;

	if (addr % MM_FRAME_SIZE)
		return -EINVAL;
	if (!map_frame(&heap->map, addr, &frame))
		return -EFAULT;
	slab = slab_lock_frame(&heap->slabs, frame);
	if (slab) {
		err = slab_unpin(&heap->slabs, slab, frame, &dead);
		mm_unlock(&slab->lock);
		if (dead)
			slab_unmake(&heap->slabs, 0, slab);
	} else {
		err = unpin_run(heap, frame);
	}
	if (!err && !own)
		pin_uncharge(&heap->pins);
	PROBE(mm_unpin, addr, own, err);
	return err;
}

void mm_release(struct mm_heap *heap, size_t n, const gpa_t *addr)
{
	for (size_t i = 0; i < n; i++)
		(void)unpin_one(heap, addr[i], true);
}

long mm_unpin(struct mm_heap *heap, size_t n, const gpa_t *addr, struct mm_bad *bad, size_t *nr_bad)
{
	long unpinned = 0;

	*nr_bad = 0;
	for (size_t i = 0; i < n; i++) {
		int err = unpin_one(heap, addr[i], false);

		if (err)
			map_refuse(&heap->map, 0, bad, nr_bad, i, err);
		else
			unpinned++;
	}
	return unpinned;
}
