/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs of frames, one thread: orders, nodes, zero, kinds, a model. */
#include <errno.h>
#include <stdlib.h>

#include "tests/unit/mm/util.h"

static void every_order_is_aligned_and_mapped(void **state)
{
	struct mm_config config = util_config(64 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	size_t bytes;
	const uint8_t *map = mm_heap_page_map(heap, &bytes);

	(void)state;
	assert_int_equal(bytes, 64 * MIB / MM_FRAME_SIZE);
	for (unsigned int order = 0; order <= MM_MAX_ORDER; order++) {
		uint64_t addr = util_run(heap, order, 0) & ~MM_ADDR_FLAGS;
		uint64_t first = (addr - UTIL_BASE) / MM_FRAME_SIZE;

		assert_int_equal(addr % (MM_FRAME_SIZE << order), 0);
		assert_int_equal(map[first], MM_PM_RUN + order);
		for (uint64_t i = 1; i < 1u << order; i++)
			assert_int_equal(map[first + i], MM_PM_TAIL);
		memset(util_host(heap, addr), 0x5a, MM_FRAME_SIZE << order);
		assert_int_equal(util_in_use(heap), 1u << order);
		util_free_run(heap, addr, 0);
		for (uint64_t i = 0; i < 1u << order; i++)
			assert_int_equal(map[first + i], MM_PM_NONE);
		util_free_run(heap, addr, -ENOENT);
		assert_int_equal(util_in_use(heap), 0);
	}
	mm_heap_destroy(heap);
}

static void all_of_the_heap_can_be_taken_in_every_order(void **state)
{
	struct mm_config config = util_config(8 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	uint64_t *addr = calloc(2049, sizeof(*addr));
	struct mm_bad *bad = calloc(2049, sizeof(*bad));
	size_t nr_bad;

	(void)state;
	for (unsigned int order = 0; order <= MM_MAX_ORDER; order++) {
		long n = 2048 >> order;
		uint64_t sum = 0;

		assert_int_equal(mm_pages_alloc(heap, 0, order, MM_NODE_ANY, 0, 2049, addr), n);
		assert_int_equal(mm_pages_alloc(heap, 0, 0, MM_NODE_ANY, 0, 1, &addr[2048]),
				 -ENOMEM);
		for (long i = 0; i < n; i++) {
			addr[i] &= ~MM_ADDR_FLAGS;
			sum += (addr[i] - UTIL_BASE) >> (MM_FRAME_SHIFT + order);
		}
		assert_int_equal(sum, (uint64_t)n * (uint64_t)(n - 1) / 2);
		assert_int_equal(mm_pages_free(heap, 0, (size_t)n, addr, bad, &nr_bad), n);
		assert_int_equal(nr_bad, 0);
		/* A row may stay with the CPU, and keep a huge frame from being whole. */
		(void)mm_reclaim(heap);
	}
	free(addr);
	free(bad);
	mm_heap_destroy(heap);
}

static void foreign_addresses_are_refused(void **state)
{
	struct mm_config config = util_config(16 * MIB, 1);
	struct mm_heap *heap;
	uint64_t addr;
	uint64_t object;

	(void)state;
	config.nr_ranges = 2;
	config.range[1] = config.range[0];
	config.range[1].base = UTIL_BASE + 32 * MIB;
	heap = util_heap(&config);
	assert_int_equal(mm_heap_size(heap), 48 * MIB);
	addr = util_run(heap, 2, 0) & ~MM_ADDR_FLAGS;
	object = util_alloc(heap, 4, 0);

	util_free_run(heap, 0, -EFAULT);
	util_free_run(heap, UTIL_BASE - MM_FRAME_SIZE, -EFAULT);
	util_free_run(heap, UTIL_BASE + 16 * MIB, -EFAULT);
	util_free_run(heap, UTIL_BASE + 48 * MIB, -EFAULT);
	util_free_run(heap, ~0ull & ~MM_ADDR_FLAGS, -EFAULT);
	util_free_run(heap, addr + 8, -EINVAL);
	util_free_run(heap, addr + MM_FRAME_SIZE, -EINVAL);
	util_free_run(heap, object & ~(MM_FRAME_SIZE - 1), -EINVAL);
	util_free_run(heap, UTIL_BASE + 14 * MIB, -ENOENT);
	util_free_run(heap, addr, 0);

	assert_int_equal(mm_pages_alloc(heap, 0, 11, MM_NODE_ANY, 0, 1, &addr), -EINVAL);
	assert_int_equal(mm_pages_alloc(heap, 0, 0, MM_MAX_NODES, 0, 1, &addr), -EINVAL);
	assert_int_equal(mm_pages_alloc(heap, 0, 0, -2, 0, 1, &addr), -EINVAL);
	assert_int_equal(mm_pages_alloc(heap, 0, 0, 0, 1u << 7, 1, &addr), -EINVAL);
	assert_int_equal(mm_pages_alloc(heap, 0, 0, 0, 0, 0, &addr), -EINVAL);
	mm_heap_destroy(heap);
}

static void nodes_fall_back_unless_told_not_to(void **state)
{
	struct mm_config config = util_config(4 * MIB, 1);
	struct mm_heap *heap;
	uint64_t addr;

	(void)state;
	config.nr_ranges = 3;
	config.range[1] = (struct mm_range){UTIL_BASE + 4 * MIB, 4 * MIB, 3, -1};
	config.range[2] = (struct mm_range){UTIL_BASE + 8 * MIB, 4 * MIB, 0, -1};
	heap = util_heap(&config);
	assert_int_equal(mm_pages_alloc(heap, 0, 10, 3, 0, 1, &addr), 1);
	assert_int_equal(addr & ~MM_ADDR_FLAGS, UTIL_BASE + 4 * MIB);
	assert_int_equal(mm_pages_alloc(heap, 0, 0, 3, MM_THISNODE, 1, &addr), -ENOMEM);
	assert_int_equal(mm_pages_alloc(heap, 0, 0, 5, MM_THISNODE, 1, &addr), -ENOMEM);
	assert_int_equal(mm_pages_alloc(heap, 0, 10, 3, 0, 1, &addr), 1);
	assert_int_not_equal(addr & ~MM_ADDR_FLAGS, UTIL_BASE + 4 * MIB);
	assert_int_equal(mm_pages_alloc(heap, 0, 10, 0, MM_THISNODE, 1, &addr), 1);
	assert_int_equal(mm_pages_alloc(heap, 0, 0, MM_NODE_ANY, 0, 1, &addr), -ENOMEM);
	mm_heap_destroy(heap);
}

static void dma32_is_below_4_gib(void **state)
{
	struct mm_config config = util_config(16 * MIB, 1);
	struct mm_heap *heap;
	uint64_t addr;

	(void)state;
	config.range[0].base = 4 * GIB - 4 * MIB;
	heap = util_heap(&config);
	/* What does not ask for low memory gets it last. */
	addr = util_run(heap, 0, 0);
	assert_true(addr >= 4 * GIB);
	addr = util_run(heap, 10, MM_DMA32) & ~MM_ADDR_FLAGS;
	assert_int_equal(addr, 4 * GIB - 4 * MIB);
	assert_int_equal(mm_pages_alloc(heap, 0, 0, 0, MM_DMA32, 1, &addr), -ENOMEM);
	mm_heap_destroy(heap);
}

static void zero_never_lies(void **state)
{
	struct mm_config config = util_config(8 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	uint64_t seed = 7;
	uint64_t addr[64];
	unsigned int known = 0;

	(void)state;
	for (int round = 0; round < 400; round++) {
		unsigned int order = (unsigned int)(util_random(&seed) % (MM_MAX_ORDER + 1));
		unsigned int flags = util_random(&seed) % 4 ? 0 : MM_ZERO;
		long n = mm_pages_alloc(heap, 0, order, MM_NODE_ANY, flags,
					1 + util_random(&seed) % (64 >> (order / 2)), addr);

		for (long i = 0; i < n; i++) {
			if (flags)
				assert_true(addr[i] & MM_ADDR_ZERO);
			if (addr[i] & MM_ADDR_ZERO) {
				known++;
				assert_true(util_is_zero(util_host(heap, addr[i]),
							 MM_FRAME_SIZE << order));
			}
			memset(util_host(heap, addr[i]), 0xee, MM_FRAME_SIZE << order);
		}
		while (n-- > 0)
			util_free_run(heap, addr[n], 0);
		if (!(util_random(&seed) % 16))
			assert_true(mm_reclaim(heap) > 0 || !util_backed(heap));
	}
	assert_true(known > 100);
	mm_heap_destroy(heap);
}

static void fresh_memory_is_known_to_be_zero(void **state)
{
	struct mm_config config = util_config(8 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);

	(void)state;
	for (unsigned int order = 0; order <= 9; order++)
		assert_true(util_run(heap, order, 0) & MM_ADDR_ZERO);
	mm_heap_destroy(heap);
}

/* Single frames, slabs and large runs in huge frames of their own, as long as there are
 * whole ones; when there are none, anywhere. */
static void kinds_keep_apart_while_there_is_room(void **state)
{
	static const unsigned int orders[] = {0, 3, 6};
	struct mm_config config = util_config(32 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	uint8_t kinds[16] = {0};
	uint64_t addr;

	(void)state;
	for (unsigned int i = 0; i < 3 * 48; i++) {
		addr = util_run(heap, orders[i % 3], 0);
		kinds[(addr - UTIL_BASE) / MM_HUGE_SIZE] |= (uint8_t)(1u << i % 3);
	}
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(kinds[i] & (kinds[i] - 1), 0);
	while (mm_pages_alloc(heap, 0, 9, MM_NODE_ANY, 0, 1, &addr) == 1)
		;
	/* 48 * 8 and 48 frames of 512 are taken: the rest serves anyone. */
	for (unsigned int i = 0; i < 464 + 128; i++)
		(void)util_run(heap, 0, 0);
	mm_heap_destroy(heap);
}

static void the_fullest_huge_frame_fills_up_first(void **state)
{
	static uint64_t addr[4 * 512];
	struct mm_config config = util_config(64 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	uint64_t fuller = UTIL_BASE + 2 * MM_HUGE_SIZE;

	(void)state;
	assert_int_equal(mm_pages_alloc(heap, 0, 0, MM_NODE_ANY, 0, 4 * 512, addr), 4 * 512);
	for (int i = 0; i < 4 * 512; i++) {
		uint64_t offset = (addr[i] & ~MM_ADDR_FLAGS) - UTIL_BASE;
		uint64_t huge = offset / MM_HUGE_SIZE;
		uint64_t row = offset % MM_HUGE_SIZE / (64 * MM_FRAME_SIZE);

		if ((huge == 0 && row) || (huge == 2 && row == 5))
			util_free_run(heap, addr[i], 0);
	}
	/* The CPU's own row goes back as well. */
	assert_int_equal(mm_reclaim(heap), 0);
	for (int i = 0; i < 64; i++) {
		addr[0] = util_run(heap, 0, 0) & ~MM_ADDR_FLAGS;
		assert_in_range(addr[0], fuller, fuller + MM_HUGE_SIZE - 1);
	}
	assert_in_range(util_run(heap, 0, 0), UTIL_BASE, UTIL_BASE + MM_HUGE_SIZE - 1);
	mm_heap_destroy(heap);
}

/* What lies behind in a large window is found again, before anything new is backed. */
static void idle_memory_far_away_is_used_again(void **state)
{
	enum {
		NR = 560 /* 35 trees */
	};
	struct mm_config config = util_config(4 * GIB, 1);
	struct mm_heap *heap = util_heap(&config);
	static uint64_t addr[NR];
	uint64_t backed;

	(void)state;
	for (int i = 0; i < NR; i++)
		addr[i] = util_run(heap, 9, 0);
	backed = util_backed(heap);
	assert_int_equal(backed, NR * 512);
	for (int i = 0; i < 16; i++)
		util_free_run(heap, addr[i], 0);
	for (int i = 0; i < 8; i++)
		addr[i] = util_run(heap, 9, 0);
	assert_int_equal(util_backed(heap), backed);
	for (int i = 0; i < 8 * 32; i++)
		(void)util_run(heap, 4, 0);
	assert_int_equal(util_backed(heap), backed);
	mm_heap_destroy(heap);
}

static void reset_takes_all_back(void **state)
{
	struct mm_config config = util_config(64 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	uint64_t run = util_run(heap, 3, 0) & ~MM_ADDR_FLAGS;
	uint64_t object = util_alloc(heap, 4, 0);
	int cache = mm_cache_create(heap, "mine", 100, 0, 0);
	struct mm_stats stats;

	(void)state;
	memset(util_host(heap, run), 1, MM_FRAME_SIZE);
	(void)util_alloc(heap, cache, 0);
	assert_int_equal(mm_pin(heap, 1, &run), 1);
	mm_heap_reset(heap);
	assert_int_equal(mm_stats(heap, 0, &stats), 0);
	assert_int_equal(stats.frames_in_use, 0);
	assert_int_equal(stats.frames_backed, 0);
	assert_int_equal(stats.pages_pinned, 0);
	assert_int_equal(stats.objects_active, 0);
	assert_int_equal(stats.slabs, 0);
	assert_int_equal(mm_stats(heap, cache, &stats), -ENOENT);
	util_free_run(heap, run, -ENOENT);
	util_free(heap, 0, object, -ENOENT);
	assert_null(mm_host_ptr(heap, run, 1));
	run = util_run(heap, 10, 0);
	assert_true(run & MM_ADDR_ZERO);
	assert_true(util_is_zero(util_host(heap, run), 4 * MIB));
	(void)util_alloc(heap, 4, 0);
	mm_heap_destroy(heap);
}

static void host_pointers_are_checked(void **state)
{
	struct mm_config config = util_config(16 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	uint64_t run = util_run(heap, 2, 0) & ~MM_ADDR_FLAGS;

	(void)state;
	assert_ptr_equal(mm_host_ptr(heap, run + 5, 100), (uint8_t *)util_host(heap, run) + 5);
	assert_non_null(mm_host_ptr(heap, run, 4 * MM_FRAME_SIZE));
	assert_null(mm_host_ptr(heap, run, 4 * MM_FRAME_SIZE + 1));
	assert_null(mm_host_ptr(heap, run, 0));
	assert_null(mm_host_ptr(heap, run, SIZE_MAX));
	/* Here nothing, and what wraps round to the frame before, would look like no frame. */
	assert_null(mm_host_ptr(heap, run + MM_FRAME_SIZE, 0));
	assert_null(mm_host_ptr(heap, run + MM_FRAME_SIZE, -(MM_FRAME_SIZE - 1)));
	assert_null(mm_host_ptr(heap, UTIL_BASE - 1, 2));
	assert_null(mm_host_ptr(heap, UTIL_BASE + 16 * MIB - 1, 2));
	assert_null(mm_host_ptr(heap, UINT64_MAX, 2));
	mm_heap_destroy(heap);
}

/* Random runs against a model that owns each frame by number. */
static void random_runs_agree_with_a_model(void **state)
{
	enum {
		RUNS = 600,
		ROUNDS = 40000
	};
	struct mm_config config = util_config(48 * MIB, 3);
	struct mm_heap *heap;
	static uint16_t owner[48 * MIB / MM_FRAME_SIZE];
	static struct {
		uint64_t addr;
		unsigned int order;
	} run[RUNS];
	uint64_t seed = 99;
	uint64_t used = 0;

	(void)state;
	config.range[0].base += 2 * MIB;
	config.reclaim_delay_ms = 0;
	heap = util_heap(&config);
	memset(run, 0, sizeof(run));
	memset(owner, 0, sizeof(owner));
	for (int round = 0; round < ROUNDS; round++) {
		unsigned int slot = (unsigned int)(util_random(&seed) % RUNS);
		unsigned int cpu = (unsigned int)(util_random(&seed) % 3);
		unsigned int skew = (unsigned int)(util_random(&seed) % 64);
		unsigned int order = skew < 6 ? skew + 5 : skew % 5;

		if (run[slot].addr) {
			uint64_t first = (run[slot].addr - config.range[0].base) / MM_FRAME_SIZE;

			for (uint64_t i = 0; i < 1u << run[slot].order; i++) {
				assert_int_equal(owner[first + i], slot + 1);
				owner[first + i] = 0;
			}
			used -= 1u << run[slot].order;
			util_free_run(heap, run[slot].addr, 0);
			run[slot].addr = 0;
		} else if (mm_pages_alloc(heap, cpu, order, MM_NODE_ANY, 0, 1, &run[slot].addr) ==
			   1) {
			uint64_t first;

			run[slot].addr &= ~MM_ADDR_FLAGS;
			run[slot].order = order;
			first = (run[slot].addr - config.range[0].base) / MM_FRAME_SIZE;
			for (uint64_t i = 0; i < 1u << order; i++) {
				assert_int_equal(owner[first + i], 0);
				owner[first + i] = (uint16_t)(slot + 1);
			}
			used += 1u << order;
		} else {
			/* Single frames run out only when all are used. */
			run[slot].addr = 0;
			assert_true(order || used + 64 * 3 >= 48 * MIB / MM_FRAME_SIZE);
		}
		if (!(round % 1000)) {
			assert_int_equal(util_in_use(heap), used);
			util_check(heap);
		}
	}
	mm_heap_destroy(heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order_is_aligned_and_mapped),
		cmocka_unit_test(all_of_the_heap_can_be_taken_in_every_order),
		cmocka_unit_test(foreign_addresses_are_refused),
		cmocka_unit_test(nodes_fall_back_unless_told_not_to),
		cmocka_unit_test(dma32_is_below_4_gib),
		cmocka_unit_test(zero_never_lies),
		cmocka_unit_test(fresh_memory_is_known_to_be_zero),
		cmocka_unit_test(kinds_keep_apart_while_there_is_room),
		cmocka_unit_test(the_fullest_huge_frame_fills_up_first),
		cmocka_unit_test(idle_memory_far_away_is_used_again),
		cmocka_unit_test(reset_takes_all_back),
		cmocka_unit_test(host_pointers_are_checked),
		cmocka_unit_test(random_runs_agree_with_a_model),
	};

	return cmocka_run_group_tests_name("mm_frame_runs", tests, NULL, NULL);
}
