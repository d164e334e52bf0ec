/* SPDX-License-Identifier: BSD-2-Clause */
/* Pins: what may be pinned, and that a pinned frame stays what it is. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "mm/heap.h"
#include "tests/unit/mm/util.h"

static void unpin(struct mm_heap *heap, uint64_t addr, int status)
{
	struct mm_bad bad = {0};
	size_t nr_bad;

	assert_int_equal(mm_unpin(heap, 1, &addr, &bad, &nr_bad), status ? 0 : 1);
	assert_int_equal(nr_bad, status ? 1 : 0);
	assert_int_equal(bad.status, status);
}

static void only_what_is_handed_out_can_be_pinned(void **state)
{
	struct mm_config config = util_config(16 * MIB, 1);
	struct mm_heap *heap;
	uint64_t addr[3];
	uint64_t bad[4];
	struct mm_stats stats;

	(void)state;
	config.nr_ranges = 2;
	config.range[1] = config.range[0];
	config.range[1].base += 32 * MIB;
	heap = util_heap(&config);
	addr[0] = util_run(heap, 1, 0) & ~MM_ADDR_FLAGS;
	addr[1] = addr[0] + MM_FRAME_SIZE;
	addr[2] = util_alloc(heap, 4, 0) & ~(MM_FRAME_SIZE - 1);
	bad[0] = addr[0] + 8;
	bad[1] = UTIL_BASE + 20 * MIB; /* the hole */
	bad[2] = UTIL_BASE + 15 * MIB; /* free */
	bad[3] = 0;
	assert_int_equal(mm_pin(heap, 1, &bad[0]), -EINVAL);
	for (int i = 1; i < 4; i++)
		assert_int_equal(mm_pin(heap, 1, &bad[i]), -EFAULT);
	assert_int_equal(mm_pin(heap, 3, addr), 3);
	unpin(heap, bad[0], -EINVAL);
	unpin(heap, bad[1], -ENOENT);
	unpin(heap, bad[2], -ENOENT);
	unpin(heap, bad[3], -EFAULT);
	for (int i = 0; i < 3; i++) {
		unpin(heap, addr[i], 0);
		unpin(heap, addr[i], -ENOENT);
	}
	/* It stops at the first that cannot be. */
	addr[2] = bad[2];
	assert_int_equal(mm_pin(heap, 3, addr), 2);
	assert_int_equal(mm_stats(heap, 0, &stats), 0);
	assert_int_equal(stats.pages_pinned, 2);
	mm_heap_destroy(heap);
}

static void the_quota_holds(void **state)
{
	struct mm_config config = util_config(16 * MIB, 1);
	struct mm_heap *heap;
	uint64_t addr[4];

	(void)state;
	config.pin_quota = 3;
	heap = util_heap(&config);
	for (int i = 0; i < 4; i++)
		addr[i] = util_run(heap, 0, 0) & ~MM_ADDR_FLAGS;
	assert_int_equal(mm_pin(heap, 4, addr), 3);
	assert_int_equal(mm_pin(heap, 1, addr), -EAGAIN);
	unpin(heap, addr[1], 0);
	assert_int_equal(mm_pin(heap, 1, addr), 1);
	mm_heap_destroy(heap);
}

static void the_monitor_can_look_beyond_the_quota(void **state)
{
	struct mm_config config = util_config(16 * MIB, 1);
	struct mm_heap *heap;
	struct mm_stats stats;
	_Atomic uint32_t *word;
	uint64_t addr;
	frame_t frame;

	(void)state;
	config.pin_quota = 1;
	heap = util_heap(&config);
	addr = util_run(heap, 0, 0) & ~MM_ADDR_FLAGS;
	assert_int_equal(mm_pin(heap, 1, &addr), 1);
	assert_int_equal(mm_pin(heap, 1, &addr), -EAGAIN);
	assert_int_equal(mm_hold(heap, 1, &addr), 1);
	/* It is as good a pin as any. */
	util_free_run(heap, addr, 0);
	unpin(heap, addr, 0);
	assert_int_equal(util_in_use(heap), 1);
	assert_int_equal(mm_hold(heap, 1, &addr), -EFAULT);
	mm_release(heap, 1, &addr);
	assert_int_equal(util_in_use(heap), 0);
	mm_stats(heap, 0, &stats);
	assert_int_equal(stats.pages_pinned, 0);
	mm_set_pin_quota(heap, 10);

	/* A run, and an object, pinned by the guest as often as it may. */
	for (int i = 0; i < 2; i++) {
		addr = (i ? util_alloc(heap, 4, 0) : util_run(heap, 0, 0)) & ~(MM_FRAME_SIZE - 1);
		assert_true(map_frame(&heap->map, addr, &frame));
		assert_int_equal(mm_pin(heap, 1, &addr), 1);
		word = &heap->pins.word[frame.nr];
		atomic_store(word, PIN_COUNT - PIN_OWN);
		assert_int_equal(mm_pin(heap, 1, &addr), -EAGAIN);
		assert_int_equal(mm_hold(heap, 1, &addr), 1);
		mm_release(heap, 1, &addr);
		atomic_store(word, 1);
		unpin(heap, addr, 0);
	}
	mm_heap_destroy(heap);
}

static void a_pinned_run_outlives_its_free(void **state)
{
	struct mm_config config = util_config(8 * MIB, 1);
	struct mm_heap *heap;
	size_t bytes;

	(void)state;
	config.reclaim_delay_ms = 0;
	heap = util_heap(&config);
	for (unsigned int order = 0; order <= MM_MAX_ORDER; order++) {
		uint64_t run = util_run(heap, order, 0) & ~MM_ADDR_FLAGS;
		uint64_t last = run + (MM_FRAME_SIZE << order) - MM_FRAME_SIZE;
		uint64_t more[8];
		long n;

		memset(util_host(heap, last), 0x3c, MM_FRAME_SIZE);
		assert_int_equal(mm_pin(heap, 1, &last), 1);
		assert_int_equal(mm_pin(heap, 1, &last), 1);
		util_free_run(heap, run, 0);
		/* For the guest it is gone. */
		assert_int_equal(mm_heap_page_map(heap, &bytes)[(run - UTIL_BASE) / MM_FRAME_SIZE],
				 MM_PM_NONE);
		util_free_run(heap, run, -ENOENT);
		assert_int_equal(mm_pin(heap, 1, &last), -EFAULT);
		/* For the host it is not. */
		(void)mm_reclaim(heap);
		n = mm_pages_alloc(heap, 0, 9, MM_NODE_ANY, MM_ZERO, 8, more);
		for (long i = 0; i < n; i++) {
			more[i] &= ~MM_ADDR_FLAGS;
			assert_true(last < more[i] || last >= more[i] + MM_HUGE_SIZE);
			util_free_run(heap, more[i], 0);
		}
		assert_int_equal(*(uint8_t *)util_host(heap, last), 0x3c);
		assert_int_equal(util_in_use(heap), 1u << order);
		unpin(heap, last, 0);
		assert_int_equal(util_in_use(heap), 1u << order);
		unpin(heap, last, 0);
		unpin(heap, last, -ENOENT);
		assert_int_equal(util_in_use(heap), 0);
	}
	(void)mm_reclaim(heap);
	assert_int_equal(util_backed(heap), 0);
	mm_heap_destroy(heap);
}

static void a_pinned_object_outlives_its_free(void **state)
{
	enum {
		SLAB = 512
	};
	struct mm_config config = util_config(8 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	uint64_t addr[SLAB];
	uint64_t again[SLAB];
	struct mm_bad bad[SLAB];
	struct mm_stats stats;
	uint64_t page;
	size_t nr_bad;
	long n;

	(void)state;
	/* A whole slab of 64-byte objects, of which 64 are in the pinned frame. */
	assert_int_equal(mm_alloc_bulk(heap, 0, 4, MM_NODE_ANY, 0, 0, 0, SLAB, addr), SLAB);
	for (int i = 0; i < SLAB; i++) {
		addr[i] &= ~MM_ADDR_FLAGS;
		memset(util_host(heap, addr[i]), 0x44, 64);
	}
	page = addr[100] & ~(MM_FRAME_SIZE - 1);
	assert_int_equal(mm_pin(heap, 1, &page), 1);
	assert_int_equal(mm_free_bulk(heap, 0, 4, 0, SLAB, addr, bad, &nr_bad), SLAB);
	util_free(heap, 4, addr[100], -ENOENT);
	assert_int_equal(mm_stats(heap, 4, &stats), 0);
	assert_int_equal(stats.objects_active, 0);
	assert_int_equal(mm_cache_shrink(heap, 4), 0);
	n = mm_alloc_bulk(heap, 0, 4, MM_NODE_ANY, MM_ZERO, 0, 0, SLAB - 64, again);
	assert_int_equal(n, SLAB - 64);
	for (long i = 0; i < n; i++) {
		assert_true((again[i] & ~(MM_FRAME_SIZE - 1)) != page);
		again[i] &= ~MM_ADDR_FLAGS;
	}
	for (uint64_t i = 0; i < MM_FRAME_SIZE; i++)
		assert_int_equal(((uint8_t *)util_host(heap, page))[i], 0x44);
	unpin(heap, page, 0);
	assert_int_equal(mm_alloc_bulk(heap, 0, 4, MM_NODE_ANY, 0, 0, 0, 64, again + n), 64);
	for (int i = 0; i < 64; i++) {
		again[n + i] &= ~MM_ADDR_FLAGS;
		assert_true((again[n + i] & ~(MM_FRAME_SIZE - 1)) == page);
	}
	assert_int_equal(mm_free_bulk(heap, 0, 4, 0, SLAB, again, bad, &nr_bad), SLAB);
	assert_true(mm_cache_shrink(heap, 4) == 8);
	assert_int_equal(util_in_use(heap), 0);
	mm_heap_destroy(heap);
}

static void a_pinned_slab_is_not_given_back(void **state)
{
	struct mm_config config = util_config(8 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	int cache = mm_cache_create(heap, "pinned", 3000, 0, 0);
	uint64_t addr = util_alloc(heap, cache, 0) & ~MM_ADDR_FLAGS;
	uint64_t other = util_alloc(heap, cache, 0) & ~MM_ADDR_FLAGS;
	uint64_t page[2] = {other & ~(MM_FRAME_SIZE - 1), (other & ~(MM_FRAME_SIZE - 1)) + 4096};

	(void)state;
	/* other lies in both frames; the first is pinned when nothing is in it. */
	assert_int_equal(page[0], addr);
	assert_int_equal(mm_pin(heap, 2, page), 2);
	util_free(heap, cache, other, 0);
	util_free(heap, cache, addr, 0);
	assert_int_equal(mm_cache_shrink(heap, cache), 0);
	assert_int_equal(mm_cache_destroy(heap, cache), -EBUSY);
	unpin(heap, page[0], 0);
	util_free(heap, cache, other, -ENOENT);
	assert_int_equal(mm_cache_destroy(heap, cache), -EBUSY);
	unpin(heap, page[1], 0);
	assert_int_equal(mm_cache_destroy(heap, cache), 0);
	assert_int_equal(util_in_use(heap), 0);
	mm_heap_destroy(heap);
}

/*
 * One thread hands frames out and takes them back and counts how often each was handed
 * out; another pins what it can. While it has a pin the count may go up once, if it
 * pinned before the allocation was counted, and no more.
 */
#define RACE_FRAMES 32
#define RACE_ROUNDS 6000

struct race {
	struct mm_heap *heap;
	_Atomic uint32_t handed_out[512];
	_Atomic uint32_t round;
	_Atomic uint32_t pins, reused;
	_Atomic int stop;
};

/* Else a guest with many of them would have whoever looks for one to unmake pass over all
 * the others each time. */
static void pinned_slabs_are_not_among_the_empty(void **state)
{
	enum {
		NR = 20
	};
	const struct mm_config config = util_config(16 * MIB, 1);
	struct mm_heap *heap = util_heap(&config);
	int cache = mm_cache_create(heap, "one", 7 * 4096, 4096, MM_CACHE_NOMERGE);
	struct slab_list *list = &heap->slabs.cache[cache].list[0];
	struct slab *last;
	uint64_t addr[NR];
	uint64_t unused;
	uint64_t other;

	(void)state;
	/* One object a slab, and a frame behind it. */
	assert_int_equal(heap->slabs.cache[cache].usual.cap, 1);
	assert_int_equal(heap->slabs.cache[cache].usual.order, 3);
	other = util_alloc(heap, cache, 0);
	for (unsigned int i = 0; i < NR; i++)
		addr[i] = util_alloc(heap, cache, 0) & ~MM_ADDR_FLAGS;
	for (unsigned int i = 0; i < NR; i++) {
		unused = addr[i] + 7 * MM_FRAME_SIZE;
		assert_int_equal(mm_pin(heap, 1, &unused), 1);
	}
	for (unsigned int i = 0; i < NR - 1; i++)
		util_free(heap, cache, addr[i], 0);
	/* There is one that is kept already. */
	util_free(heap, cache, other, 0);
	assert_int_equal(list->nr_empty, 1);
	util_free(heap, cache, addr[NR - 1], 0);
	assert_int_equal(util_in_use(heap), NR * 8);
	assert_int_equal(mm_cache_shrink(heap, cache), 8);
	assert_true(list->head && list->tail);
	assert_int_equal(list->nr_empty, 0);
	assert_int_equal(mm_cache_shrink(heap, cache), 0);
	last = &heap->slabs.slab[list->tail];
	mm_lock(&last->lock);
	assert_false(slab_kill_empty(&heap->slabs, last, list));
	mm_unlock(&last->lock);
	util_check(heap);
	for (unsigned int i = 0; i < NR; i++) {
		unused = addr[i] + 7 * MM_FRAME_SIZE;
		unpin(heap, unused, 0);
		assert_in_range(list->nr_empty, 0, 1);
	}
	/* One that is empty, and is pinned then. */
	assert_int_equal(list->nr_empty, 1);
	addr[0] = frame_addr(&heap->frames, slab_frame(&heap->slabs.slab[list->tail], 0));
	assert_int_equal(mm_pin(heap, 1, addr), 1);
	assert_int_equal(list->nr_empty, 0);
	unpin(heap, addr[0], 0);
	assert_int_equal(list->nr_empty, 1);
	assert_int_equal(mm_cache_shrink(heap, cache), 8);
	assert_int_equal(util_in_use(heap), 0);
	mm_heap_destroy(heap);
}

static void *race_pinner(void *arg)
{
	struct race *race = arg;
	uint64_t seed = 3;

	while (!atomic_load(&race->stop)) {
		uint64_t index = util_random(&seed) % RACE_FRAMES;
		uint64_t addr = UTIL_BASE + index * MM_FRAME_SIZE;
		uint32_t before;
		uint32_t round;
		struct mm_bad bad;
		size_t nr_bad;

		if (mm_pin(race->heap, 1, &addr) != 1)
			continue;
		before = atomic_load(&race->handed_out[index]);
		round = atomic_load(&race->round);
		while (atomic_load(&race->round) < round + 3 && !atomic_load(&race->stop))
			;
		if (atomic_load(&race->handed_out[index]) > before + 1)
			atomic_fetch_add(&race->reused, 1);
		atomic_fetch_add(&race->pins, 1);
		(void)mm_unpin(race->heap, 1, &addr, &bad, &nr_bad);
	}
	return NULL;
}

static void pins_and_frees_exclude_each_other(void **state)
{
	struct mm_config config = util_config(2 * MIB, 2);

	(void)state;
	for (unsigned int order = 0; order <= 4; order += 2) {
		static struct race race;
		struct mm_stats stats;
		pthread_t thread;
		unsigned int n = RACE_FRAMES >> order;
		unsigned int refused = 0;

		memset(&race, 0, sizeof(race));
		race.heap = util_heap(&config);
		assert_int_equal(pthread_create(&thread, NULL, race_pinner, &race), 0);
		/* Goes on until there were pins to race with. */
		for (uint32_t round = 0; round < RACE_ROUNDS || race.pins < 20; round++) {
			uint64_t addr[RACE_FRAMES];
			struct mm_bad bad[RACE_FRAMES];
			size_t nr_bad;
			long got = mm_pages_alloc(race.heap, 0, order, MM_NODE_ANY, 0, n, addr);

			for (long i = 0; i < got; i++) {
				uint64_t first;

				addr[i] &= ~MM_ADDR_FLAGS;
				first = (addr[i] - UTIL_BASE) / MM_FRAME_SIZE;
				for (uint64_t k = 0; k < 1u << order; k++)
					atomic_fetch_add(&race.handed_out[first + k], 1);
			}
			if (got > 0 &&
			    mm_pages_free(race.heap, 0, (size_t)got, addr, bad, &nr_bad) != got)
				refused++;
			atomic_fetch_add(&race.round, 1);
		}
		atomic_store(&race.stop, 1);
		pthread_join(thread, NULL);
		assert_int_equal(refused, 0);
		assert_int_equal(race.reused, 0);
		assert_int_equal(mm_stats(race.heap, 0, &stats), 0);
		assert_int_equal(stats.pages_pinned, 0);
		assert_int_equal(stats.frames_in_use, 0);
		mm_heap_destroy(race.heap);
	}
}

static void the_quota_can_change(void **state)
{
	struct mm_config config = util_config(16 * MIB, 1);
	struct mm_heap *heap;
	struct mm_bad bad[4];
	uint64_t addr[4];
	size_t nr_bad;

	(void)state;
	config.pin_quota = 2;
	heap = util_heap(&config);
	for (int i = 0; i < 4; i++)
		addr[i] = util_run(heap, 0, 0) & ~MM_ADDR_FLAGS;
	assert_int_equal(mm_pin(heap, 4, addr), 2);
	mm_set_pin_quota(heap, 3);
	assert_int_equal(mm_pin(heap, 2, addr + 2), 1);
	/* Pins that are there stay. */
	mm_set_pin_quota(heap, 1);
	assert_int_equal(mm_unpin(heap, 2, addr, bad, &nr_bad), 2);
	assert_int_equal(mm_pin(heap, 1, addr), -EAGAIN);
	assert_int_equal(mm_unpin(heap, 1, addr + 2, bad, &nr_bad), 1);
	assert_int_equal(mm_pin(heap, 1, addr), 1);
	mm_heap_reset(heap);
	addr[0] = util_run(heap, 0, 0) & ~MM_ADDR_FLAGS;
	assert_int_equal(mm_pin(heap, 1, addr), 1);
	assert_int_equal(mm_pin(heap, 1, addr), -EAGAIN);
	mm_heap_destroy(heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_handed_out_can_be_pinned),
		cmocka_unit_test(the_quota_holds),
		cmocka_unit_test(a_pinned_run_outlives_its_free),
		cmocka_unit_test(a_pinned_object_outlives_its_free),
		cmocka_unit_test(a_pinned_slab_is_not_given_back),
		cmocka_unit_test(pins_and_frees_exclude_each_other),
		cmocka_unit_test(the_quota_can_change),
		cmocka_unit_test(the_monitor_can_look_beyond_the_quota),
		cmocka_unit_test(pinned_slabs_are_not_among_the_empty),
	};

	return cmocka_run_group_tests_name("mm_pin", tests, NULL, NULL);
}
