/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A long trace of mixed operations (objects of every class and runs of frames, most
 * of them short-lived, some long), the same for mm and for a plain slab over a buddy
 * allocator. Prints how much of the free memory is not in whole huge frames,
 * `name value unit`, and fails if anything is left when all was freed.
 *
 * mm_trace [OPERATIONS]: objects and runs allocated and freed, by default 1e9.
 */
#include <stdbool.h>
#include <stdio.h>

#include "mm/heap.h"
#include "tests/bench/buddy.h"
#include "tests/bench/clock.h"

#define BASE    (4ull << 30)
#define SIZE    (1ull << 30)
#define FRAMES  (SIZE / MM_FRAME_SIZE)
#define BUNDLES (1u << 17)
#define MOST    16u
#define WAVES   64u /* rises and falls of what is in use over a trace */

/* What is allocated and freed together. */
struct bundle {
	uint64_t addr[MOST];
	uint8_t n;
	uint8_t cache; /* 0: runs */
	uint8_t order;
	uint32_t frames; /* about as much memory as this */
};

/* The allocator under test. An address is a number of its own. */
struct side {
	const char *name;
	void *state;
	size_t (*get)(void *state, int cache, unsigned int order, size_t n, uint64_t *addr);
	bool (*put)(void *state, int cache, unsigned int order, size_t n, const uint64_t *addr);
	double (*fragmented_pct)(void *state);
	bool (*empty)(void *state);
};

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull >> 20;
}

static double fragmented(uint64_t free_frames, uint64_t whole)
{
	return free_frames ? 100.0 * (double)(free_frames - whole) / (double)free_frames : 0;
}

/* mm, by its front door. */

static size_t heap_get(void *state, int cache, unsigned int order, size_t n, uint64_t *addr)
{
	long got;

	if (cache)
		got = mm_alloc_bulk(state, 0, cache, MM_NODE_ANY, 0, 0, 0, n, addr);
	else
		got = mm_pages_alloc(state, 0, order, MM_NODE_ANY, 0, n, addr);
	for (long i = 0; i < got; i++)
		addr[i] &= ~MM_ADDR_FLAGS;
	return got < 0 ? 0 : (size_t)got;
}

static bool heap_put(void *state, int cache, unsigned int order, size_t n, const uint64_t *addr)
{
	struct mm_bad bad[MOST];
	size_t nr_bad;

	(void)order;
	if (cache)
		return mm_free_bulk(state, 0, cache, 0, n, addr, bad, &nr_bad) == (long)n;
	return mm_pages_free(state, 0, n, addr, bad, &nr_bad) == (long)n;
}

static double heap_fragmented_pct(void *state)
{
	struct mm_heap *heap = state;
	const struct frame_zone *zone = &heap->frames.zone[0];
	struct mm_stats stats;
	uint64_t whole = 0;

	for (uint32_t tree = 0; tree < zone->nr_trees; tree++) {
		for (unsigned int i = 0; i < FRAME_CHILDREN; i++) {
			uint32_t child = zone->tree[tree].child[i];

			if (child == FRAME_CHILD_IDLE || child == FRAME_CHILD_BARE)
				whole += FRAME_PER_HUGE;
		}
	}
	(void)mm_stats(heap, 0, &stats);
	return fragmented(stats.frames_total - stats.frames_in_use, whole);
}

static bool heap_empty(void *state)
{
	struct mm_stats stats;

	(void)mm_reclaim(state);
	(void)mm_stats(state, 0, &stats);
	return !stats.objects_active && !stats.frames_in_use && !stats.frames_backed &&
	       !stats.slabs && stats.objects_allocated == stats.objects_freed && !stats.errors;
}

/* The peer: slabs of mm's sizes and orders, filled from the slab freed to last. */

struct peer_slab {
	uint32_t next, prev; /* with free slots; by first frame */
	uint16_t used, cap;
	uint8_t cache, order;
	uint64_t free[SLAB_WORDS];
};

struct peer {
	struct buddy buddy;
	struct peer_slab *slab; /* by first frame */
	uint32_t *of;           /* by frame: first frame of its slab */
	uint32_t head[MM_CLASSES + 1];
	struct mm_stats shape[MM_CLASSES + 1];
	uint64_t used;
};

static void peer_link(struct peer *peer, uint32_t first)
{
	struct peer_slab *slab = &peer->slab[first];
	uint32_t head = peer->head[slab->cache];

	slab->next = head;
	slab->prev = BUDDY_NONE;
	if (head != BUDDY_NONE)
		peer->slab[head].prev = first;
	peer->head[slab->cache] = first;
}

static void peer_unlink(struct peer *peer, uint32_t first)
{
	struct peer_slab *slab = &peer->slab[first];

	if (slab->next != BUDDY_NONE)
		peer->slab[slab->next].prev = slab->prev;
	if (slab->prev != BUDDY_NONE)
		peer->slab[slab->prev].next = slab->next;
	else
		peer->head[slab->cache] = slab->next;
}

static bool peer_grow(struct peer *peer, int cache)
{
	const struct mm_stats *shape = &peer->shape[cache];
	unsigned int order = (unsigned int)__builtin_ctz(shape->frames_per_slab);
	uint32_t first = buddy_get(&peer->buddy, order);
	struct peer_slab *slab;

	if (first == BUDDY_NONE)
		return false;
	slab = &peer->slab[first];
	memset(slab, 0, sizeof(*slab));
	slab->cache = (uint8_t)cache;
	slab->order = (uint8_t)order;
	slab->cap = (uint16_t)shape->objects_per_slab;
	for (unsigned int i = 0; i < slab->cap; i++)
		slab->free[i / 64] |= 1ull << i % 64;
	for (uint32_t i = 0; i < shape->frames_per_slab; i++)
		peer->of[first + i] = first;
	peer->used += shape->frames_per_slab;
	peer_link(peer, first);
	return true;
}

static size_t peer_get(void *state, int cache, unsigned int order, size_t n, uint64_t *addr)
{
	struct peer *peer = state;
	size_t got = 0;

	for (; !cache && got < n; got++) {
		uint32_t frame = buddy_get(&peer->buddy, order);

		if (frame == BUDDY_NONE)
			return got;
		peer->used += 1ull << order;
		addr[got] = frame;
	}
	while (got < n) {
		struct peer_slab *slab;
		uint32_t first;

		if (peer->head[cache] == BUDDY_NONE && !peer_grow(peer, cache))
			return got;
		first = peer->head[cache];
		slab = &peer->slab[first];
		for (unsigned int i = 0; i < SLAB_WORDS; i++) {
			for (; slab->free[i] && got < n; slab->free[i] &= slab->free[i] - 1) {
				unsigned int slot =
					i * 64 + (unsigned int)__builtin_ctzll(slab->free[i]);

				addr[got++] = (uint64_t)first << 32 | slot;
				slab->used++;
			}
		}
		if (slab->used == slab->cap)
			peer_unlink(peer, first);
	}
	return got;
}

static bool peer_put(void *state, int cache, unsigned int order, size_t n, const uint64_t *addr)
{
	struct peer *peer = state;

	for (size_t i = 0; i < n; i++) {
		uint32_t first = (uint32_t)(addr[i] >> 32);
		unsigned int slot = (uint32_t)addr[i];
		struct peer_slab *slab = &peer->slab[first];

		if (!cache) {
			buddy_put(&peer->buddy, (uint32_t)addr[i], order);
			peer->used -= 1ull << order;
			continue;
		}
		if (slab->used == slab->cap)
			peer_link(peer, first);
		slab->free[slot / 64] |= 1ull << slot % 64;
		if (--slab->used)
			continue;
		peer_unlink(peer, first);
		buddy_put(&peer->buddy, first, slab->order);
		peer->used -= 1ull << slab->order;
	}
	return true;
}

static double peer_fragmented_pct(void *state)
{
	struct peer *peer = state;

	return fragmented(FRAMES - peer->used, buddy_whole(&peer->buddy));
}

static bool peer_empty(void *state)
{
	struct peer *peer = state;

	return !peer->used && buddy_whole(&peer->buddy) == FRAMES;
}

static bool peer_create(struct peer *peer, struct mm_heap *heap)
{
	if (buddy_create(&peer->buddy, FRAMES))
		return false;
	peer->slab = calloc(FRAMES, sizeof(*peer->slab));
	peer->of = calloc(FRAMES, sizeof(*peer->of));
	memset(peer->head, 0xff, sizeof(peer->head));
	for (int cache = 1; cache <= MM_CLASSES; cache++)
		(void)mm_stats(heap, cache, &peer->shape[cache]);
	return peer->slab && peer->of;
}

/* The trace. */

static void choose(struct bundle *bundle, uint64_t random)
{
	unsigned int kind = random % 64;

	random >>= 6;
	bundle->cache = 0;
	bundle->order = 0;
	if (kind < 48) {
		/* Mostly small ones. */
		bundle->cache = (uint8_t)(1 + random % (kind < 40 ? 8 : MM_CLASSES));
		bundle->n = (uint8_t)(1 + (random >> 8) % MOST);
		bundle->frames = bundle->n * mm_class_size[bundle->cache - 1] / MM_FRAME_SIZE;
		return;
	}
	if (kind < 60) {
		bundle->n = (uint8_t)(1 + random % 8);
	} else {
		bundle->order = (uint8_t)(kind == 63 && !(random % 16) ? 9 : 1 + random % 5);
		bundle->n = 1;
	}
	bundle->frames = (uint32_t)bundle->n << bundle->order;
}

/* Frames that may be in use at a moment of the trace: from 30 % to 85 % and back. */
static uint64_t tide(uint64_t done, uint64_t operations)
{
	uint64_t wave = operations / WAVES + 1;
	uint64_t at = done % wave * 200 / wave;

	return FRAMES * (30 + (at < 100 ? at : 200 - at) * 55 / 100) / 100;
}

static bool bundle_put(const struct side *side, struct bundle *bundle)
{
	bool right = side->put(side->state, bundle->cache, bundle->order, bundle->n, bundle->addr);

	bundle->n = 0;
	return right;
}

static int trace(const struct side *side, struct bundle *bundles, uint64_t operations,
		 double *mean_pct)
{
	uint64_t seed = 20250101;
	uint64_t in_use = 0;
	uint64_t done = 0;
	uint64_t failed = 0;
	uint64_t sample = operations / (4 * WAVES) + 1;
	uint64_t samples = 0;
	uint64_t from = 0;
	uint64_t next_sample = operations / 4;
	double start = 0;
	bool right = true;

	memset(bundles, 0, BUNDLES * sizeof(*bundles));
	*mean_pct = 0;
	while (done < operations) {
		uint64_t random = next_random(&seed);
		uint32_t index = random % BUNDLES;
		struct bundle *bundle = &bundles[index];
		bool long_lived = index % 8 == 0;

		random = next_random(&seed);
		if (bundle->n) {
			if (long_lived && random % 64 && in_use < tide(done, operations))
				continue;
			done += bundle->n;
			in_use -= bundle->frames;
			right &= bundle_put(side, bundle);
		} else if (in_use < tide(done, operations)) {
			size_t got;

			choose(bundle, random);
			got = side->get(side->state, bundle->cache, bundle->order, bundle->n,
					bundle->addr);
			failed += bundle->n - got;
			if (!got)
				bundle->frames = 0;
			bundle->n = (uint8_t)got;
			done += got ? got : 1;
			in_use += bundle->frames;
		}
		if (done >= next_sample) {
			/* Past the start: memory is backed, and in disorder. */
			if (!samples) {
				start = now_ns();
				from = done;
			}
			next_sample += sample;
			*mean_pct += side->fragmented_pct(side->state);
			samples++;
		}
	}
	*mean_pct /= (double)samples;
	start = (now_ns() - start) / (double)(done - from);
	printf("frag_%s_mean_pct %.3g %%\n", side->name, *mean_pct);
	printf("frag_%s_end_pct %.3g %%\n", side->name, side->fragmented_pct(side->state));
	printf("trace_%s_op_ns %.3g ns\n", side->name, start);
	printf("trace_%s_failed %llu operations\n", side->name, (unsigned long long)failed);
	for (uint32_t i = 0; i < BUNDLES; i++) {
		if (bundles[i].n)
			right &= bundle_put(side, &bundles[i]);
	}
	if (right && side->empty(side->state))
		return 0;
	fprintf(stderr, "mm_trace: %s: not everything is free at the end\n", side->name);
	return 1;
}

int main(int argc, char **argv)
{
	struct mm_config config = {
		.range = {{.base = BASE, .size = SIZE, .host_node = -1}},
		.nr_ranges = 1,
		.cpus = 1,
		.reclaim_delay_ms = -1,
	};
	uint64_t operations = (uint64_t)(argc > 1 ? strtod(argv[1], NULL) : 1e9);
	struct bundle *bundles = calloc(BUNDLES, sizeof(*bundles));
	struct mm_heap *heap = NULL;
	struct peer peer = {.used = 0};
	struct side heap_side = {"mm", NULL, heap_get, heap_put, heap_fragmented_pct, heap_empty};
	const struct side peer_side = {"buddy",   &peer, peer_get, peer_put, peer_fragmented_pct,
				       peer_empty};
	double mm_pct;
	double peer_pct;
	const char *why = "no memory";
	int bad;

	if (!bundles || operations < 1000 || mm_heap_create(&config, &heap, &why) ||
	    !peer_create(&peer, heap)) {
		fprintf(stderr, "mm_trace: %s\n", operations < 1000 ? "too few operations" : why);
		return 1;
	}
	heap_side.state = heap;
	bad = trace(&heap_side, bundles, operations, &mm_pct);
	bad |= trace(&peer_side, bundles, operations, &peer_pct);
	printf("frag_ratio_buddy %.3g ratio\n", peer_pct > 0 ? mm_pct / peer_pct : 0);
	mm_heap_destroy(heap);
	buddy_destroy(&peer.buddy);
	free(peer.slab);
	free(peer.of);
	free(bundles);
	return bad;
}
