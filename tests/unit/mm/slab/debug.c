/* SPDX-License-Identifier: BSD-2-Clause */
/* Debug modes: what they catch, and what they say of it. */
#include <errno.h>
#include <stdio.h>

#include "mm/heap.h"
#include "mm/util.h"
#include "tests/unit/mm/util.h"

static char said[65536];
static unsigned int reports;
static struct mm_heap *reporting;

static bool is_held(const struct mm_lock *lock)
{
	return atomic_load_explicit(&lock->held, memory_order_relaxed);
}

/* Whoever reads the reports may be slow: other CPUs must not have to wait for that. */
static void assert_no_lock_is_held(const struct mm_heap *heap)
{
	for (uint32_t i = 1; i < heap->slabs.nr_slabs; i++)
		assert_false(is_held(&heap->slabs.slab[i].lock));
	for (unsigned int cpu = 0; cpu < heap->config.cpus; cpu++)
		assert_false(is_held(&heap->slabs.cpu[cpu].lock));
}

static void report(void *opaque, const char *text)
{
	assert_ptr_equal(opaque, &reports);
	assert_no_lock_is_held(reporting);
	reports++;
	strncat(said, text, sizeof(said) - strlen(said) - 1);
}

static struct mm_heap *debug_heap(unsigned int modes)
{
	struct mm_config config = util_config(16 * MIB, 2);

	config.debug = modes;
	config.report = report;
	config.report_opaque = &reports;
	said[0] = 0;
	reports = 0;
	reporting = util_heap(&config);
	return reporting;
}

static void assert_said(const char *text)
{
	if (!strstr(said, text))
		fail_msg("\"%s\" is not in: %s", text, said);
}

static uint64_t alloc_asked(struct mm_heap *heap, int cache, size_t asked, uint64_t caller)
{
	uint64_t addr;

	assert_int_equal(mm_alloc_bulk(heap, 1, cache, MM_NODE_ANY, 0, asked, caller, 1, &addr), 1);
	return addr & ~MM_ADDR_FLAGS;
}

static void an_overrun_is_found_at_the_free(void **state)
{
	struct mm_heap *heap = debug_heap(MM_DEBUG_REDZONE | MM_DEBUG_OWNER);
	struct mm_bad bad;
	size_t nr_bad;
	uint64_t addr;
	char text[64];

	(void)state;
	for (size_t asked = 0; asked <= 64; asked += 20) {
		size_t end = asked ? asked : 64;

		addr = alloc_asked(heap, 4, asked, 0xaaaa0001);
		assert_int_equal(addr % 64, 0);
		memset(util_host(heap, addr), 0x11, end);
		util_free(heap, 4, addr, 0);
		assert_int_equal(reports, 0);

		addr = alloc_asked(heap, 4, asked, 0xaaaa0002);
		((uint8_t *)util_host(heap, addr))[end + 3] = 0x41;
		assert_int_equal(mm_free_bulk(heap, 0, 0, 0xffff0003, 1, &addr, &bad, &nr_bad), 1);
		assert_int_equal(nr_bad, 1);
		assert_int_equal(bad.status, -EUCLEAN);
		assert_int_equal(reports, 1);
		assert_said("kmalloc-64: red zone overwritten");
		snprintf(text, sizeof(text), "offset %zu is 0x41, not 0xcc", end + 3);
		assert_said(text);
		snprintf(text, sizeof(text), "object 0x%llx of 64 bytes", (unsigned long long)addr);
		assert_said(text);
		assert_said("allocated at 0xaaaa0002 on cpu 1");
		assert_said("freed at 0xffff0003 on cpu 0");
		/* It is free now. */
		util_free(heap, 4, addr, -ENOENT);
		said[0] = 0;
		reports = 0;
	}
	mm_heap_destroy(heap);
}

static void use_after_free_is_found_and_set_aside(void **state)
{
	struct mm_heap *heap = debug_heap(MM_DEBUG_POISON | MM_DEBUG_OWNER);
	uint64_t addr;
	uint64_t again;
	struct mm_bad bad;
	struct mm_stats stats;
	size_t nr_bad;

	(void)state;
	addr = alloc_asked(heap, 5, 0, 0x1001);
	memset(util_host(heap, addr), 0, 96);
	assert_int_equal(mm_free_bulk(heap, 0, 0, 0x2002, 1, &addr, &bad, &nr_bad), 1);
	assert_int_equal(((uint8_t *)util_host(heap, addr))[0], 0x6b);
	assert_int_equal(((uint8_t *)util_host(heap, addr))[95], 0xa5);
	again = alloc_asked(heap, 5, 0, 0x1003);
	assert_int_equal(again, addr);
	assert_int_equal(mm_free_bulk(heap, 0, 0, 0x2004, 1, &addr, &bad, &nr_bad), 1);
	assert_int_equal(reports, 0);

	((uint8_t *)util_host(heap, addr))[17] = 0;
	again = alloc_asked(heap, 5, 0, 0x1005);
	assert_int_not_equal(again, addr);
	assert_int_equal(reports, 1);
	assert_said("kmalloc-96: free object overwritten");
	assert_said("offset 17 is 0x00, not 0x6b");
	assert_said("allocated at 0x1003 on cpu 1");
	assert_said("freed at 0x2004 on cpu 0");
	/* Nobody owns what was set aside. */
	util_free(heap, 5, addr, -ENOENT);
	assert_int_equal(mm_stats(heap, 5, &stats), 0);
	assert_int_equal(stats.errors, 1);
	assert_int_equal(stats.objects_active, 1);

	util_free(heap, 5, again, 0);
	((uint8_t *)util_host(heap, again))[95] = 0x6b;
	assert_int_not_equal(alloc_asked(heap, 5, 0, 0), again);
	assert_said("offset 95 is 0x6b, not 0xa5");
	mm_heap_destroy(heap);
}

static void objects_are_widened_only_while_they_are_out(void **state)
{
	for (int watched = 0; watched < 2; watched++) {
		struct mm_heap *heap = debug_heap(watched ? MM_DEBUG_REDZONE | MM_DEBUG_POISON : 0);
		uint64_t addr = alloc_asked(heap, 4, 20, 1);
		uint64_t other = alloc_asked(heap, 4, 20, 1);
		uint64_t run = util_run(heap, 0, 0) & ~MM_ADDR_FLAGS;

		assert_int_equal(mm_object_widen(heap, addr), watched ? 20 : 64);
		assert_int_equal(mm_object_widen(heap, addr), 64);
		memset(util_host(heap, addr), 1, 64);
		assert_int_equal(mm_object_widen(heap, addr + 8), -EINVAL);
		assert_int_equal(mm_object_widen(heap, run), -EINVAL);
		assert_int_equal(mm_object_widen(heap, UTIL_BASE - 64), -EFAULT);
		assert_int_equal(mm_object_widen(heap, UTIL_BASE + 16 * MIB), -EFAULT);
		util_free(heap, 4, addr, 0);
		assert_int_equal(mm_object_widen(heap, addr), -ENOENT);
		/* One that waits for its unpin is not out either. */
		run = other & ~(MM_FRAME_SIZE - 1);
		assert_int_equal(mm_pin(heap, 1, &run), 1);
		util_free(heap, 4, other, 0);
		assert_int_equal(mm_object_widen(heap, other), -ENOENT);
		mm_heap_destroy(heap);
	}
	(void)state;
}

/* Behind the last slot of a slab of 96-byte objects is room for a part of one. */
static void nothing_behind_the_last_slot_is_an_object(void **state)
{
	struct mm_heap *heap = debug_heap(0);
	struct mm_slabinfo info;
	uint64_t addr;

	(void)state;
	addr = alloc_asked(heap, 5, 0, 1);
	assert_int_equal(mm_slabinfo(heap, 5, &info), 0);
	addr &= ~(info.pagesperslab * MM_FRAME_SIZE - 1);
	assert_true(info.objperslab * info.objsize < info.pagesperslab * MM_FRAME_SIZE);
	assert_int_equal(mm_object_widen(heap, addr + info.objperslab * info.objsize), -EINVAL);
	mm_heap_destroy(heap);
}

static void zero_and_constructors_live_with_debug_modes(void **state)
{
	struct mm_heap *heap = debug_heap(MM_DEBUG_POISON | MM_DEBUG_REDZONE);
	int cache = mm_cache_create(heap, "ctor", 40, 0, MM_CACHE_CTOR);
	uint64_t addr;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(mm_alloc_bulk(heap, 0, 4, MM_NODE_ANY, MM_ZERO, 0, 0, 1, &addr),
				 1);
		assert_true(addr & MM_ADDR_ZERO);
		assert_true(util_is_zero(util_host(heap, addr), 64));
		memset(util_host(heap, addr), 1, 64);
		util_free(heap, 4, addr, 0);
	}
	addr = alloc_asked(heap, cache, 0, 0);
	memset(util_host(heap, addr), 0x99, 40);
	util_free(heap, cache, addr, 0);
	assert_int_equal(alloc_asked(heap, cache, 10, 0), addr);
	for (int i = 0; i < 40; i++)
		assert_int_equal(((uint8_t *)util_host(heap, addr))[i], 0x99);
	util_free(heap, cache, addr, 0);
	assert_int_equal(reports, 0);
	mm_heap_destroy(heap);
}

/* A heap whose caches are debugged as text says, by their names. */
static struct mm_heap *heap_by_rules(const char *text)
{
	struct mm_config config = util_config(16 * MIB, 1);
	const char *why;

	assert_int_equal(mm_debug_parse(text, &config, &why), 0);
	config.report = report;
	config.report_opaque = &reports;
	said[0] = 0;
	reports = 0;
	reporting = util_heap(&config);
	return reporting;
}

static void a_cache_may_be_debugged_alone(void **state)
{
	struct mm_heap *heap = heap_by_rules("F,alone;Z,largest");
	int cache = mm_cache_create(heap, "alone", 64, 0, MM_DEBUG_REDZONE);
	struct mm_stats stats;
	uint64_t addr;

	(void)state;
	assert_int_equal(mm_cache_modes(heap, cache), MM_DEBUG_SANITY | MM_DEBUG_REDZONE);
	addr = alloc_asked(heap, 4, 0, 0);
	((uint8_t *)util_host(heap, addr))[64] = 1;
	util_free(heap, 4, addr, 0);
	addr = alloc_asked(heap, cache, 0, 0);
	((uint8_t *)util_host(heap, addr))[64] = 1;
	util_free(heap, cache, addr, -EUCLEAN);
	assert_int_equal(reports, 1);
	assert_said("alone: red zone overwritten");
	assert_int_equal(mm_stats(heap, cache, &stats), 0);
	assert_true(stats.slot_size >= 72);

	/* The largest objects have no room for a red zone. */
	cache = mm_cache_create(heap, "largest", 4 * MIB, 0, 0);
	addr = alloc_asked(heap, cache, 0, 0);
	memset(util_host(heap, addr), 1, 4 * MIB);
	util_free(heap, cache, addr, 0);
	mm_heap_destroy(heap);
}

/* Whoever makes a cache, a guest, has no say in what is kept beside the heap. */
static void a_cache_asks_in_vain_for_modes_of_its_own(void **state)
{
	const unsigned int asked = MM_DEBUG_REDZONE | MM_DEBUG_POISON | MM_DEBUG_OWNER;
	struct mm_heap *heap = heap_by_rules("F,watched;WQ,hardened");
	struct mm_stats stats;
	int cache;

	(void)state;
	cache = mm_cache_create(heap, "mine", 8, 8, MM_CACHE_NOMERGE | asked);
	assert_int_equal(mm_cache_modes(heap, cache), 0);
	assert_int_equal(mm_stats(heap, cache, &stats), 0);
	assert_int_equal(stats.slot_size, 8);
	(void)util_alloc(heap, cache, 0);
	for (uint32_t i = 1; i < heap->slabs.nr_slabs; i++)
		assert_null(heap->slabs.slab[i].debug);
	/* Hardening is no debugging. */
	cache = mm_cache_create(heap, "hardened", 64, 0, MM_CACHE_NOMERGE | asked);
	assert_int_equal(mm_cache_modes(heap, cache), MM_HARDEN_WIPE | MM_HARDEN_QUARANTINE);
	cache = mm_cache_create(heap, "watched", 64, 0, MM_CACHE_NOMERGE | asked);
	assert_int_equal(mm_cache_modes(heap, cache), MM_DEBUG_SANITY | asked);
	mm_heap_destroy(heap);
}

/* Whatever the size of objects: what is kept of them is no more than they are. */
static void what_is_kept_of_slots_is_no_more_than_the_heap(void **state)
{
	static const unsigned int modes[] = {MM_DEBUG_OWNER, MM_DEBUG_POISON, MM_DEBUG_REDZONE,
					     MM_HARDEN_QUARANTINE, SLAB_DEBUG_MODES};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++) {
		struct mm_heap *heap = debug_heap(modes[i]);

		for (size_t size = 1; size <= 8192; size += size < 64 ? 1 : 509) {
			int cache = mm_cache_create(heap, "small", size, 0, MM_CACHE_NOMERGE);
			const struct slab_cache *c = &heap->slabs.cache[cache];

			for (int k = 0; k < 2; k++) {
				const struct slab_shape *shape = k ? &c->least : &c->usual;

				assert_true(shape->cap * sizeof(struct slab_track) <=
					    MM_FRAME_SIZE << shape->order);
			}
			assert_int_equal(mm_cache_destroy(heap, cache), 0);
		}
		mm_heap_destroy(heap);
	}
}

/* Who has a slab's memory next finds nothing of what was kept of the last. */
static void what_was_kept_of_a_slab_goes_with_it(void **state)
{
	static const uint8_t zero[SLAB_DEBUG_FRAME];
	struct mm_heap *heap = debug_heap(MM_DEBUG_OWNER);
	uint64_t frames = (uint64_t)heap->frames.nr_huge * FRAME_PER_HUGE;
	int cache = mm_cache_create(heap, "mine", 8, 8, MM_CACHE_NOMERGE);
	uint64_t addr[1000];

	(void)state;
	assert_int_equal(mm_alloc_bulk(heap, 0, cache, MM_NODE_ANY, 0, 0, 0x1234, 1000, addr),
			 1000);
	for (int i = 0; i < 1000; i++)
		util_free(heap, cache, addr[i] & ~MM_ADDR_FLAGS, 0);
	assert_int_equal(mm_cache_destroy(heap, cache), 0);
	for (uint64_t i = 0; i < frames; i++)
		assert_memory_equal(heap->slabs.debug + i * SLAB_DEBUG_FRAME, zero, sizeof(zero));
	mm_heap_destroy(heap);
}

static void refusals_of_one_cache_may_be_reported(void **state)
{
	uint64_t addr;

	(void)state;
	(void)heap_by_rules("F,kmalloc-64");
	assert_int_equal(mm_cache_modes(reporting, 4), MM_DEBUG_SANITY);
	assert_int_equal(mm_cache_modes(reporting, 5), 0);
	assert_int_equal(mm_cache_modes(reporting, mm_cache_max(reporting) + 1), 0);
	/* One more each, so that their slabs stay. */
	for (int cache = 5; cache >= 4; cache--) {
		(void)util_alloc(reporting, cache, 0);
		addr = util_alloc(reporting, cache, 0);
		util_free(reporting, 0, addr, 0);
		util_free(reporting, 0, addr, -ENOENT);
		assert_int_equal(reports, cache == 4);
	}
	assert_said("not allocated (a double free?)");
	mm_heap_destroy(reporting);
}

static void refused_frees_are_reported(void **state)
{
	struct mm_heap *heap = debug_heap(MM_DEBUG_SANITY);
	uint64_t addr = alloc_asked(heap, 4, 0, 0);
	struct mm_bad bad;
	size_t nr_bad;

	(void)state;
	util_free(heap, 4, addr, 0);
	assert_int_equal(mm_free_bulk(heap, 1, 4, 0xbeef, 1, &addr, &bad, &nr_bad), 0);
	assert_said("double free");
	assert_said("called at 0xbeef on cpu 1");
	util_free_at(heap, 4, addr + 1, -EINVAL);
	assert_said("not the start of an object");
	util_free_at(heap, 4, 64, -EFAULT);
	assert_said("not in the heap");
	mm_heap_destroy(heap);
}

/* More than fit into one report. */
static void each_of_many_refusals_is_reported(void **state)
{
	enum {
		NR = 200
	};
	struct mm_heap *heap = debug_heap(MM_DEBUG_ALL & ~MM_HARDEN_GUARD);
	struct mm_bad bad[NR];
	uint64_t addr[NR];
	const char *at = said;
	size_t nr_bad;

	(void)state;
	for (int i = 0; i < NR; i++)
		addr[i] = alloc_asked(heap, 4, 0, 1);
	assert_int_equal(mm_free_bulk(heap, 0, 4, 2, NR, addr, bad, &nr_bad), NR);
	assert_int_equal(reports, 0);
	assert_int_equal(mm_free_bulk(heap, 0, 4, 2, NR, addr, bad, &nr_bad), 0);
	assert_int_equal(nr_bad, NR);
	for (int i = 0; i < NR; i++) {
		char text[32];

		assert_int_equal(bad[i].index, i);
		snprintf(text, sizeof(text), "free of 0x%llx: not alloc",
			 (unsigned long long)addr[i]);
		at = strstr(at, text);
		assert_non_null(at);
	}
	mm_heap_destroy(heap);
}

static void poison_waits_for_the_unpin(void **state)
{
	struct mm_heap *heap = debug_heap(MM_DEBUG_POISON);
	uint64_t addr = alloc_asked(heap, 10, 0, 0);
	uint64_t page = addr & ~(MM_FRAME_SIZE - 1);
	struct mm_bad bad;
	size_t nr_bad;

	(void)state;
	memset(util_host(heap, addr), 0x22, 1024);
	assert_int_equal(mm_pin(heap, 1, &page), 1);
	util_free(heap, 10, addr, 0);
	assert_int_equal(*(uint8_t *)util_host(heap, addr), 0x22);
	assert_int_equal(mm_unpin(heap, 1, &page, &bad, &nr_bad), 1);
	assert_int_equal(*(uint8_t *)util_host(heap, addr), 0x6b);
	assert_int_equal(alloc_asked(heap, 10, 0, 0), addr);
	assert_int_equal(reports, 0);
	mm_heap_destroy(heap);
}

/* Linux's Documentation/core-api/memory-allocation.rst promises it, debugging or not. */
static void classes_are_aligned_to_themselves_with_red_zones_too(void **state)
{
	struct mm_heap *heap = debug_heap(MM_DEBUG_REDZONE);

	(void)state;
	for (int class = 0; class < MM_CLASSES; class ++) {
		uint64_t align = mm_class_size[class] & -mm_class_size[class];

		for (int i = 0; i < 10; i++)
			assert_int_equal(alloc_asked(heap, class + 1, 0, 0) % align, 0);
	}
	mm_heap_destroy(heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_are_aligned_to_themselves_with_red_zones_too),
		cmocka_unit_test(an_overrun_is_found_at_the_free),
		cmocka_unit_test(use_after_free_is_found_and_set_aside),
		cmocka_unit_test(objects_are_widened_only_while_they_are_out),
		cmocka_unit_test(nothing_behind_the_last_slot_is_an_object),
		cmocka_unit_test(zero_and_constructors_live_with_debug_modes),
		cmocka_unit_test(a_cache_may_be_debugged_alone),
		cmocka_unit_test(a_cache_asks_in_vain_for_modes_of_its_own),
		cmocka_unit_test(what_is_kept_of_slots_is_no_more_than_the_heap),
		cmocka_unit_test(what_was_kept_of_a_slab_goes_with_it),
		cmocka_unit_test(refusals_of_one_cache_may_be_reported),
		cmocka_unit_test(refused_frees_are_reported),
		cmocka_unit_test(each_of_many_refusals_is_reported),
		cmocka_unit_test(poison_waits_for_the_unpin),
	};

	return cmocka_run_group_tests_name("mm_slab_debug", tests, NULL, NULL);
}
