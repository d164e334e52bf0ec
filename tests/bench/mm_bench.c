/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What mm costs by itself, on the host: `name value unit` lines. Frame figures are of
 * the frame layer, slab figures of mm's front door, validation included. Each figure
 * is the best of several runs, so that a busy machine does not blur it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mm/heap.h"
#include "tests/bench/buddy.h"
#include "tests/bench/clock.h"

#define RUNS  7
#define BATCH 64u
#define BASE  (4ull << 30)
#define SIZE  (1ull << 30)

static uint64_t frame[SIZE / MM_FRAME_SIZE];

/* This thread's own time: of two threads on a machine that others use too, the wall
 * clock would say how busy those are. Waiting for a lock spins, and is counted. */
static double thread_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void keep_best(double *best, double value)
{
	if (!*best || value < *best)
		*best = value;
}

static void print(const char *name, double value, const char *unit)
{
	printf("%s %.3g %s\n", name, value, unit);
}

static void clear_flags(uint64_t *list, size_t n, uint64_t flags)
{
	for (size_t i = 0; i < n; i++)
		list[i] &= ~flags;
}

/* Numbers of frames without flags. */
static const frame_t *as_frames(const uint64_t *list)
{
	return (const frame_t *)(const void *)list;
}

static void bench_frames(struct mm_heap *heap)
{
	const size_t n = SIZE / MM_FRAME_SIZE / 2;
	double get = 0;
	double put = 0;
	double pair = 0;

	for (int run = 0; run <= RUNS; run++) {
		double start = now_ns();
		double mid;
		double end;

		for (size_t i = 0; i < n; i += BATCH)
			(void)frame_get_bulk(&heap->frames, 0, 0, MM_NODE_ANY, 0, BATCH, frame + i);
		mid = now_ns();
		clear_flags(frame, n, FRAME_ZERO);
		end = now_ns();
		for (size_t i = 0; i < n; i += BATCH)
			frame_put_bulk(&heap->frames, 0, 0, BATCH, as_frames(frame + i));
		if (!run)
			continue; /* backs the memory */
		keep_best(&get, (mid - start) / (double)n);
		keep_best(&put, (now_ns() - end) / (double)n);
	}
	for (int run = 0; run < 8 * RUNS; run++) {
		double start = now_ns();

		for (size_t i = 0; i < 100000; i++) {
			uint64_t one;

			(void)frame_get_bulk(&heap->frames, 0, 0, MM_NODE_ANY, 0, 1, &one);
			one &= ~FRAME_ZERO;
			frame_put_bulk(&heap->frames, 0, 0, 1, as_frames(&one));
		}
		keep_best(&pair, (now_ns() - start) / 100000);
	}
	print("frame_get_ns", get, "ns");
	print("frame_put_ns", put, "ns");
	print("frame_pair_ns", pair, "ns");
}

/* The same of a plain buddy allocator, which is neither safe for threads nor checked. */
static void bench_buddy(void)
{
	const size_t n = SIZE / MM_FRAME_SIZE / 2;
	double get = 0;
	double put = 0;
	double huge_get = 0;
	double huge_put = 0;
	struct buddy buddy;

	if (buddy_create(&buddy, SIZE / MM_FRAME_SIZE))
		return;
	for (int run = 0; run <= RUNS; run++) {
		double start = now_ns();
		double mid;

		for (size_t i = 0; i < n; i++)
			frame[i] = buddy_get(&buddy, 0);
		mid = now_ns();
		for (size_t i = 0; i < n; i++)
			buddy_put(&buddy, (uint32_t)frame[i], 0);
		keep_best(&get, (mid - start) / (double)n);
		keep_best(&put, (now_ns() - mid) / (double)n);
		start = now_ns();
		for (size_t i = 0; i < n / 512; i++)
			frame[i] = buddy_get(&buddy, FRAME_HUGE_ORDER);
		mid = now_ns();
		for (size_t i = 0; i < n / 512; i++)
			buddy_put(&buddy, (uint32_t)frame[i], FRAME_HUGE_ORDER);
		keep_best(&huge_get, (mid - start) / (double)(n / 512));
		keep_best(&huge_put, (now_ns() - mid) / (double)(n / 512));
	}
	print("buddy_get_ns", get, "ns");
	print("buddy_put_ns", put, "ns");
	print("buddy_huge_get_ns", huge_get, "ns");
	print("buddy_huge_put_ns", huge_put, "ns");
	buddy_destroy(&buddy);
}

static void bench_huge(struct mm_heap *heap)
{
	const size_t n = SIZE / MM_HUGE_SIZE / 2;
	double get = 0;
	double put = 0;

	for (int run = 0; run <= 8 * RUNS; run++) {
		double start = now_ns();
		double mid;

		for (size_t i = 0; i < n; i++)
			(void)frame_get_bulk(&heap->frames, 0, FRAME_HUGE_ORDER, MM_NODE_ANY, 0, 1,
					     frame + i);
		mid = now_ns();
		clear_flags(frame, n, FRAME_ZERO);
		if (run)
			keep_best(&get, (mid - start) / (double)n);
		mid = now_ns();
		for (size_t i = 0; i < n; i++)
			frame_put_bulk(&heap->frames, 0, FRAME_HUGE_ORDER, 1, as_frames(frame + i));
		if (run)
			keep_best(&put, (now_ns() - mid) / (double)n);
	}
	print("huge_get_ns", get, "ns");
	print("huge_put_ns", put, "ns");
}

struct lane {
	struct mm_heap *heap;
	pthread_barrier_t *start;
	unsigned int cpu;
	double ns;
};

/* Batches of frames got and put again, 16 batches held at a time. */
static void *lane_run(void *arg)
{
	struct lane *lane = arg;
	struct frame_pool *pool = &lane->heap->frames;
	uint64_t held[16 * BATCH] = {0};
	const int rounds = 1000;
	double start;

	pthread_barrier_wait(lane->start);
	start = thread_ns();
	for (int round = 0; round < rounds; round++) {
		for (unsigned int i = 0; i < 16 * BATCH; i += BATCH)
			(void)frame_get_bulk(pool, lane->cpu, 0, MM_NODE_ANY, 0, BATCH, held + i);
		clear_flags(held, 16 * BATCH, FRAME_ZERO);
		for (unsigned int i = 0; i < 16 * BATCH; i += BATCH)
			frame_put_bulk(pool, lane->cpu, 0, BATCH, as_frames(held + i));
	}
	lane->ns = (thread_ns() - start) / (double)(rounds * 16 * BATCH);
	return NULL;
}

static void bench_threads(struct mm_heap *heap)
{
	double ns[3] = {0};

	for (int run = 0; run < 3 * RUNS; run++) {
		for (unsigned int threads = 1; threads <= 2; threads++) {
			pthread_barrier_t start;
			struct lane lane[2];
			pthread_t thread[2];
			double worst = 0;

			pthread_barrier_init(&start, NULL, threads);
			for (unsigned int i = 0; i < threads; i++) {
				lane[i] = (struct lane){heap, &start, i, 0};
				if (pthread_create(&thread[i], NULL, lane_run, &lane[i]))
					exit(1);
			}
			for (unsigned int i = 0; i < threads; i++) {
				pthread_join(thread[i], NULL);
				worst = lane[i].ns > worst ? lane[i].ns : worst;
			}
			pthread_barrier_destroy(&start);
			keep_best(&ns[threads], worst);
		}
	}
	print("frame_2thread_slowdown", ns[2] / ns[1], "ratio");
}

static void bench_slab(struct mm_heap *heap)
{
	const int cache = 4; /* 64 bytes */
	const size_t rounds = 4000;
	double alloc = 0;
	double release = 0;
	struct mm_bad bad[BATCH];
	size_t nr_bad;

	for (int run = 0; run < 5 * RUNS; run++) {
		double in_alloc = 0;
		double in_free = 0;

		/* Eight batches a look at the clock, so that it does not count. */
		for (size_t round = 0; round < rounds / 8; round++) {
			static uint64_t held[8 * BATCH];
			double start = now_ns();
			double mid;
			double end;

			for (size_t i = 0; i < 8 * BATCH; i += BATCH)
				(void)mm_alloc_bulk(heap, 0, cache, MM_NODE_ANY, 0, 0, 0, BATCH,
						    held + i);
			mid = now_ns();
			clear_flags(held, 8 * BATCH, MM_ADDR_FLAGS);
			end = now_ns();
			for (size_t i = 0; i < 8 * BATCH; i += BATCH)
				(void)mm_free_bulk(heap, 0, cache, 0, BATCH, held + i, bad,
						   &nr_bad);
			in_free += now_ns() - end;
			in_alloc += mid - start;
		}
		keep_best(&alloc, in_alloc / (double)(rounds * BATCH));
		keep_best(&release, in_free / (double)(rounds * BATCH));
	}
	print("slab_alloc_bulk64_ns", alloc, "ns");
	print("slab_free_bulk64_ns", release, "ns");

	/* Growing: a hundred thousand objects from nothing, freed in scattered order. */
	alloc = release = 0;
	for (int run = 0; run < RUNS; run++) {
		const size_t n = 100032;
		uint64_t seed = 1;
		double start = now_ns();

		for (size_t i = 0; i < n; i += BATCH)
			(void)mm_alloc_bulk(heap, 0, cache, MM_NODE_ANY, 0, 0, 0, BATCH, frame + i);
		keep_best(&alloc, (now_ns() - start) / (double)n);
		clear_flags(frame, n, MM_ADDR_FLAGS);
		for (size_t i = n - 1; i; i--) {
			size_t other;
			uint64_t swap = frame[i];

			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			other = (seed >> 33) % (i + 1);
			frame[i] = frame[other];
			frame[other] = swap;
		}
		start = now_ns();
		for (size_t i = 0; i < n; i += BATCH)
			(void)mm_free_bulk(heap, 0, cache, 0, BATCH, frame + i, bad, &nr_bad);
		keep_best(&release, (now_ns() - start) / (double)n);
	}
	print("slab_grow_bulk64_ns", alloc, "ns");
	print("slab_scatter_free_ns", release, "ns");
}

static void bench_metadata(struct mm_heap *heap)
{
	uint64_t slab = 32768;
	uint64_t of = sizeof(*heap->slabs.of) * (slab / MM_FRAME_SIZE);
	size_t map;

	(void)mm_heap_page_map(heap, &map);
	print("frame_metadata_pct",
	      100.0 * (double)(frame_pool_metadata(&heap->frames) + map) / (double)SIZE, "%");
	/* Of a slab of 512 objects of 64 bytes: descriptor and table. */
	print("slab_metadata_pct", 100.0 * (double)(sizeof(struct slab) + of) / (double)slab, "%");
}

int main(void)
{
	struct mm_config config = {
		.range = {{.base = BASE, .size = SIZE, .host_node = -1}},
		.nr_ranges = 1,
		.cpus = 4,
		.reclaim_delay_ms = -1,
	};
	struct mm_heap *heap;
	const char *why;

	if (mm_heap_create(&config, &heap, &why)) {
		fprintf(stderr, "mm_bench: %s\n", why);
		return 1;
	}
	bench_frames(heap);
	bench_huge(heap);
	bench_buddy();
	bench_threads(heap);
	bench_slab(heap);
	bench_metadata(heap);
	mm_heap_destroy(heap);
	return 0;
}
