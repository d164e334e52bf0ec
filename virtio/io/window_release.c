/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of windows: by age, by their memory's going, by request. */
#include "mm/util.h"
#include "virtio/io/window_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mm/probe.h"
#include "mm/util.h"

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
	PROBE(io_window_release, w->size, w->slot);
	set->bytes -= w->size;
	set->count--;
	set->of_heaps -= w->heap != NULL;
	set->free_slot[set->nr_free++] = w->slot;
	io_stat_add(&set->window_bytes, -w->size);
	if (w->heap)
		io_window_unpin(w->heap, w->anchor);
	w->place->window = NULL;
	free(w);
}

void io_window_gone(struct io_op *op, int result)
{
	struct io_window *w = container_of(op, struct io_window, gone);

	(void)result;
	io_window_forget(w->set, w);
}

static void warn_stuck(struct io_windows *set, int err)
{
	const struct io_engine_config *config = set->config;
	char text[160];

	if (set->warned_stuck || !config->warn)
		return;
	set->warned_stuck = true;
	snprintf(text, sizeof(text),
		 "io_uring does not let go of registered memory (%s): the memory waits, and it is "
		 "tried again",
		 strerror(-err));
	config->warn(config->warn_opaque, text);
}

void io_window_let_go(struct io_windows *set, struct io_window *w)
{
	struct iovec none = {0};
	__u64 no_tag = 0;
	int ret;

	ret = io_uring_register_buffers_update_tag(set->ring, w->slot, &none, &no_tag, 1);
	if (ret < 0) {
		set->tick_owed = true;
		warn_stuck(set, ret);
		return;
	}
	io_window_unlink(set, w);
	w->leaving = true;
}

void io_windows_tick(struct io_windows *set, uint64_t now_ms)
{
	struct io_window *newer;

	set->now_ms = now_ms;
	set->tick++;
	set->tick_owed = false;
	for (struct io_window *w = set->oldest; w; w = newer) {
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
}

bool io_windows_release(struct io_windows *set)
{
	struct io_window *newer;

	for (struct io_window *w = set->oldest; w; w = newer) {
		newer = w->newer;
		if (!w->refs && w->heap)
			io_window_let_go(set, w);
	}
	return !set->of_heaps;
}

/* The places of a zone that a range has a part in: whether there are any, and [*first, *end). */
static bool places_of(const struct zone *zone, const struct iovec *range, uint64_t *first,
		      uint64_t *end)
{
	uintptr_t from = (uintptr_t)range->iov_base;
	uintptr_t to = from + range->iov_len;
	uintptr_t low;
	uintptr_t high;

	if (!zone->chunk)
		return false;
	low = (uintptr_t)zone->region->host;
	high = low + zone->region->size;
	if (from < low)
		from = low;
	if (to > high)
		to = high;
	if (from >= to)
		return false;
	*first = (from - zone->base) >> IO_WINDOW_SHIFT;
	*end = ((to - 1 - zone->base) >> IO_WINDOW_SHIFT) + 1;
	return true;
}

static void add_holds(struct zone *zone, uint64_t i, uint64_t end, int add)
{
	for (; i < end; i++) {
		struct place *place = io_place_find(zone, i);

		if (place) {
			place->holds += add;
			continue;
		}
		/* None is made before it is undone, so that it is undone here too. */
		zone->chunk[i / CHUNK_PLACES].holds += add;
		i |= CHUNK_PLACES - 1;
	}
}

static void hold(struct io_windows *set, const struct iovec *range, unsigned int n, int add)
{
	uint64_t first;
	uint64_t end;

	for (unsigned int i = 0; i < n; i++)
		for (unsigned int z = 0; z < set->config->nr_regions; z++)
			if (places_of(&set->zone[z], &range[i], &first, &end))
				add_holds(&set->zone[z], first, end, add);
}

void io_windows_hold(struct io_windows *set, const struct iovec *range, unsigned int n)
{
	hold(set, range, n, 1);
}

void io_windows_unhold(struct io_windows *set, const struct iovec *range, unsigned int n)
{
	hold(set, range, n, -1);
}

/* Begins to let go of windows without I/O in places [i, end). Returns whether there are any. */
static bool clear_places(struct io_windows *set, struct zone *zone, uint64_t i, uint64_t end)
{
	bool any = false;

	for (; i < end && set->count; i++) {
		struct place *place = io_place_find(zone, i);

		if (!place) {
			i |= CHUNK_PLACES - 1;
			continue;
		}
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
	uint64_t first;
	uint64_t end;
	bool left = false;

	for (unsigned int i = 0; i < n && set->count; i++)
		for (unsigned int z = 0; z < set->config->nr_regions; z++)
			if (places_of(&set->zone[z], &range[i], &first, &end))
				left |= clear_places(set, &set->zone[z], first, end);
	return !left;
}

bool io_windows_remove_region(struct io_windows *set, unsigned int index)
{
	struct zone *zone = &set->zone[index];

	if (zone->chunk && clear_places(set, zone, 0, zone->nr))
		return false;
	io_places_destroy(set, zone);
	*zone = (struct zone){0};
	return true;
}
