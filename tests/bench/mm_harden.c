/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the checks that are always on cost, and each debug and hardening mode: batches of objects of
 * 64 bytes allocated and freed (for guards: runs of 64 KiB), beside the same without the mode, in
 * turns. `hardening_NAME_cost_pct value %`, from the median of the ratios of many turns.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mm/heap.h"
#include "tests/bench/clock.h"

#define TURNS  41
#define ROUNDS 400
#define BATCH  64u
#define CACHE  4 /* 64 bytes */

static struct mm_heap *heap_with(unsigned int modes)
{
	const struct mm_config config = {
		.range = {{.base = 4ull << 30, .size = 64ul << 20, .host_node = -1}},
		.nr_ranges = 1,
		.cpus = 1,
		.debug = modes,
		.reclaim_delay_ms = -1,
	};
	struct mm_heap *heap;
	const char *why;

	if (!mm_heap_create(&config, &heap, &why))
		return heap;
	fprintf(stderr, "mm_harden: %s\n", why);
	exit(1);
}

static double turn(struct mm_heap *heap, bool runs)
{
	double start = now_ns();

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t addr[BATCH] = {0};
		struct mm_bad bad[BATCH];
		size_t nr_bad;
		long n;

		if (runs)
			n = mm_pages_alloc(heap, 0, 4, MM_NODE_ANY, 0, BATCH, addr);
		else
			n = mm_alloc_bulk(heap, 0, CACHE, MM_NODE_ANY, 0, 0, 0, BATCH, addr);
		for (long i = 0; i < n; i++)
			addr[i] &= ~MM_ADDR_FLAGS;
		if (runs)
			(void)mm_pages_free(heap, 0, (size_t)n, addr, bad, &nr_bad);
		else
			(void)mm_free_bulk(heap, 0, CACHE, 0, (size_t)n, addr, bad, &nr_bad);
	}
	return now_ns() - start;
}

/* What mm_free_bulk does but for looking: each address is taken for what it is. */
static void free_unchecked(struct mm_heap *heap, size_t n, const uint64_t *addr)
{
	struct slab_set *set = &heap->slabs;
	size_t i = 0;

	while (i < n) {
		uint64_t frame = heap->map.first + ((addr[i] - heap->map.base) >> MM_FRAME_SHIFT);
		struct slab *slab =
			&set->slab[atomic_load_explicit(&set->of[frame], memory_order_acquire)];
		uint64_t start = slab_start(&heap->frames, slab);
		uint64_t bytes = slab_bytes(slab);
		size_t first = i;
		uint64_t offset;

		mm_lock(&slab->lock);
		for (; i < n && (offset = addr[i] - start) < bytes; i++) {
			uint64_t slot = offset * slab->recip >> SLAB_RECIP_SHIFT;

			slab->free[slot / 64] |= 1ull << slot % 64;
		}
		slab->used = (uint16_t)(slab->used - (i - first));
		if (slab_settle(set, slab)) {
			mm_unlock(&slab->lock);
			slab_unmake(set, 0, slab);
			continue;
		}
		mm_unlock(&slab->lock);
	}
	atomic_fetch_add_explicit(&set->cpu[0].count[CACHE].freed, n, memory_order_relaxed);
}

/* The checks that are always on: every freed address to its slot, whether it is allocated
 * and of the cache that was named. */
static double turn_unchecked(struct mm_heap *heap)
{
	double start = now_ns();

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t addr[BATCH];
		long n = mm_alloc_bulk(heap, 0, CACHE, MM_NODE_ANY, 0, 0, 0, BATCH, addr);

		for (long i = 0; i < n; i++)
			addr[i] &= ~MM_ADDR_FLAGS;
		free_unchecked(heap, (size_t)n, addr);
	}
	return now_ns() - start;
}

static void cost_of_validation(void)
{
	struct mm_heap *heap = heap_with(0);
	double ratio[TURNS] = {0};

	for (int i = -1; i < TURNS; i++) {
		double with = turn(heap, false);
		double without = turn_unchecked(heap);

		if (i >= 0)
			ratio[i] = with / without;
	}
	qsort(ratio, TURNS, sizeof(*ratio), by_value);
	printf("hardening_validation_cost_pct %.3g %%\n", 100 * (ratio[TURNS / 2] - 1));
	mm_heap_destroy(heap);
}

static void cost(const char *name, unsigned int modes)
{
	struct mm_heap *plain = heap_with(0);
	struct mm_heap *hard = heap_with(modes);
	bool runs = modes == MM_HARDEN_GUARD;
	double ratio[TURNS] = {0};

	for (int i = -1; i < TURNS; i++) {
		double with = turn(hard, runs);
		double without = turn(plain, runs);

		if (i >= 0)
			ratio[i] = with / without;
	}
	qsort(ratio, TURNS, sizeof(*ratio), by_value);
	printf("hardening_%s_cost_pct %.3g %%\n", name, 100 * (ratio[TURNS / 2] - 1));
	mm_heap_destroy(plain);
	mm_heap_destroy(hard);
}

int main(void)
{
	cost_of_validation();
	cost("sanity", MM_DEBUG_SANITY);
	cost("redzone", MM_DEBUG_REDZONE);
	cost("poison", MM_DEBUG_POISON);
	cost("owner", MM_DEBUG_OWNER);
	cost("wipe", MM_HARDEN_WIPE);
	cost("quarantine", MM_HARDEN_QUARANTINE);
	cost("random", MM_HARDEN_RANDOM);
	cost("guard", MM_HARDEN_GUARD);
	return 0;
}
