/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects, one thread: classes, refusals, freshness, nodes, a model. */
#include <errno.h>
#include <stdlib.h>

#include "tests/unit/mm/util.h"

static void classes_are_aligned_and_mapped(void **state)
{
	struct mm_config config = util_config(64 * MIB, 2);
	struct mm_heap *heap = util_heap(&config);
	size_t bytes;
	const uint8_t *map = mm_heap_page_map(heap, &bytes);

	(void)state;
	for (int i = 0; i < MM_CLASSES; i++) {
		uint32_t size = mm_class_size[i];
		uint32_t align = size & -size;
		struct mm_stats stats;
		uint64_t addr[600];
		long n = mm_alloc_bulk(heap, 0, i + 1, MM_NODE_ANY, 0, 0, 0, 600, addr);

		assert_int_equal(n, 600);
		assert_int_equal(mm_stats(heap, i + 1, &stats), 0);
		assert_int_equal(stats.object_size, size);
		assert_int_equal(stats.objects_active, 600);
		for (long k = 0; k < n; k++) {
			uint64_t at = addr[k] & ~MM_ADDR_FLAGS;

			assert_int_equal(at % (align > 4096 ? 4096 : align), 0);
			assert_int_equal(map[(at - UTIL_BASE) / MM_FRAME_SIZE], i + 1);
			assert_true(addr[k] & MM_ADDR_FRESH);
			if (!i)
				assert_true(addr[k] & MM_ADDR_ZERO);
			if (addr[k] & MM_ADDR_ZERO)
				assert_true(util_is_zero(util_host(heap, at), size));
			memset(util_host(heap, at), 0xff, size);
		}
		for (long k = 0; k < n; k++)
			util_free(heap, k & 1 ? 0 : i + 1, addr[k], 0);
		assert_int_equal(mm_stats(heap, i + 1, &stats), 0);
		assert_int_equal(stats.objects_active, 0);
		assert_int_equal(stats.objects_freed, 600);
		assert_int_equal(stats.bytes_allocated, 600 * mm_class_size[i]);
	}
	(void)mm_reclaim(heap);
	assert_int_equal(util_in_use(heap), 0);
	assert_int_equal(util_backed(heap), 0);
	for (size_t i = 0; i < bytes; i++)
		assert_int_equal(map[i], MM_PM_NONE);
	mm_heap_destroy(heap);
}

static void every_freed_address_is_checked(void **state)
{
	struct mm_config config = util_config(16 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	uint64_t addr[6];
	uint64_t run;
	struct mm_bad bad[6];
	struct mm_stats stats;
	size_t nr_bad;

	(void)state;
	assert_int_equal(mm_alloc_bulk(heap, 0, 5, MM_NODE_ANY, 0, 0, 0, 6, addr), 6);
	run = util_run(heap, 1, 0) & ~MM_ADDR_FLAGS;
	for (int i = 0; i < 6; i++)
		addr[i] &= ~MM_ADDR_FLAGS;
	util_free(heap, 0, 0, -EFAULT);
	util_free(heap, 0, UTIL_BASE - 8, -EFAULT);
	util_free(heap, 0, UTIL_BASE + 16 * MIB, -EFAULT);
	util_free(heap, 0, ~7ull, -EFAULT);
	util_free(heap, 0, addr[0] + 32, -EINVAL);
	util_free(heap, 0, run, -EINVAL);
	util_free(heap, 0, run + MM_FRAME_SIZE, -EINVAL);
	util_free(heap, 0, UTIL_BASE + 15 * MIB, -ENOENT);
	/* The last bytes of a slab of 96-byte slots are in no slot. */
	util_free(heap, 0, (addr[0] & ~0x7fffull) + 341 * 96, -EINVAL);
	/* Never handed out. */
	util_free(heap, 0, addr[5] + 96, -ENOENT);
	util_free(heap, 5, addr[5], 0);
	util_free(heap, 5, addr[5], -ENOENT);
	/* Of another cache: freed all the same. */
	util_free(heap, 4, addr[4], -EXDEV);
	util_free(heap, 5, addr[4], -ENOENT);

	/* One bad apple in the middle, and an address twice in a call. */
	addr[4] = addr[1];
	addr[5] = addr[3] + 1;
	assert_int_equal(mm_free_bulk(heap, 0, 0, 0, 6, addr, bad, &nr_bad), 4);
	assert_int_equal(nr_bad, 2);
	assert_int_equal(bad[0].index, 4);
	assert_int_equal(bad[0].status, -ENOENT);
	assert_int_equal(bad[1].index, 5);
	assert_int_equal(bad[1].status, -EINVAL);
	assert_int_equal(mm_free_bulk(heap, 0, 200, 0, 1, addr, bad, &nr_bad), -ENOENT);
	assert_int_equal(mm_stats(heap, 0, &stats), 0);
	assert_int_equal(stats.objects_active, 0);
	assert_int_equal(stats.errors, 15);
	mm_heap_destroy(heap);
}

/* Slabs with room at the end begin at different lines, and are checked all the same. */
static void slabs_have_colours(void **state)
{
	enum {
		SLABS = 16,
		EACH = 28
	};
	const struct mm_config config = util_config(16 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	int cache = mm_cache_create(heap, "coloured", 1152, 64, MM_CACHE_NOMERGE);
	uint64_t addr[SLABS * EACH];
	uint64_t base;
	uint64_t lines = 0;
	struct mm_slabinfo info;

	(void)state;
	assert_int_equal(mm_slabinfo(heap, cache, &info), 0);
	assert_int_equal(info.objperslab, EACH);
	for (int i = 0; i < SLABS * EACH; i++) {
		addr[i] = util_alloc(heap, cache, 0) & ~MM_ADDR_FLAGS;
		assert_int_equal(addr[i] % 64, 0);
		memset(util_host(heap, addr[i]), 1, 1152);
	}
	for (int i = 0; i < SLABS * EACH; i += EACH) {
		base = addr[i] & ~(info.pagesperslab * MM_FRAME_SIZE - 1);
		lines |= 1ull << (addr[i] - base) / 64;
		if (base != addr[i])
			util_free(heap, cache, base, -EINVAL);
		util_free(heap, cache, addr[i + EACH - 1] + 1152, -EINVAL);
	}
	assert_int_equal(lines, 0xff);
	for (int i = 0; i < SLABS * EACH; i++)
		util_free(heap, cache, addr[i], 0);
	mm_heap_destroy(heap);
}

static void fresh_is_told_once_an_object(void **state)
{
	struct mm_config config = util_config(16 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	int cache = mm_cache_create(heap, "ctor", 128, 0, MM_CACHE_CTOR);
	static uint8_t seen[16 * MIB / 128];
	static uint64_t live[4000];
	uint64_t seed = 5;
	size_t nr = 0;

	(void)state;
	memset(seen, 0, sizeof(seen));
	assert_int_equal(mm_alloc_bulk(heap, 0, cache, MM_NODE_ANY, MM_ZERO, 0, 0, 1, live),
			 -EINVAL);
	for (int round = 0; round < 40000; round++) {
		uint64_t index;

		/* Grows first, then goes up and down; one object stays in each slab. */
		if (nr < 2000 || (nr < 4000 && util_random(&seed) % 2)) {
			live[nr] = util_alloc(heap, cache, 0);
			index = ((live[nr] & ~MM_ADDR_FLAGS) - UTIL_BASE) / 128;
			assert_int_equal(!!(live[nr] & MM_ADDR_FRESH), !seen[index]);
			if (live[nr] & MM_ADDR_FRESH)
				assert_true(live[nr] & MM_ADDR_ZERO);
			seen[index] = 1;
			nr++;
		} else {
			size_t pick = util_random(&seed) % nr;

			if ((live[pick] & ~MM_ADDR_FLAGS) % 0x8000 == 0)
				continue;
			util_free(heap, cache, live[pick], 0);
			live[pick] = live[--nr];
		}
	}
	mm_heap_destroy(heap);
}

static void zero_is_zero(void **state)
{
	struct mm_config config = util_config(16 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	uint64_t addr[200];

	(void)state;
	for (int round = 0; round < 10; round++) {
		unsigned int flags = round % 2 ? MM_ZERO : 0;

		assert_int_equal(mm_alloc_bulk(heap, 0, 7, MM_NODE_ANY, flags, 100, 0, 200, addr),
				 200);
		for (int i = 0; i < 200; i++) {
			if (flags)
				assert_true(addr[i] & MM_ADDR_ZERO);
			if (addr[i] & MM_ADDR_ZERO)
				assert_true(util_is_zero(util_host(heap, addr[i]), 192));
			memset(util_host(heap, addr[i]), 0xaa, 192);
		}
		for (int i = 0; i < 200; i++)
			util_free(heap, 0, addr[i], 0);
		if (round % 3 == 2)
			assert_true(mm_cache_shrink(heap, 7) > 0);
	}
	mm_heap_destroy(heap);
}

static void objects_come_from_the_node_asked_for(void **state)
{
	struct mm_config config = util_config(4 * MIB, 1);
	struct mm_heap *heap;
	uint64_t addr;

	(void)state;
	config.range[0].base = 2 * GIB;
	config.nr_ranges = 2;
	config.range[1] = (struct mm_range){UTIL_BASE, 4 * MIB, 1, -1};
	heap = util_heap(&config);
	for (int i = 0; i < 100; i++) {
		int node = i % 2;

		assert_int_equal(mm_alloc_bulk(heap, 0, 6, node, MM_THISNODE, 0, 0, 1, &addr), 1);
		assert_int_equal(addr >= UTIL_BASE, node);
		assert_int_equal(mm_alloc_bulk(heap, 0, 6, MM_NODE_ANY, MM_DMA32, 0, 0, 1, &addr),
				 1);
		assert_true(addr < 4 * GIB);
	}
	/* Node 1 runs out. */
	while (mm_alloc_bulk(heap, 0, 13, 1, MM_THISNODE, 0, 0, 1, &addr) == 1)
		assert_true(addr >= UTIL_BASE);
	assert_int_equal(mm_alloc_bulk(heap, 0, 13, 1, 0, 0, 0, 1, &addr), 1);
	assert_true(addr < UTIL_BASE);
	assert_int_equal(mm_alloc_bulk(heap, 0, 13, 1, MM_THISNODE, 0, 0, 1, &addr), -ENOMEM);
	mm_heap_destroy(heap);
}

static void running_out_is_clean(void **state)
{
	struct mm_config config = util_config(4 * MIB, 2);
	struct mm_heap *heap = util_heap(&config);
	static uint64_t addr[4 * MIB / 64];
	static struct mm_bad bad[4 * MIB / 64];
	size_t nr_bad;
	long n;

	(void)state;
	for (int round = 0; round < 3; round++) {
		n = mm_alloc_bulk(heap, 0, 4, MM_NODE_ANY, 0, 0, 0, 4 * MIB / 64, addr);
		assert_int_equal(n, 4 * MIB / 64);
		assert_int_equal(mm_alloc_bulk(heap, 1, 4, MM_NODE_ANY, 0, 0, 0, 1, addr), -ENOMEM);
		for (long i = 0; i < n; i++)
			addr[i] &= ~MM_ADDR_FLAGS;
		assert_int_equal(mm_free_bulk(heap, 1, 4, 0, (size_t)n, addr, bad, &nr_bad), n);
		assert_int_equal(nr_bad, 0);
	}
	assert_true(mm_cache_shrink(heap, 4) >= 8);
	assert_int_equal(util_in_use(heap), 0);
	mm_heap_destroy(heap);
}

static void what_is_kept_for_speed_is_not_withheld(void **state)
{
	struct mm_config config = util_config(4 * MIB, 4);
	struct mm_heap *heap = util_heap(&config);
	struct mm_stats stats;
	uint64_t addr;

	(void)state;
	/* Each CPU keeps a row and an active slab, and a list an empty one. */
	for (unsigned int cpu = 0; cpu < 4; cpu++) {
		struct mm_bad bad;
		size_t nr_bad;

		assert_int_equal(
			mm_alloc_bulk(heap, cpu, 1 + (int)cpu, MM_NODE_ANY, 0, 0, 0, 1, &addr), 1);
		addr &= ~MM_ADDR_FLAGS;
		assert_int_equal(mm_free_bulk(heap, cpu, 0, 0, 1, &addr, &bad, &nr_bad), 1);
		assert_int_equal(mm_pages_alloc(heap, cpu, 0, MM_NODE_ANY, 0, 1, &addr), 1);
		addr &= ~MM_ADDR_FLAGS;
		assert_int_equal(mm_pages_free(heap, cpu, 1, &addr, &bad, &nr_bad), 1);
	}
	/* All is free, though some of it is kept for speed. */
	assert_int_equal(util_in_use(heap), 0);
	assert_int_equal(mm_stats(heap, 0, &stats), 0);
	assert_true(stats.frames_cached > 0);
	addr = util_run(heap, 10, 0);
	assert_int_equal(util_in_use(heap), 1024);
	util_free_run(heap, addr, 0);

	/* The same for an object that needs it all. */
	addr = util_alloc(heap, 1, 0);
	util_free(heap, 1, addr, 0);
	addr = util_alloc(heap, mm_cache_create(heap, "all", 4 * MIB, 0, 0), 0);
	assert_int_equal(util_in_use(heap), 1024);
	mm_heap_destroy(heap);
}

/* Random bulks of random caches against a model: no two objects overlap, contents
 * stay, counters agree. */
static void random_objects_agree_with_a_model(void **state)
{
	enum {
		BULKS = 200,
		MOST = 100,
		ROUNDS = 6000
	};
	static struct {
		uint64_t addr[MOST];
		long n;
		int cache;
	} bulk[BULKS];
	struct mm_config config = util_config(64 * MIB, 3);
	struct mm_heap *heap;
	struct mm_bad bad[MOST];
	struct mm_stats stats;
	uint64_t seed = 1234;
	uint64_t active = 0;
	size_t nr_bad;

	(void)state;
	config.reclaim_delay_ms = 0;
	heap = util_heap(&config);
	memset(bulk, 0, sizeof(bulk));
	for (int round = 0; round < ROUNDS; round++) {
		unsigned int i = (unsigned int)(util_random(&seed) % BULKS);
		unsigned int cpu = (unsigned int)(util_random(&seed) % 3);

		if (bulk[i].n) {
			uint32_t size = mm_class_size[bulk[i].cache - 1];

			for (long k = 0; k < bulk[i].n; k++) {
				const uint8_t *byte = util_host(heap, bulk[i].addr[k]);

				assert_int_equal(byte[0], i & 0xff);
				assert_int_equal(byte[size - 1], k & 0xff);
			}
			assert_int_equal(mm_free_bulk(heap, cpu, 0, 0, (size_t)bulk[i].n,
						      bulk[i].addr, bad, &nr_bad),
					 bulk[i].n);
			assert_int_equal(nr_bad, 0);
			active -= (uint64_t)bulk[i].n;
			bulk[i].n = 0;
		} else {
			size_t want = 1 + util_random(&seed) % MOST;
			uint32_t size;

			bulk[i].cache = 1 + (int)(util_random(&seed) % MM_CLASSES);
			size = mm_class_size[bulk[i].cache - 1];
			bulk[i].n = mm_alloc_bulk(heap, cpu, bulk[i].cache, MM_NODE_ANY, 0, 0, 0,
						  want, bulk[i].addr);
			assert_int_equal(bulk[i].n, want);
			for (long k = 0; k < bulk[i].n; k++) {
				uint8_t *byte = util_host(heap, bulk[i].addr[k]);

				bulk[i].addr[k] &= ~MM_ADDR_FLAGS;
				memset(byte, 0x11, size);
				byte[0] = (uint8_t)i;
				byte[size - 1] = (uint8_t)k;
			}
			active += want;
		}
		if (!(round % 100)) {
			assert_int_equal(mm_stats(heap, 0, &stats), 0);
			assert_int_equal(stats.objects_active, active);
			util_check(heap);
		}
	}
	mm_heap_destroy(heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_are_aligned_and_mapped),
		cmocka_unit_test(every_freed_address_is_checked),
		cmocka_unit_test(slabs_have_colours),
		cmocka_unit_test(fresh_is_told_once_an_object),
		cmocka_unit_test(zero_is_zero),
		cmocka_unit_test(objects_come_from_the_node_asked_for),
		cmocka_unit_test(running_out_is_clean),
		cmocka_unit_test(what_is_kept_for_speed_is_not_withheld),
		cmocka_unit_test(random_objects_agree_with_a_model),
	};

	return cmocka_run_group_tests_name("mm_slab_objects", tests, NULL, NULL);
}
