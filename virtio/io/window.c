/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/io/window.h"

#include "virtio/io/window_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include "mm/probe.h"

/* How much more often than its victim a window must be asked for. */
#define ADMIT_MARGIN 8
/* Frequencies are halved after this many uses a window. */
#define AGE_USES 16
/* Windows looked at, from the least recently used on, for one without I/O. */
#define VICTIM_LOOKS 8

int io_windows_add_region(struct io_windows *set, unsigned int index)
{
	const struct io_region *region = &set->config->region[index];
	uintptr_t host = (uintptr_t)region->host;
	struct zone *zone = &set->zone[index];

	/* Nothing is ever registered: there is nothing to keep account of. */
	if (!set->config->pin_budget)
		return 0;
	zone->region = region;
	zone->base = host & ~(IO_WINDOW_SIZE - 1);
	zone->nr = (host - zone->base + region->size + IO_WINDOW_SIZE - 1) >> IO_WINDOW_SHIFT;
	if (!io_places_create(zone))
		return 0;
	*zone = (struct zone){0};
	return -ENOMEM;
}

int io_windows_create(struct io_engine *engine, const struct io_engine_config *config,
		      struct io_windows **out)
{
	struct rlimit limit = {0};
	struct io_windows *set;

	set = calloc(1, sizeof(*set));
	if (!set)
		return -ENOMEM;
	set->engine = engine;
	set->config = config;
	set->budget = config->pin_budget;
	set->tick = 1;
	/* Now: it may not be asked for any more when it is needed. */
	getrlimit(RLIMIT_MEMLOCK, &limit);
	set->memlock = limit.rlim_cur;
	set->free_slot = calloc(IO_WINDOW_SLOTS, sizeof(*set->free_slot));
	if (!set->free_slot)
		goto err;
	while (set->nr_free < IO_WINDOW_SLOTS) {
		set->free_slot[set->nr_free] = (uint16_t)(IO_WINDOW_SLOTS - 1 - set->nr_free);
		set->nr_free++;
	}
	for (unsigned int i = 0; i < config->nr_regions; i++)
		if (io_windows_add_region(set, i))
			goto err;
	*out = set;
	return 0;

err:
	io_windows_destroy(set);
	return -ENOMEM;
}

void io_windows_enable(struct io_windows *set, struct io_uring *ring)
{
	set->ring = ring;
}

static void link_newest(struct io_windows *set, struct io_window *w)
{
	w->newer = NULL;
	w->older = set->newest;
	*(set->newest ? &set->newest->newer : &set->oldest) = w;
	set->newest = w;
}

void io_windows_destroy(struct io_windows *set)
{
	struct place *place;

	for (unsigned int z = 0; z < IO_MAX_REGIONS; z++) {
		struct zone *zone = &set->zone[z];

		for (uint64_t i = 0; set->count && i < zone->nr; i++) {
			place = io_place_find(zone, i);
			if (!place)
				i |= CHUNK_PLACES - 1;
			else if (place->window)
				io_window_forget(set, place->window);
		}
		io_places_destroy(set, zone);
	}
	free(set->free_slot);
	free(set);
}

/*
 * A frame of the window to pin: one of a page run if there is one, else that of the
 * I/O, which is pinned already and so can be again. False: the quota.
 */
static bool pin_anchor(struct io_window *w, const struct io_region *region, uintptr_t start,
		       const void *host)
{
	struct mm_heap *heap = w->heap;
	/* Of a part of the heap's window, where all of it would begin. */
	uintptr_t base = (uintptr_t)region->host - region->heap_at;
	const uint8_t *map;
	size_t bytes;
	size_t first = (start - base) >> MM_FRAME_SHIFT;

	map = mm_heap_page_map(heap, &bytes);
	for (size_t i = first; i < first + (w->size >> MM_FRAME_SHIFT) && i < bytes; i++) {
		/* Relaxed: a hint, mm_pin() says whether it holds. */
		if (atomic_load_explicit((const _Atomic uint8_t *)&map[i], memory_order_relaxed) <
		    MM_PM_RUN)
			continue;
		w->anchor = mm_heap_base(heap) + ((uint64_t)i << MM_FRAME_SHIFT);
		if (mm_pin(heap, 1, &w->anchor) == 1)
			return true;
		break;
	}
	w->anchor = mm_heap_base(heap) + (((uintptr_t)host - base) & ~(MM_FRAME_SIZE - 1));
	return mm_pin(heap, 1, &w->anchor) == 1;
}

/*
 * Bytes that count against RLIMIT_MEMLOCK when as much is registered as ever will be. The kernel
 * counts a huge page whole, even if a window is only a part of it.
 */
static uint64_t most_locked(const struct io_windows *set)
{
	uint64_t left = set->config->pin_budget >> IO_WINDOW_SHIFT;
	uint64_t sum = 0;
	uint64_t n;

	/* Those whose pages are larger first: there a window can cost most. */
	for (unsigned int pass = 0; pass < 2; pass++)
		for (unsigned int z = 0; z < set->config->nr_regions; z++) {
			const struct zone *zone = &set->zone[z];
			uint64_t page = zone->chunk ? zone->region->page : 0;
			bool large = page > IO_WINDOW_SIZE;

			if (!zone->chunk || large != !pass)
				continue;
			n = large ? (zone->region->size + page - 1) / page : zone->nr;
			if (n > left)
				n = left;
			left -= n;
			sum += n * (large ? page : IO_WINDOW_SIZE);
		}
	return sum;
}

/* The kernel refuses more: what is registered is the budget from now on. */
static void lower_budget(struct io_windows *set, int err)
{
	const struct io_engine_config *config = set->config;
	/* What else this user has locked, the ring as it is among it. */
	uint64_t others = set->memlock > set->bytes ? set->memlock - set->bytes : 0;
	char text[256];
	int n;

	set->budget = set->bytes;
	if (set->warned || !config->warn)
		return;
	set->warned = true;
	n = snprintf(text, sizeof(text),
		     "io_uring registers %llu KiB of guest memory and no more (%s)",
		     (unsigned long long)set->bytes >> 10, strerror(-err));
	if (set->memlock != RLIM_INFINITY)
		snprintf(text + n, sizeof(text) - (size_t)n,
			 ": RLIMIT_MEMLOCK is %llu KiB, %llu KiB are required (ulimit -l, "
			 "LimitMEMLOCK=) or CAP_IPC_LOCK",
			 (unsigned long long)set->memlock >> 10,
			 (unsigned long long)(most_locked(set) + IO_RING_ROOM + others + 1023) >>
				 10);
	config->warn(config->warn_opaque, text);
}

static struct io_window *make(struct io_windows *set, const struct zone *zone, uint64_t i,
			      const void *host)
{
	struct place *place = io_place_find(zone, i);
	uintptr_t start = zone->base + (i << IO_WINDOW_SHIFT);
	uintptr_t end = start + IO_WINDOW_SIZE;
	uintptr_t first = (uintptr_t)zone->region->host;
	struct io_window *w;
	struct iovec range;
	__u64 tag;
	int ret;

	if (start < first)
		start = first;
	if (end > first + zone->region->size)
		end = first + zone->region->size;
	w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->gone.done = io_window_gone;
	w->set = set;
	w->place = place;
	w->size = end - start;
	w->heap = zone->region->heap;
	if (w->heap && !pin_anchor(w, zone->region, start, host))
		goto err_free;
	w->slot = set->free_slot[set->nr_free - 1];
	range = (struct iovec){(void *)start, w->size};
	tag = (uintptr_t)&w->gone;
	ret = io_uring_register_buffers_update_tag(set->ring, w->slot, &range, &tag, 1);
	PROBE(io_window_register, start, w->size, w->slot, ret);
	if (ret < 0) {
		io_stat_add(&set->window_failures, 1);
		place->refused = set->tick;
		set->tick_owed = true;
		if (ret == -ENOMEM || ret == -EPERM)
			lower_budget(set, ret);
		goto err_unpin;
	}
	set->nr_free--;
	set->bytes += w->size;
	set->count++;
	set->of_heaps += w->heap != NULL;
	place->window = w;
	link_newest(set, w);
	io_stat_add(&set->windows_made, 1);
	io_stat_add(&set->window_bytes, w->size);
	return w;

err_unpin:
	if (w->heap)
		io_window_unpin(w->heap, w->anchor);
err_free:
	free(w);
	return NULL;
}

/* Lets an old window go for a place that is asked for more. The I/O at hand does not
 * wait for it. */
static void consider_eviction(struct io_windows *set, const struct place *place)
{
	struct io_window *w = set->oldest;

	for (unsigned int looks = 0; w && w->refs && looks < VICTIM_LOOKS; looks++)
		w = w->newer;
	if (!w || w->refs || place->uses < w->place->uses + ADMIT_MARGIN) {
		io_stat_add(&set->window_refusals, 1);
		return;
	}
	io_stat_add(&set->window_evictions, 1);
	io_window_let_go(set, w);
}

static void count_use(struct io_windows *set, struct place *place)
{
	if (place->uses < UINT8_MAX)
		place->uses++;
	if (++set->uses < AGE_USES * CHUNK_PLACES * (uint64_t)set->nr_chunks)
		return;
	set->uses = 0;
	io_places_age(set);
}

struct io_window *io_window_get(struct io_windows *set, const struct io_region *region,
				const void *host, uint64_t len)
{
	struct zone *zone = &set->zone[region - set->config->region];
	uint64_t i = ((uintptr_t)host - zone->base) >> IO_WINDOW_SHIFT;
	struct place *place;
	struct io_window *w;

	if (!set->ring || ((uintptr_t)host + len - 1 - zone->base) >> IO_WINDOW_SHIFT != i)
		return NULL;
	place = io_place_make(set, zone, i);
	if (!place) {
		io_stat_add(&set->window_misses, 1);
		return NULL;
	}
	w = place->window;
	count_use(set, place);
	if (w && !w->leaving && !place->holds) {
		io_stat_add(&set->window_hits, 1);
		if (set->newest != w) {
			io_window_unlink(set, w);
			link_newest(set, w);
		}
	} else {
		io_stat_add(&set->window_misses, 1);
		if (w || place->refused == set->tick || place->holds)
			return NULL;
		if (!set->nr_free || set->bytes + IO_WINDOW_SIZE > set->budget) {
			consider_eviction(set, place);
			return NULL;
		}
		w = make(set, zone, i, host);
		if (!w)
			return NULL;
	}
	w->refs++;
	w->used_ms = set->now_ms;
	return w;
}

void io_window_put(struct io_windows *set, struct io_window *w)
{
	(void)set;
	w->refs--;
}

unsigned int io_window_slot(const struct io_window *w)
{
	return w->slot;
}

bool io_windows_want_tick(const struct io_windows *set)
{
	return set->tick_owed || set->of_heaps || (set->count && set->config->idle_ms);
}

void io_windows_get_stats(const struct io_windows *set, struct io_engine_stats *stats)
{
#define IO_STAT(name, shown, ...) stats->name = io_stat_get(&set->name);
	IO_WINDOW_COUNTERS(IO_STAT)
#undef IO_STAT
}
