/* SPDX-License-Identifier: BSD-2-Clause */
/* Caches: their making, sharing and statistics, and which slabs they fill. */
#include <errno.h>

#include "mm/util.h"
#include "tests/unit/mm/util.h"

static void odd_sizes_up_to_the_largest(void **state)
{
	static const size_t sizes[] = {1,    7,       9,       24,          100,    333,
				       1000, 2049,    5000,    8193,        20000,  70000,
				       MIB,  MIB + 1, 3 * MIB, 4 * MIB - 1, 4 * MIB};
	struct mm_config config = util_config(128 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (size_t align = 0; align <= 4096; align = align ? align * 64 : 1) {
			int cache = mm_cache_create(heap, "odd", sizes[i], align, 0);
			uint64_t addr[4];
			struct mm_stats stats;
			long n;

			assert_true(cache > MM_CLASSES);
			n = mm_alloc_bulk(heap, 0, cache, MM_NODE_ANY, 0, 0, 0, 4, addr);
			assert_int_equal(n, 4);
			assert_int_equal(mm_stats(heap, cache, &stats), 0);
			assert_true(stats.slot_size >= sizes[i]);
			assert_true(stats.objects_per_slab * (uint64_t)stats.slot_size <=
				    stats.frames_per_slab * MM_FRAME_SIZE);
			for (int k = 0; k < 4; k++) {
				if (align)
					assert_int_equal((addr[k] & ~MM_ADDR_FLAGS) % align, 0);
				memset(util_host(heap, addr[k]), k + 1, sizes[i]);
			}
			for (int k = 0; k < 4; k++) {
				const uint8_t *byte = util_host(heap, addr[k]);

				assert_int_equal(byte[0], k + 1);
				assert_int_equal(byte[sizes[i] - 1], k + 1);
				util_free_at(heap, cache, (addr[k] & ~MM_ADDR_FLAGS) + 1, -EINVAL);
				util_free(heap, cache, addr[k], 0);
			}
			assert_int_equal(mm_cache_destroy(heap, cache), 0);
		}
	}
	assert_int_equal(util_in_use(heap), 0);
	mm_heap_destroy(heap);
}

static void bad_caches_are_refused(void **state)
{
	struct mm_config config = util_config(16 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	struct mm_stats stats;
	uint64_t addr;
	int cache;

	(void)state;
	assert_int_equal(mm_cache_create(heap, "x", 0, 0, 0), -EINVAL);
	assert_int_equal(mm_cache_create(heap, "x", 4 * MIB + 1, 0, 0), -EINVAL);
	assert_int_equal(mm_cache_create(heap, "x", SIZE_MAX, 0, 0), -EINVAL);
	assert_int_equal(mm_cache_create(heap, "x", 8, 3, 0), -EINVAL);
	assert_int_equal(mm_cache_create(heap, "x", 8, 8 * MIB, 0), -EINVAL);
	assert_int_equal(mm_cache_create(heap, "x", 8, 0, 1u << 30), -EINVAL);
	assert_int_equal(mm_cache_destroy(heap, 1), -EPERM);
	assert_int_equal(mm_cache_destroy(heap, 0), -ENOENT);
	assert_int_equal(mm_cache_destroy(heap, 14), -ENOENT);
	assert_int_equal(mm_cache_destroy(heap, 256), -ENOENT);
	assert_int_equal(mm_cache_shrink(heap, -1), -ENOENT);
	assert_int_equal(mm_stats(heap, -1, &stats), -ENOENT);
	assert_int_equal(mm_alloc_bulk(heap, 0, 14, MM_NODE_ANY, 0, 0, 0, 1, &addr), -ENOENT);
	assert_int_equal(mm_alloc_bulk(heap, 0, 0, MM_NODE_ANY, 0, 0, 0, 1, &addr), -ENOENT);
	assert_int_equal(mm_alloc_bulk(heap, 0, 1, 16, 0, 0, 0, 1, &addr), -EINVAL);
	assert_int_equal(mm_alloc_bulk(heap, 0, 1, MM_NODE_ANY, 8, 0, 0, 1, &addr), -EINVAL);
	assert_int_equal(mm_alloc_bulk(heap, 0, 1, MM_NODE_ANY, 0, 0, 0, 0, &addr), -EINVAL);
	assert_int_equal(mm_alloc_bulk(heap, 0, 1, MM_NODE_ANY, 0, 9, 0, 1, &addr), -EINVAL);
	assert_int_equal(mm_alloc_bulk(heap, 0, 1, MM_NODE_ANY, 0, 8, 0, 1, &addr), 1);

	cache = mm_cache_create(heap, "a name that is far too long to be kept as it is", 64, 0, 0);
	assert_int_equal(mm_stats(heap, cache, &stats), 0);
	assert_int_equal(strlen(stats.name), MM_CACHE_NAME_MAX - 1);
	addr = util_alloc(heap, cache, 0);
	assert_int_equal(mm_cache_destroy(heap, cache), -EBUSY);
	util_free(heap, cache, addr, 0);
	assert_int_equal(mm_cache_destroy(heap, cache), 0);
	assert_int_equal(mm_cache_destroy(heap, cache), -ENOENT);
	util_free(heap, 0, addr, -ENOENT);

	for (int i = MM_CLASSES + 1; i <= mm_cache_max(heap); i++)
		assert_int_equal(mm_cache_create(heap, "many", 64, 0, MM_CACHE_NOMERGE), i);
	assert_int_equal(mm_cache_create(heap, "many", 64, 0, MM_CACHE_NOMERGE), -ENOSPC);
	mm_heap_destroy(heap);
}

static void totals_outlive_their_caches(void **state)
{
	struct mm_config config = util_config(16 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	struct mm_stats stats;
	int cache;
	int next;

	(void)state;
	cache = mm_cache_create(heap, "first", 40, 0, MM_CACHE_NOMERGE);
	assert_true(cache > 0);
	for (int i = 0; i < 10; i++)
		util_free(heap, cache, util_alloc(heap, cache, 0) & ~MM_ADDR_FLAGS, 0);
	assert_int_equal(mm_cache_destroy(heap, cache), 0);
	next = mm_cache_create(heap, "second", 3000, 0, MM_CACHE_NOMERGE);
	assert_int_equal(next, cache);
	assert_int_equal(mm_stats(heap, 0, &stats), 0);
	assert_int_equal(stats.objects_allocated, 10);
	assert_int_equal(stats.bytes_allocated, 400);
	mm_heap_destroy(heap);
}

static void slabs_with_few_objects_are_left_to_drain(void **state)
{
	enum {
		PER = 4 /* of 8 KiB in 32 KiB */
	};
	struct mm_config config = util_config(16 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	struct mm_slabinfo info;
	uint64_t addr[3 * PER];

	(void)state;
	assert_int_equal(mm_alloc_bulk(heap, 0, 13, MM_NODE_ANY, 0, 0, 0, 3 * PER, addr), 3 * PER);
	assert_int_equal(mm_slabinfo(heap, 13, &info), 0);
	assert_int_equal(info.objperslab, PER);
	assert_int_equal(info.pagesperslab, 8);
	assert_int_equal(info.num_slabs, 3);
	/* Half of the second; then all but one of the first, touched last. */
	util_free(heap, 13, addr[PER], 0);
	util_free(heap, 13, addr[PER + 1], 0);
	for (int i = 1; i < PER; i++)
		util_free(heap, 13, addr[i], 0);
	/* The third falls empty, and is the last choice. */
	for (int i = 0; i < PER; i++)
		util_free(heap, 13, addr[2 * PER + i], 0);
	assert_int_equal(mm_slabinfo(heap, 13, &info), 0);
	assert_int_equal(info.active_objs, 3);
	assert_int_equal(info.num_objs, 12);
	assert_int_equal(info.active_slabs, 2);
	assert_int_equal(info.num_slabs, 3);
	for (int i = PER; i < PER + 2; i++)
		assert_int_equal(util_alloc(heap, 13, 0) & ~MM_ADDR_FLAGS,
				 addr[i] & ~MM_ADDR_FLAGS);
	for (int i = 1; i < PER; i++)
		assert_int_equal(util_alloc(heap, 13, 0) & ~MM_ADDR_FLAGS,
				 addr[i] & ~MM_ADDR_FLAGS);
	assert_int_equal(util_alloc(heap, 13, 0) & ~MM_ADDR_FLAGS, addr[2 * PER] & ~MM_ADDR_FLAGS);
	mm_heap_destroy(heap);
}

static void like_caches_are_one(void **state)
{
	struct mm_config config = util_config(16 * MIB, 1);
	struct mm_slabinfo info;
	struct mm_heap *heap;
	const char *why;
	uint64_t addr;
	int one;

	(void)state;
	assert_int_equal(mm_debug_parse("P,debug", &config, &why), 0);
	heap = util_heap(&config);
	one = mm_cache_create(heap, "one", 100, 0, 0);
	assert_int_equal(mm_cache_create(heap, "same", 100, 8, 0), one);
	assert_int_equal(mm_cache_create(heap, "same", 100, 4, 0), one);
	assert_int_equal(mm_slabinfo(heap, one, &info), 0);
	assert_string_equal(info.name, "one");
	assert_int_equal(info.aliases, 2);
	assert_int_equal(info.objsize, 104);
	/* Not what differs, or has a reason to be alone. */
	assert_int_not_equal(mm_cache_create(heap, "size", 104, 0, 0), one);
	assert_int_not_equal(mm_cache_create(heap, "align", 100, 64, 0), one);
	assert_int_not_equal(mm_cache_create(heap, "alone", 100, 0, MM_CACHE_NOMERGE), one);
	assert_int_not_equal(mm_cache_create(heap, "ctor", 100, 0, MM_CACHE_CTOR), one);
	assert_int_not_equal(mm_cache_create(heap, "debug", 100, 0, 0), one);
	assert_true(mm_cache_create(heap, "class", 64, 64, 0) > MM_CLASSES);

	addr = util_alloc(heap, one, 0);
	assert_int_equal(mm_cache_destroy(heap, one), 0);
	assert_int_equal(mm_cache_destroy(heap, one), 0);
	assert_int_equal(mm_cache_destroy(heap, one), -EBUSY);
	util_free(heap, one, addr, 0);
	assert_int_equal(mm_cache_destroy(heap, one), 0);
	assert_int_equal(mm_cache_destroy(heap, one), -ENOENT);
	assert_int_equal(mm_slabinfo(heap, one, &info), -ENOENT);
	mm_heap_destroy(heap);

	/* A heap's debug modes are every cache's. */
	config.debug = MM_DEBUG_SANITY;
	heap = util_heap(&config);
	one = mm_cache_create(heap, "one", 100, 0, 0);
	assert_int_not_equal(mm_cache_create(heap, "two", 100, 0, 0), one);
	mm_heap_destroy(heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_sizes_up_to_the_largest),
		cmocka_unit_test(bad_caches_are_refused),
		cmocka_unit_test(totals_outlive_their_caches),
		cmocka_unit_test(slabs_with_few_objects_are_left_to_drain),
		cmocka_unit_test(like_caches_are_one),
	};

	return cmocka_run_group_tests_name("mm_slab_caches", tests, NULL, NULL);
}
