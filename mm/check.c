/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether all that a heap knows of itself agrees, while no call is under way. */
#include "mm/run.h"

#ifdef MM_CHECK

#include "mm/host/limit.h"

/* What the frames of a heap are, by its page map and its pins. */
struct account {
	uint64_t slabs, runs, waiting; /* frames of slabs, runs, and runs that wait for an unpin */
	uint64_t pins;
};

/* The frames that a run was cut out of: guards are longer. */
static uint64_t run_frames(const struct mm_heap *heap, unsigned int order)
{
	return 1ull << (order + run_is_guarded(heap, order));
}

/* Looks at the frame that something begins at, and sets *nr to how many frames that has. */
static const char *check_head(struct mm_heap *heap, frame_t frame, struct account *sum,
			      uint64_t *nr)
{
	uint8_t value = atomic_load_explicit(map_byte(&heap->map, frame), memory_order_relaxed);
	int freed = pin_freed_order(&heap->pins, frame);
	unsigned int order = value - MM_PM_RUN;

	*nr = 1;
	if (freed >= 0) {
		if (value != MM_PM_NONE)
			return limit_why("frame %llu is handed out, and waits for its unpin",
					 (unsigned long long)frame.nr);
		sum->waiting += 1ull << freed;
		*nr = 1ull << freed;
		return NULL;
	}
	if (value == MM_PM_NONE)
		return pin_count(&heap->pins, frame)
			       ? limit_why("frame %llu is nobody's, and pinned",
					   (unsigned long long)frame.nr)
			       : NULL;
	if (value <= MM_PM_FAR) {
		sum->slabs++;
		return NULL;
	}
	if (order > MM_MAX_ORDER || frame.nr % (1ull << order) ||
	    !map_is(&heap->map, frame_behind(frame, 1), (1ull << order) - 1, MM_PM_TAIL))
		return limit_why("frame %llu begins no run as the page map says, 0x%x",
				 (unsigned long long)frame.nr, value);
	sum->runs += run_frames(heap, order);
	*nr = 1ull << order;
	return NULL;
}

/* A block counts the pins of runs alone: those of slabs are their slabs'. */
static const char *check_block(struct mm_heap *heap, frame_t first, uint64_t pins, uint32_t freed)
{
	const struct pin_block *block = pin_block_of(&heap->pins, first);
	uint32_t said = atomic_load_explicit(&block->pins, memory_order_relaxed);

	if (atomic_load_explicit(&block->lock.held, memory_order_relaxed))
		return limit_why("the pins from frame %llu on are locked at rest",
				 (unsigned long long)first.nr);
	if (said != pins || block->freed != freed)
		return limit_why("from frame %llu on %u pins and %u freed runs are counted, there "
				 "are %llu and %u",
				 (unsigned long long)first.nr, said, block->freed,
				 (unsigned long long)pins, freed);
	return NULL;
}

/* The frames of one pin block, of which those without memory are left out. */
static const char *check_frames(struct mm_heap *heap, uint64_t first, uint64_t end,
				struct account *sum)
{
	uint64_t pins = 0;
	uint64_t nr = 1;
	uint32_t freed = 0;

	for (uint64_t at = first; at < end; at += nr) {
		frame_t frame = frame_at(at);
		const char *why;
		bool slab;

		nr = FRAME_PER_HUGE;
		if (!frame_is_backed(&heap->frames, (uint32_t)(at / FRAME_PER_HUGE)))
			continue;
		why = check_head(heap, frame, sum, &nr);
		if (why)
			return why;
		freed += pin_freed_order(&heap->pins, frame) >= 0;
		slab = atomic_load_explicit(&heap->slabs.of[at], memory_order_relaxed);
		for (uint64_t i = 0; i < nr; i++) {
			uint32_t count = pin_count(&heap->pins, frame_behind(frame, i));

			sum->pins += count;
			pins += slab ? 0 : count;
		}
	}
	return check_block(heap, frame_at(first), pins, freed);
}

const char *mm_check(struct mm_heap *heap)
{
	uint64_t end = heap->map.first + (heap->map.size >> MM_FRAME_SHIFT);
	uint64_t out;
	uint64_t slabs;
	struct account account = {0};
	struct map_sum sum;
	const char *why = frame_check(&heap->frames, &out);

	if (!why)
		why = slab_check(&heap->slabs, &slabs);
	for (uint64_t frame = heap->map.first; !why && frame < end;) {
		uint64_t next = (frame | ((1ull << PIN_BLOCK_ORDER) - 1)) + 1;

		why = check_frames(heap, frame, next < end ? next : end, &account);
		frame = next;
	}
	if (why)
		return why;
	map_sum(&heap->map, &sum);
	if (sum.given - sum.taken != out)
		return limit_why("%llu frames are counted as handed out, the pool has %llu so",
				 (unsigned long long)(sum.given - sum.taken),
				 (unsigned long long)out);
	/* A guard that the host did not take away again keeps its run out of use. */
	if (account.slabs != slabs || slabs + account.runs + account.waiting > out ||
	    (!(heap->config.debug & MM_HARDEN_GUARD) &&
	     slabs + account.runs + account.waiting != out))
		return limit_why("%llu frames are handed out: %llu of slabs, by the page map %llu, "
				 "%llu of runs, and %llu that wait",
				 (unsigned long long)out, (unsigned long long)slabs,
				 (unsigned long long)account.slabs,
				 (unsigned long long)account.runs,
				 (unsigned long long)account.waiting);
	/* The monitor's own pins count against no quota. */
	if (atomic_load_explicit(&heap->pins.total, memory_order_relaxed) > account.pins)
		return limit_why("%llu pins are counted, frames have %llu",
				 (unsigned long long)heap->pins.total,
				 (unsigned long long)account.pins);
	return NULL;
}

#endif
