/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Half of a 4 GiB heap is freed: how much of it the host has back within a second,
 * and how fast, beside a bare loop of the host's own call over the same ranges of the
 * same memory. For each backing, `name value unit`; medians of several rounds.
 *
 * mm_discard [MIB]: size of the heap. The hugetlb pool is grown for the run and put
 * back, which takes root; where it cannot be, that is said and the backing left out.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mm/mm.h"
#include "tests/bench/clock.h"

#define ROUNDS      9
#define SLOW_ROUNDS 3   /* of a memfd, whose small pages take seconds to populate */
#define SPAN        32u /* huge frames freed side by side */
#define POOL        "/proc/sys/vm/nr_hugepages"

static void die(const char *what)
{
	fprintf(stderr, "mm_discard: %s\n", what);
	exit(1);
}

/* Bytes that the host has in the heap, its metadata included for anonymous memory. */
static uint64_t resident(struct mm_heap *heap)
{
	unsigned long long size;
	unsigned long long pages = 0;
	struct stat st;
	FILE *statm;

	if (mm_heap_fd(heap) >= 0) {
		if (fstat(mm_heap_fd(heap), &st))
			die("fstat");
		return (uint64_t)st.st_blocks * 512;
	}
	statm = fopen("/proc/self/statm", "re");
	if (!statm || fscanf(statm, "%llu %llu", &size, &pages) != 2)
		die("/proc/self/statm");
	fclose(statm);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Every other span, as huge frames: in the lower half of each pair. */
static double give_back(struct mm_heap *heap, const uint64_t *addr, uint64_t nr)
{
	double start = now_ns();

	for (uint64_t i = 0; i < nr; i += 2 * SPAN) {
		struct mm_bad bad[SPAN];
		size_t nr_bad;

		if (mm_pages_free(heap, 0, SPAN, addr + i, bad, &nr_bad) != SPAN)
			die("a run was not freed");
	}
	return now_ns() - start;
}

static double bare_loop(struct mm_heap *heap, const uint64_t *addr, uint64_t nr)
{
	double start = now_ns();

	for (uint64_t i = 0; i < nr; i += 2 * SPAN) {
		uint64_t offset = addr[i] - mm_heap_base(heap);
		int err;

		if (mm_heap_fd(heap) >= 0)
			err = fallocate(mm_heap_fd(heap),
					FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
					SPAN * MM_HUGE_SIZE);
		else
			err = madvise((uint8_t *)mm_heap_host(heap) + offset, SPAN * MM_HUGE_SIZE,
				      MADV_DONTNEED);
		if (err)
			die(strerror(errno));
	}
	return now_ns() - start;
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Takes what is free and sorts all, so that index and address run alike. */
static void fill(struct mm_heap *heap, uint64_t *addr, uint64_t nr, uint64_t step)
{
	for (uint64_t i = 0; i < nr; i += step) {
		if (mm_pages_alloc(heap, 0, 9, MM_NODE_ANY, 0, SPAN, addr + i) != SPAN)
			die("the heap is smaller than it is");
		for (uint64_t k = i; k < i + SPAN; k++)
			addr[k] &= ~MM_ADDR_FLAGS;
	}
	qsort(addr, nr, sizeof(*addr), by_address);
}

static void measure(const char *name, enum mm_backing backing, uint64_t size)
{
	const struct mm_config config = {
		.range = {{.base = 4ull << 30, .size = size, .host_node = -1}},
		.nr_ranges = 1,
		.cpus = 1,
		.backing = backing,
		.reclaim_delay_ms = 0,
	};
	const uint64_t nr = size / MM_HUGE_SIZE;
	const uint64_t half = size / 2;
	const int rounds = backing == MM_BACKING_MEMFD ? SLOW_ROUNDS : ROUNDS;
	uint64_t *addr = calloc(nr, sizeof(*addr));
	double ratio[ROUNDS];
	double drop[ROUNDS];
	double gib_s[ROUNDS];
	struct mm_heap *heap;
	const char *why = "no memory";

	if (!addr || mm_heap_create(&config, &heap, &why)) {
		fprintf(stderr, "mm_discard: %s is left out: %s\n", name, why);
		free(addr);
		return;
	}
	fill(heap, addr, nr, SPAN);
	for (int round = 0; round < rounds; round++) {
		double bare;
		double mine;
		uint64_t before;

		bare = bare_loop(heap, addr, nr);
		/* Makes it all there again. */
		(void)give_back(heap, addr, nr);
		fill(heap, addr, nr, 2 * SPAN);
		before = resident(heap);
		mine = give_back(heap, addr, nr);
		drop[round] = 100.0 * ((double)before - (double)resident(heap)) / (double)half;
		/* What a second is too short for does not count. */
		if (mine > 1e9)
			drop[round] = 0;
		ratio[round] = bare / mine;
		gib_s[round] = (double)half / mine * 1e9 / (1 << 30);
		fill(heap, addr, nr, 2 * SPAN);
	}
	qsort(ratio, (size_t)rounds, sizeof(*ratio), by_value);
	qsort(drop, (size_t)rounds, sizeof(*drop), by_value);
	qsort(gib_s, (size_t)rounds, sizeof(*gib_s), by_value);
	printf("discard_speed_ratio_%s %.3g ratio\n", name, ratio[rounds / 2]);
	printf("discard_speed_%s %.3g GiB/s\n", name, gib_s[rounds / 2]);
	printf("discard_rss_drop_pct_%s %.4g %%\n", name, drop[0]);
	mm_heap_destroy(heap);
	free(addr);
}

/* Sets the size of the pool; returns what it was, or -1. */
static long pool_resize(long pages)
{
	FILE *file = fopen(POOL, "r+e");
	long old = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%ld", &old) == 1) {
		rewind(file);
		if (fprintf(file, "%ld\n", pages) < 0)
			old = -1;
	}
	if (fclose(file))
		old = -1;
	return old;
}

int main(int argc, char **argv)
{
	uint64_t size = (uint64_t)(argc > 1 ? atol(argv[1]) : 4096) << 20;
	long pool;

	if (!size || size % (2 * SPAN * MM_HUGE_SIZE))
		die("give a multiple of 128 MiB");
	measure("anon", MM_BACKING_ANON, size);
	measure("memfd", MM_BACKING_MEMFD, size);
	pool = pool_resize((long)(size / MM_HUGE_SIZE));
	measure("hugetlb", MM_BACKING_HUGETLB, size);
	if (pool >= 0)
		(void)pool_resize(pool);
	return 0;
}
