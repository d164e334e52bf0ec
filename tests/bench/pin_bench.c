/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a pin and its end cost at the host: nanoseconds a page for 1 and for 512 pages a call. By
 * itself, of pages that have no pin yet and of pages that have one; and as a disk's request
 * takes it, with the window of the I/O ring that the pages lie in: there (a hit), or registered
 * first (a miss).
 */
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "mm/mm.h"
#include "mm/util.h"
#include "virtio/io/window.h"

#define PAGES       512u /* of a window */
#define WINDOWS     24u
#define ROUNDS      400u
#define MISS_ROUNDS 8u
#define HEAP_SIZE   (64ull << 20)

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int unpin(struct mm_heap *heap, const uint64_t *addr, size_t n)
{
	struct mm_bad bad[PAGES];
	size_t nr_bad;

	return mm_unpin(heap, n, addr, bad, &nr_bad) == (long)n ? 0 : -1;
}

/* Pins and unpins all pages, n a call, ROUNDS times. */
static int measure(struct mm_heap *heap, const uint64_t *addr, size_t n, const char *name)
{
	uint64_t start;

	start = now_ns();
	for (unsigned int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < PAGES; i += n)
			if (mm_pin(heap, n, addr + i) != (long)n || unpin(heap, addr + i, n))
				return -1;
	printf("%s %.2f ns\n", name, (double)(now_ns() - start) / ROUNDS / PAGES);
	return 0;
}

/* A source without a driver: the I/O thread measures when it is first asked for work. */
struct probe {
	struct io_source source;
	struct io_engine *engine;
	struct mm_heap *heap;
	const uint64_t *addr; /* WINDOWS * PAGES */
	size_t n;             /* pages a call */
	double hit_ns, miss_ns;
	bool begun, failed;
	sem_t done;
};

/* The first n pages of each window: pin, window, and back. Returns ns a page, or -1. */
static double pass(struct probe *p)
{
	struct io_windows *windows = io_engine_windows(p->engine);
	uint64_t start = now_ns();

	for (unsigned int w = 0; w < WINDOWS; w++) {
		const uint64_t *addr = p->addr + (size_t)w * PAGES;
		uint8_t *host = (uint8_t *)mm_heap_host(p->heap) + (*addr - mm_heap_base(p->heap));
		const struct iovec seg = {host, p->n * MM_FRAME_SIZE};
		const struct io_region *region;
		struct io_window *window;

		if (mm_pin(p->heap, p->n, addr) != (long)p->n)
			return -1;
		io_engine_locate(p->engine, &seg, 1, &region);
		window = io_window_get(windows, region, host, seg.iov_len);
		if (!window)
			return -1;
		io_window_put(windows, window);
		if (unpin(p->heap, addr, p->n))
			return -1;
	}
	return (double)(now_ns() - start) / WINDOWS / (double)p->n;
}

static bool work(struct io_source *source)
{
	struct probe *p = container_of(source, struct probe, source);

	if (p->begun)
		return false;
	p->begun = true;
	p->miss_ns = pass(p);
	for (unsigned int round = 0; round < ROUNDS && p->miss_ns >= 0 && p->hit_ns >= 0; round++) {
		double ns = pass(p);

		p->hit_ns = ns < 0 ? ns : p->hit_ns + ns / ROUNDS;
	}
	sem_post(&p->done);
	return true;
}

static void flush(struct io_source *source)
{
	(void)source;
}

static bool nothing(struct io_source *source)
{
	(void)source;
	return false;
}

static const struct io_source_ops probe_ops = {
	.work = work,
	.flush = flush,
	.pending = nothing,
	.rest = nothing,
};

/* One ring, on which each window is missed once and then hit. */
static int probe_once(struct mm_heap *heap, const uint64_t *addr, size_t n, double *hit,
		      double *miss)
{
	struct probe p = {
		.source.ops = &probe_ops,
		.heap = heap,
		.addr = addr,
		.n = n,
	};
	struct io_engine_config config = {
		.region = {{mm_heap_host(heap), mm_heap_size(heap), heap}},
		.nr_regions = 1,
		.pin_budget = HEAP_SIZE};

	if (io_engine_create(&config, &p.engine))
		return -1;
	sem_init(&p.done, 0, 0);
	io_engine_attach(p.engine, &p.source);
	io_engine_kick(p.engine);
	sem_wait(&p.done);
	io_engine_detach(p.engine, &p.source);
	io_engine_destroy(p.engine);
	sem_destroy(&p.done);
	*hit += p.hit_ns;
	*miss += p.miss_ns;
	return p.hit_ns < 0 || p.miss_ns < 0 ? -1 : 0;
}

static int measure_windows(struct mm_heap *heap, const uint64_t *addr, size_t n,
			   const char *hit_name, const char *miss_name)
{
	double hit = 0;
	double miss = 0;

	for (unsigned int round = 0; round < MISS_ROUNDS; round++)
		if (probe_once(heap, addr, n, &hit, &miss))
			return -1;
	printf("%s %.2f ns\n%s %.2f ns\n", hit_name, hit / MISS_ROUNDS, miss_name,
	       miss / MISS_ROUNDS);
	return 0;
}

int main(void)
{
	static uint64_t addr[WINDOWS * PAGES];
	const struct mm_config config = {
		.range = {{.base = 1ull << 30, .size = HEAP_SIZE, .host_node = -1}},
		.nr_ranges = 1,
		.cpus = 1,
		.reclaim_delay_ms = -1,
		.pin_quota = HEAP_SIZE >> MM_FRAME_SHIFT,
	};
	struct mm_heap *heap;
	uint64_t run;

	if (mm_heap_create(&config, &heap, NULL))
		return EXIT_FAILURE;
	for (size_t w = 0; w < WINDOWS; w++) {
		if (mm_pages_alloc(heap, 0, 9, -1, 0, 1, &run) != 1)
			return EXIT_FAILURE;
		for (size_t i = 0; i < PAGES; i++)
			addr[w * PAGES + i] = (run & ~MM_ADDR_FLAGS) + i * MM_FRAME_SIZE;
	}
	if (measure(heap, addr, 1, "pin_1_ns") ||
	    measure(heap, addr, PAGES, "pin_512_ns_per_page") ||
	    mm_pin(heap, PAGES, addr) != (long)PAGES || measure(heap, addr, 1, "pin_1_again_ns") ||
	    measure(heap, addr, PAGES, "pin_512_again_ns_per_page") || unpin(heap, addr, PAGES) ||
	    measure_windows(heap, addr, 1, "pin_1_hit_ns", "pin_1_miss_ns") ||
	    measure_windows(heap, addr, PAGES, "pin_512_hit_ns_per_page",
			    "pin_512_miss_ns_per_page"))
		return EXIT_FAILURE;
	mm_heap_destroy(heap);
	return EXIT_SUCCESS;
}
