/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What cache colouring would gain (Bonwick, "The Slab Allocator", section 4): lines of
 * objects of 1152 bytes, of which a slab of 32 KiB holds 28 and has 512 bytes left, that
 * is eight colours, are read in turns as mm lays them out and as they would lie without.
 * `colour_PATTERN_ratio`: the time with colours to that without, medians.
 *
 * first: the first line of the first object of each slab, the worst case.
 *
 * random: the first line of objects picked at random, as a program's hot ones lie.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mm/mm.h"
#include "tests/bench/clock.h"

#define OBJECT 1152u
#define SLABS  64u
#define TURNS  21
#define READS  (4u << 20)
#define LINE   64u
#define SLAB   (32ul << 10)

/* Each object's first word leads to the next one's: no read begins before the last. */
static void chain(uint8_t **line, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*(uint8_t **)(void *)line[i] = line[(i + 1) % n];
}

static double walk(uint8_t *const *line)
{
	uint8_t *volatile *at = (uint8_t *volatile *)(void *)line[0];
	double start = now_ns();

	for (unsigned int i = 0; i < READS; i++)
		at = (uint8_t *volatile *)(void *)*at;
	return now_ns() - start;
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull >> 33;
}

static void measure(const char *name, uint8_t *const *object, size_t per_slab, size_t n,
		    bool random)
{
	static uint8_t *plain[SLABS * 32];
	static uint8_t *coloured[SLABS * 32];
	double ratio[TURNS] = {0};
	uint64_t seed = 20250101;

	for (size_t i = 0; i < n; i++) {
		size_t slab = random ? next_random(&seed) % SLABS : i % SLABS;
		size_t slot = random ? next_random(&seed) % per_slab : 0;
		size_t k;

		coloured[i] = object[slab * per_slab + slot];
		for (k = 0; k < i && coloured[k] != coloured[i]; k++)
			;
		if (k < i)
			i--; /* once each */
	}
	/* A colour is less than an object is large. */
	for (size_t i = 0; i < n; i++)
		plain[i] = coloured[i] - (uintptr_t)coloured[i] % SLAB % OBJECT;
	for (int turn = -1; turn < TURNS; turn++) {
		double with;
		double without;

		chain(plain, n);
		without = walk(plain);
		chain(coloured, n);
		with = walk(coloured);
		if (turn >= 0)
			ratio[turn] = with / without;
	}
	qsort(ratio, TURNS, sizeof(*ratio), by_value);
	printf("colour_%s_%zu_ratio %.3g ratio\n", name, n, ratio[TURNS / 2]);
}

int main(void)
{
	const struct mm_config config = {
		.range = {{.base = 4ull << 30, .size = 64ul << 20, .host_node = -1}},
		.nr_ranges = 1,
		.cpus = 1,
		.reclaim_delay_ms = -1,
	};
	static uint8_t *object[SLABS * 32];
	struct mm_slabinfo info;
	struct mm_heap *heap;
	const char *why;
	int cache;

	if (mm_heap_create(&config, &heap, &why)) {
		fprintf(stderr, "mm_colour: %s\n", why);
		return 1;
	}
	cache = mm_cache_create(heap, "colour", OBJECT, LINE, MM_CACHE_NOMERGE);
	if (cache < 0 || mm_slabinfo(heap, cache, &info) || info.objperslab > 32 ||
	    info.pagesperslab * MM_FRAME_SIZE != SLAB) {
		fprintf(stderr, "mm_colour: slabs are not what they were\n");
		return 1;
	}
	for (size_t i = 0; i < SLABS * info.objperslab; i++) {
		uint64_t addr;

		if (mm_alloc_bulk(heap, 0, cache, MM_NODE_ANY, 0, 0, 0, 1, &addr) != 1)
			return 1;
		object[i] = (uint8_t *)mm_heap_host(heap) +
			    ((addr & ~MM_ADDR_FLAGS) - mm_heap_base(heap));
	}
	measure("first", object, info.objperslab, SLABS, false);
	measure("random", object, info.objperslab, 256, true);
	measure("random", object, info.objperslab, 512, true);
	measure("random", object, info.objperslab, 1024, true);
	mm_heap_destroy(heap);
	return 0;
}
