/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of mm share: heaps of a usual shape. */
#ifndef TESTS_MM_UTIL_H
#define TESTS_MM_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mm/mm.h"

#define MIB       (1ull << 20)
#define GIB       (1ull << 30)
#define UTIL_BASE (4 * GIB)

static inline struct mm_config util_config(uint64_t size, unsigned int cpus)
{
	return (struct mm_config){
		.range = {{.base = UTIL_BASE, .size = size, .host_node = -1}},
		.nr_ranges = 1,
		.cpus = cpus,
		.reclaim_delay_ms = -1,
		.pin_quota = 1 << 20,
	};
}

static inline struct mm_heap *util_heap(const struct mm_config *config)
{
	struct mm_heap *heap = NULL;
	const char *why = NULL;
	int err = mm_heap_create(config, &heap, &why);

	if (err)
		fail_msg("mm_heap_create: %d: %s", err, why);
	return heap;
}

static inline uint64_t util_in_use(struct mm_heap *heap)
{
	struct mm_stats stats;

	assert_int_equal(mm_stats(heap, 0, &stats), 0);
	return stats.frames_in_use;
}

static inline uint64_t util_backed(struct mm_heap *heap)
{
	struct mm_stats stats;

	assert_int_equal(mm_stats(heap, 0, &stats), 0);
	return stats.frames_backed;
}

#ifdef MM_CHECK
/* That all the heap knows of itself agrees, while no other thread is in it. */
static inline void util_check(struct mm_heap *heap)
{
	const char *why = mm_check(heap);

	if (why)
		fail_msg("mm_check: %s", why);
}
#endif

/* Host memory of an address that mm handed out. */
static inline void *util_host(struct mm_heap *heap, uint64_t addr)
{
	return (uint8_t *)mm_heap_host(heap) + ((addr & ~MM_ADDR_FLAGS) - mm_heap_base(heap));
}

/* Frees one address as it is, expecting the status (0: it is taken). */
static inline void util_free_at(struct mm_heap *heap, int cache, uint64_t addr, int status)
{
	struct mm_bad bad = {0};
	size_t nr_bad;

	(void)mm_free_bulk(heap, 0, cache, 0, 1, &addr, &bad, &nr_bad);
	assert_int_equal(nr_bad, status ? 1 : 0);
	assert_int_equal(bad.status, status);
}

/* The same, less the flags that an allocation sets. */
static inline void util_free(struct mm_heap *heap, int cache, uint64_t addr, int status)
{
	util_free_at(heap, cache, addr & ~MM_ADDR_FLAGS, status);
}

static inline void util_free_run(struct mm_heap *heap, uint64_t addr, int status)
{
	struct mm_bad bad = {0};
	size_t nr_bad;

	addr &= ~MM_ADDR_FLAGS;
	assert_int_equal(mm_pages_free(heap, 0, 1, &addr, &bad, &nr_bad), status ? 0 : 1);
	assert_int_equal(nr_bad, status ? 1 : 0);
	assert_int_equal(bad.status, status);
}

static inline uint64_t util_alloc(struct mm_heap *heap, int cache, unsigned int flags)
{
	uint64_t addr = 0;

	assert_int_equal(mm_alloc_bulk(heap, 0, cache, MM_NODE_ANY, flags, 0, 0, 1, &addr), 1);
	return addr;
}

static inline uint64_t util_run(struct mm_heap *heap, unsigned int order, unsigned int flags)
{
	uint64_t addr = 0;

	assert_int_equal(mm_pages_alloc(heap, 0, order, MM_NODE_ANY, flags, 1, &addr), 1);
	return addr;
}

/* xorshift64*: the same numbers on every run of a test. */
static inline uint64_t util_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

static inline int util_is_zero(const void *memory, size_t size)
{
	const uint8_t *byte = memory;

	return !size || (!byte[0] && !memcmp(byte, byte + 1, size - 1));
}

/* Has the host's hugetlb pool be by so many pages larger, or smaller. Whether it is. */
static inline int util_pool_grow(long pages)
{
	FILE *file = fopen("/proc/sys/vm/nr_hugepages", "r+e");
	long old = 0;
	long now = 0;
	int ok;

	if (!file)
		return 0;
	ok = fscanf(file, "%ld", &old) == 1;
	rewind(file);
	ok = ok && fprintf(file, "%ld\n", old + pages) > 0 && !fflush(file);
	rewind(file);
	ok = ok && fscanf(file, "%ld", &now) == 1 && now >= old + pages;
	fclose(file);
	return ok;
}

#endif
