/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page map: for each frame of the window a byte that says what it was handed out as, which
 * the guest reads too. Beside it what each CPU counts of frames that come and go.
 */
#ifndef MM_MAP_MAP_H
#define MM_MAP_MAP_H

#include "mm/frame/frame.h"

/* One CPU's counters. */
struct map_count {
	_Alignas(64) _Atomic uint64_t given; /* frames, ever; so is the next */
	_Atomic uint64_t taken;
	_Atomic uint64_t errors; /* addresses that were refused */
};

/* Their sums over all CPUs, each of its own moment while others work. */
struct map_sum {
	uint64_t given, taken, errors;
};

struct page_map {
	gpa_t base;     /* the window: address, and */
	uint64_t size;  /* bytes with its holes */
	uint8_t *host;  /* where base is mapped */
	uint64_t first; /* frame number of the window's first frame */
	_Atomic uint8_t *byte;
	/* A copy in the window's reserve, or NULL: written beside the map, and never read. */
	_Atomic uint8_t *shown;
	size_t bytes;            /* padded to whole pages */
	struct map_count *count; /* by CPU */
	unsigned int cpus;
	const struct mm_config *config; /* of which are the ranges */
};

/* Makes the map of a pool's window; nothing is handed out. config stays the caller's, who keeps
 * it as long as the map. Returns 0 or -ENOMEM. */
int map_create(struct page_map *map, const struct mm_config *config, const struct frame_pool *pool);
void map_destroy(struct page_map *map);
/* Takes all back: the map says so, and the counters do. No other call may be under way. */
void map_reset(struct page_map *map);

/* Tells whether an address is in a range of the config, and not in a hole or outside. */
bool map_in_range(const struct page_map *map, gpa_t addr);

/* Counts an error, and notes in bad[*nr_bad] that the address at index of a call was refused. */
void map_refuse(struct page_map *map, unsigned int cpu, struct mm_bad *bad, size_t *nr_bad,
		size_t index, int status);

void map_sum(const struct page_map *map, struct map_sum *sum);

/* The frame of an address in the window; false if it is outside. */
static inline bool map_frame(const struct page_map *map, gpa_t addr, frame_t *frame)
{
	uint64_t offset = addr - map->base;

	frame->nr = map->first + (offset >> MM_FRAME_SHIFT);
	return offset < map->size;
}

static inline _Atomic uint8_t *map_byte(const struct page_map *map, frame_t frame)
{
	return &map->byte[frame.nr - map->first];
}

static inline void map_store(_Atomic uint8_t *byte, uint64_t nr, uint8_t value)
{
	const uint64_t eight = value * 0x0101010101010101ull;

	for (; nr && (uintptr_t)byte % 8; nr--)
		atomic_store_explicit(byte++, value, memory_order_relaxed);
	for (; nr >= 8; nr -= 8, byte += 8)
		__atomic_store_n((uint64_t *)(void *)byte, eight, __ATOMIC_RELAXED);
	for (; nr; nr--)
		atomic_store_explicit(byte++, value, memory_order_relaxed);
}

/* Has the copy say so, before the frames are given on to somebody else who does the same. */
static inline void map_show(struct page_map *map, frame_t frame, uint64_t nr, uint8_t value)
{
	if (map->shown)
		map_store(&map->shown[frame.nr - map->first], nr, value);
}

/* Sets nr bytes from a frame on. Stores are relaxed: the address reaches the guest later, by a
 * channel that orders it after them. */
static inline void map_fill(struct page_map *map, frame_t frame, uint64_t nr, uint8_t value)
{
	map_store(map_byte(map, frame), nr, value);
	map_show(map, frame, nr, value);
}

/* Tells whether nr bytes from a frame on are so. For assertions. */
static inline bool map_is(const struct page_map *map, frame_t frame, uint64_t nr, uint8_t value)
{
	for (uint64_t i = 0; i < nr; i++) {
		if (atomic_load_explicit(map_byte(map, frame_behind(frame, i)),
					 memory_order_relaxed) != value)
			return false;
	}
	return true;
}

/* Host address of an address of the window. */
static inline void *map_host(const struct page_map *map, gpa_t addr)
{
	return map->host + (addr - map->base);
}

/* The CPU that a caller's hint stands for. Most are right, and save a division. */
static inline unsigned int map_cpu(const struct page_map *map, unsigned int cpu)
{
	return cpu < map->cpus ? cpu : cpu % map->cpus;
}

static inline void map_count_frames(struct page_map *map, unsigned int cpu, uint64_t given,
				    uint64_t taken)
{
	struct map_count *count = &map->count[map_cpu(map, cpu)];

	/* Relaxed: counters are summed, nothing is ordered by them. */
	if (given)
		atomic_fetch_add_explicit(&count->given, given, memory_order_relaxed);
	if (taken)
		atomic_fetch_add_explicit(&count->taken, taken, memory_order_relaxed);
}

#endif
