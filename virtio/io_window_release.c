/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of windows: by age, by their memory's going, by request. */
#include "virtio/io_window_priv.h"

#include <stdlib.h>

void io_window_unlink(struct io_windows *set, struct io_window *w)
{
	*(w->newer ? &w->newer->older : &set->newest) = w->older;
	*(w->older ? &w->older->newer : &set->oldest) = w->newer;
}

void io_window_unpin(struct mm_heap *heap, uint64_t frame)
{
	struct mm_bad bad;
	size_t nr_bad;

	/* Refused only if the heap was reset, which forgets pins. */
	mm_unpin(heap, 1, &frame, &bad, &nr_bad);
}

void io_window_forget(struct io_windows *set, struct io_window *w)
{
	set->bytes -= w->size;
	set->count--;
	set->free_slot[set->nr_free++] = w->slot;
	io_stat_add(&set->registered, -w->size);
	if (w->heap)
		io_window_unpin(w->heap, w->anchor);
	w->place->window = NULL;
	free(w);
}

void io_window_gone(struct io_op *op, int result)
{
	struct io_window *w = (struct io_window *)((char *)op - offsetof(struct io_window, gone));

	(void)result;
	w->set->leaving--;
	io_window_forget(w->set, w);
}

void io_window_let_go(struct io_windows *set, struct io_window *w)
{
	struct iovec none = {0};
	__u64 no_tag = 0;

	if (io_uring_register_buffers_update_tag(set->ring, w->slot, &none, &no_tag, 1) < 0)
		return; /* short of memory: it stays, to be tried again */
	io_window_unlink(set, w);
	w->leaving = true;
	set->leaving++;
}

void io_windows_tick(struct io_windows *set, uint64_t now_ms)
{
	struct io_window *w, *newer;
	unsigned int z;
	uint64_t i;

	set->now_ms = now_ms;
	for (w = set->oldest; w; w = newer) {
		newer = w->newer;
		if (w->refs)
			continue;
		if ((set->config->idle_ms && now_ms - w->used_ms > set->config->idle_ms &&
		     w->used_ms) ||
		    (w->heap && !mm_host_ptr(w->heap, w->anchor, MM_FRAME_SIZE)))
			io_window_let_go(set, w);
		if (!w->used_ms)
			w->used_ms = now_ms;
	}
	for (z = 0; z < set->config->nr_regions; z++)
		for (i = 0; i < set->zone[z].nr; i++)
			set->zone[z].place[i].refused = false;
}

void io_windows_release(struct io_windows *set)
{
	struct io_window *w, *newer;

	for (w = set->oldest; w; w = newer) {
		newer = w->newer;
		if (!w->refs && w->heap)
			io_window_let_go(set, w);
	}
}

/* The places of a zone that a range has a part in: returns how many, from *first on. */
static uint64_t places_of(const struct zone *zone, const struct iovec *range, struct place **first)
{
	uintptr_t start = (uintptr_t)range->iov_base, end = start + range->iov_len;
	uintptr_t low, high;

	if (!zone->place)
		return 0;
	low = (uintptr_t)zone->region->host;
	high = low + zone->region->size;
	if (start < low)
		start = low;
	if (end > high)
		end = high;
	if (start >= end)
		return 0;
	*first = &zone->place[(start - zone->base) >> IO_WINDOW_SHIFT];
	return ((end - 1 - zone->base) >> IO_WINDOW_SHIFT) -
	       ((start - zone->base) >> IO_WINDOW_SHIFT) + 1;
}

static void add_holds(struct io_windows *set, const struct iovec *range, unsigned int n, int add)
{
	struct place *place;
	unsigned int i, z;
	uint64_t left;

	for (i = 0; i < n; i++)
		for (z = 0; z < set->config->nr_regions; z++)
			for (left = places_of(&set->zone[z], &range[i], &place); left; left--)
				(place++)->holds += add;
}

void io_windows_hold(struct io_windows *set, const struct iovec *range, unsigned int n)
{
	add_holds(set, range, n, 1);
}

void io_windows_unhold(struct io_windows *set, const struct iovec *range, unsigned int n)
{
	add_holds(set, range, n, -1);
}

/* Begins to let go of windows without I/O, from a place on. Returns whether there are any. */
static bool clear_places(struct io_windows *set, struct place *place, uint64_t n)
{
	bool any = false;

	for (; n; n--, place++) {
		if (!place->window)
			continue;
		any = true;
		if (!place->window->refs && !place->window->leaving)
			io_window_let_go(set, place->window);
	}
	return any;
}

bool io_windows_clear(struct io_windows *set, const struct iovec *range, unsigned int n)
{
	struct place *place;
	unsigned int i, z;
	bool left = false;
	uint64_t count;

	for (i = 0; i < n; i++)
		for (z = 0; z < set->config->nr_regions; z++) {
			count = places_of(&set->zone[z], &range[i], &place);
			left |= count && clear_places(set, place, count);
		}
	return !left;
}

bool io_windows_remove_region(struct io_windows *set, unsigned int index)
{
	struct zone *zone = &set->zone[index];

	if (clear_places(set, zone->place, zone->nr))
		return false;
	set->nr_places -= zone->nr;
	free(zone->place);
	*zone = (struct zone){0};
	return true;
}

bool io_windows_settled(const struct io_windows *set)
{
	return !set->leaving;
}
