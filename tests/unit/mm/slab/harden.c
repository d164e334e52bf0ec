/* SPDX-License-Identifier: BSD-2-Clause */
/* Hardening: wiping, quarantine, random order, guards; and how modes are chosen. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "mm/util.h"
#include "tests/unit/mm/util.h"

static struct mm_heap *hard_heap(unsigned int modes)
{
	struct mm_config config = util_config(32 * MIB, 2);

	config.debug = modes;
	return util_heap(&config);
}

static void what_is_freed_is_wiped(void **state)
{
	struct mm_heap *heap = hard_heap(MM_HARDEN_WIPE);
	int ctor = mm_cache_create(heap, "ctor", 200, 0, MM_CACHE_CTOR);
	uint64_t addr = util_alloc(heap, 7, 0);
	uint64_t page;
	struct mm_bad bad;
	size_t nr_bad;

	(void)state;
	memset(util_host(heap, addr), 0x5a, 192);
	util_free(heap, 7, addr, 0);
	assert_true(util_is_zero(util_host(heap, addr), 192));

	/* What a constructor made stays. */
	addr = util_alloc(heap, ctor, 0);
	memset(util_host(heap, addr), 0x5a, 200);
	util_free(heap, ctor, addr, 0);
	assert_int_equal(*(uint8_t *)util_host(heap, addr), 0x5a);

	/* Not under a device's hands. */
	addr = util_alloc(heap, 7, 0) & ~MM_ADDR_FLAGS;
	page = addr & ~(MM_FRAME_SIZE - 1);
	memset(util_host(heap, addr), 0x5a, 192);
	assert_int_equal(mm_pin(heap, 1, &page), 1);
	util_free(heap, 7, addr, 0);
	assert_int_equal(*(uint8_t *)util_host(heap, addr), 0x5a);
	assert_int_equal(mm_unpin(heap, 1, &page, &bad, &nr_bad), 1);
	assert_true(util_is_zero(util_host(heap, addr), 192));
	mm_heap_destroy(heap);
}

static void what_is_freed_rests(void **state)
{
	enum {
		PER = 32, /* of 1 KiB in 32 KiB */
		REST = PER / 4
	};
	struct mm_heap *heap = hard_heap(MM_HARDEN_QUARANTINE);
	uint64_t addr[PER];
	uint64_t again;
	struct mm_stats stats;

	(void)state;
	assert_int_equal(mm_alloc_bulk(heap, 0, 10, MM_NODE_ANY, 0, 0, 0, PER, addr), PER);
	for (int i = 0; i < REST; i++) {
		util_free(heap, 10, addr[i], 0);
		/* A quarter of the slab rests, and is not there for the next. */
		again = util_alloc(heap, 10, 0) & ~MM_ADDR_FLAGS;
		for (int k = 0; k < PER; k++)
			assert_int_not_equal(again, addr[k] & ~MM_ADDR_FLAGS);
		util_free(heap, 10, addr[i], -ENOENT);
	}
	/* One more, and the oldest has rested enough. */
	util_free(heap, 10, addr[REST], 0);
	assert_int_equal(mm_cache_shrink(heap, 10), 0);
	assert_int_equal(util_alloc(heap, 10, 0) & ~MM_ADDR_FLAGS, addr[0] & ~MM_ADDR_FLAGS);
	mm_heap_destroy(heap);

	/* Nothing rests for ever: with the last object the slab goes. */
	heap = hard_heap(MM_HARDEN_QUARANTINE | MM_DEBUG_POISON);
	for (int cache = 1; cache <= MM_CLASSES; cache++) {
		assert_int_equal(mm_alloc_bulk(heap, 0, cache, MM_NODE_ANY, 0, 0, 0, PER, addr),
				 PER);
		for (int i = 0; i < PER; i++)
			util_free(heap, cache, addr[(i * 7) % PER], 0);
	}
	(void)mm_reclaim(heap);
	assert_int_equal(mm_stats(heap, 0, &stats), 0);
	assert_int_equal(stats.slabs, 0);
	assert_int_equal(stats.frames_backed, 0);
	mm_heap_destroy(heap);
}

static void slots_come_in_random_order(void **state)
{
	enum {
		SLOTS = 512
	};
	static uint64_t addr[2][SLOTS];
	unsigned int ascending = 0;
	unsigned int same = 0;

	(void)state;
	for (int run = 0; run < 2; run++) {
		struct mm_heap *heap = hard_heap(MM_HARDEN_RANDOM);

		assert_int_equal(mm_alloc_bulk(heap, 0, 4, MM_NODE_ANY, 0, 0, 0, SLOTS, addr[run]),
				 SLOTS);
		for (int i = 0; i < SLOTS; i++) {
			assert_true(addr[run][i] & MM_ADDR_FRESH);
			assert_true(util_is_zero(util_host(heap, addr[run][i]), 64));
			memset(util_host(heap, addr[run][i]), 1, 64);
			if (i)
				ascending += addr[run][i] > addr[run][i - 1];
			if (run)
				same += addr[1][i] == addr[0][i];
		}
		/* Each was given once, and is fresh once. */
		for (int i = 0; i < SLOTS; i++)
			util_free(heap, 4, addr[run][i], 0);
		for (int i = 0; i < SLOTS; i++)
			assert_false(util_alloc(heap, 4, 0) & MM_ADDR_FRESH);
		mm_heap_destroy(heap);
	}
	/* In order, all 1022 ascend and all 512 are the same; by chance, half and one. */
	assert_true(ascending < 900);
	assert_true(same < 100);
}

/* Tells whether the host has memory there, without touching it itself. */
static bool readable(const void *memory)
{
	char byte;
	int fd[2];
	ssize_t n;

	assert_int_equal(pipe(fd), 0);
	n = write(fd[1], memory, 1);
	if (n == 1)
		assert_int_equal(read(fd[0], &byte, 1), 1);
	close(fd[0]);
	close(fd[1]);
	return n == 1;
}

static void runs_have_guards_behind_them(void **state)
{
	struct mm_heap *heap = hard_heap(MM_HARDEN_GUARD);

	(void)state;
	for (unsigned int order = 2; order <= 9; order++) {
		uint64_t size = MM_FRAME_SIZE << order;
		uint64_t addr = util_run(heap, order, MM_ZERO) & ~MM_ADDR_FLAGS;
		uint64_t page = addr + MM_FRAME_SIZE;
		uint8_t *host = util_host(heap, addr);
		struct mm_bad bad;
		size_t nr_bad;

		assert_int_equal(addr % size, 0);
		memset(host, 1, size);
		assert_true(readable(host + size - 1));
		assert_false(readable(host + size));
		assert_null(mm_host_ptr(heap, addr, size + 1));
		assert_int_equal(util_in_use(heap), 2u << order);
		util_free_run(heap, addr + size, -ENOENT);
		/* The pages behind it are those of nobody else. */
		assert_int_equal(mm_pin(heap, 1, &page), 1);
		util_free_run(heap, addr, 0);
		assert_int_equal(util_in_use(heap), 2u << order);
		assert_int_equal(mm_unpin(heap, 1, &page, &bad, &nr_bad), 1);
		assert_int_equal(util_in_use(heap), 0);
		assert_true(readable(host + size));
	}
	/* The largest cannot have one; single frames do not. */
	util_free_run(heap, util_run(heap, 10, 0), 0);
	assert_int_equal(util_in_use(heap), 0);
	(void)util_run(heap, 0, 0);
	assert_int_equal(util_in_use(heap), 1);
	mm_heap_reset(heap);
	memset(util_host(heap, util_run(heap, 10, 0)), 1, 4 * MIB);
	mm_heap_destroy(heap);
}

static void modes_are_read_as_linux_writes_them(void **state)
{
	static const char *const wrong[] = {
		"X",   "fz",    "F Z",
		"FZ,", "FZ,,a", "G,a",
		"F;x", "F,a;,", "F,a-name-that-is-too-long-for-a-cache"};
	struct mm_config config = util_config(16 * MIB, 1);
	char many[256] = "F";
	const char *why;

	(void)state;
	assert_int_equal(mm_debug_parse("FZ", &config, &why), 0);
	assert_int_equal(config.debug, MM_DEBUG_SANITY | MM_DEBUG_REDZONE);
	assert_int_equal(mm_debug_parse("WQRG", &config, &why), 0);
	assert_int_equal(config.debug, MM_DEBUG_SANITY | MM_DEBUG_REDZONE | MM_HARDEN_WIPE |
					       MM_HARDEN_QUARANTINE | MM_HARDEN_RANDOM |
					       MM_HARDEN_GUARD);
	config.debug = 0;
	assert_int_equal(mm_debug_parse("", &config, &why), 0);
	assert_int_equal(config.debug,
			 MM_DEBUG_SANITY | MM_DEBUG_REDZONE | MM_DEBUG_POISON | MM_DEBUG_OWNER);
	config.debug = 0;
	assert_int_equal(mm_debug_parse("P,kmalloc-64,ino*;ZU,dentry", &config, &why), 0);
	assert_int_equal(config.debug, 0);
	assert_int_equal(config.nr_rules, 3);
	assert_string_equal(config.rule[1].name, "ino*");
	assert_int_equal(config.rule[2].modes, MM_DEBUG_REDZONE | MM_DEBUG_OWNER);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct mm_config other = util_config(16 * MIB, 1);

		why = NULL;
		assert_int_equal(mm_debug_parse(wrong[i], &other, &why), -EINVAL);
		assert_non_null(why);
	}
	for (int i = 0; i < 13; i++)
		strcat(many, ",a");
	assert_int_equal(mm_debug_parse(many, &config, &why), 0);
	assert_int_equal(mm_debug_parse("F,b", &config, &why), -EINVAL);
}

static void modes_may_be_for_some_caches(void **state)
{
	struct mm_config config = util_config(16 * MIB, 1);
	const char *why;
	struct mm_heap *heap;
	int inode;
	int other;
	uint64_t addr;

	(void)state;
	assert_int_equal(mm_debug_parse("P,kmalloc-64;P,ino*", &config, &why), 0);
	heap = util_heap(&config);
	inode = mm_cache_create(heap, "inode", 96, 0, 0);
	other = mm_cache_create(heap, "in", 96, 0, 0);
	for (int i = 0; i < 4; i++) {
		const int cache[] = {4, 5, inode, other};
		bool poisons = i % 2 == 0;

		addr = util_alloc(heap, cache[i], 0);
		memset(util_host(heap, addr), 1, 64);
		util_free(heap, cache[i], addr, 0);
		assert_int_equal(*(uint8_t *)util_host(heap, addr), poisons ? 0x6b : 1);
	}
	mm_heap_destroy(heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_freed_is_wiped),
		cmocka_unit_test(what_is_freed_rests),
		cmocka_unit_test(slots_come_in_random_order),
		cmocka_unit_test(runs_have_guards_behind_them),
		cmocka_unit_test(modes_are_read_as_linux_writes_them),
		cmocka_unit_test(modes_may_be_for_some_caches),
	};

	return cmocka_run_group_tests_name("mm_slab_harden", tests, NULL, NULL);
}
