/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything at once. Each thread writes its own pattern through what it is given and
 * finds it unchanged when it frees it, or hands it to another thread to free.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "mm/util.h"
#include "tests/unit/mm/util.h"

#define THREADS 3
#define BATCH   16
#define LIVE    64
#define MAIL    32

struct bundle {
	uint64_t addr[BATCH];
	uint64_t pattern;
	long n;
	int cache; /* 0: runs of frames */
	unsigned int order;
};

struct stress {
	struct mm_heap *heap;
	_Atomic(struct bundle *) mail[MAIL];
	_Atomic uint32_t broken, refused;
	_Atomic int stop;
	unsigned int rounds;
	pthread_barrier_t start;
};

struct worker {
	struct stress *stress;
	unsigned int number;
};

static size_t bundle_words(const struct bundle *bundle)
{
	size_t bytes = bundle->cache ? mm_class_size[bundle->cache - 1]
				     : MM_FRAME_SIZE << bundle->order;

	return bytes / 8;
}

/* First, last and a few words between: enough to see an overlap of any two. */
static void bundle_write(struct stress *stress, struct bundle *bundle)
{
	size_t words = bundle_words(bundle);
	size_t step = words > 64 ? words / 16 : 1;

	for (long i = 0; i < bundle->n; i++) {
		uint64_t *object = util_host(stress->heap, bundle->addr[i]);

		for (size_t k = 0; k < words; k += step)
			object[k] = bundle->pattern + (uint64_t)i;
		object[words - 1] = bundle->pattern + (uint64_t)i;
	}
}

static void bundle_check(struct stress *stress, const struct bundle *bundle)
{
	size_t words = bundle_words(bundle);
	size_t step = words > 64 ? words / 16 : 1;

	for (long i = 0; i < bundle->n; i++) {
		const uint64_t *object = util_host(stress->heap, bundle->addr[i]);
		bool same = object[words - 1] == bundle->pattern + (uint64_t)i;

		for (size_t k = 0; k < words; k += step)
			same &= object[k] == bundle->pattern + (uint64_t)i;
		if (!same)
			atomic_fetch_add(&stress->broken, 1);
	}
}

static struct bundle *bundle_make(struct stress *stress, unsigned int cpu, uint64_t *seed)
{
	struct bundle *bundle = calloc(1, sizeof(*bundle));
	size_t n = 1 + util_random(seed) % BATCH;
	unsigned int flags = util_random(seed) % 4 ? 0 : MM_ZERO;

	if (util_random(seed) % 3) {
		bundle->cache = 1 + (int)(util_random(seed) % MM_CLASSES);
		bundle->n = mm_alloc_bulk(stress->heap, cpu, bundle->cache, MM_NODE_ANY, flags, 0,
					  0, n, bundle->addr);
	} else {
		bundle->order = (unsigned int)(util_random(seed) % 6);
		if (!(util_random(seed) % 16))
			bundle->order = 9 + (unsigned int)(util_random(seed) % 2);
		bundle->n = mm_pages_alloc(stress->heap, cpu, bundle->order, MM_NODE_ANY, flags,
					   bundle->order > 5 ? 1 : n, bundle->addr);
	}
	if (bundle->n <= 0) {
		free(bundle);
		return NULL;
	}
	for (long i = 0; i < bundle->n; i++) {
		size_t bytes = bundle_words(bundle) * 8;

		if (bundle->addr[i] & MM_ADDR_ZERO && bytes <= 2 * MM_FRAME_SIZE &&
		    !util_is_zero(util_host(stress->heap, bundle->addr[i]), bytes))
			atomic_fetch_add(&stress->broken, 1);
		bundle->addr[i] &= ~MM_ADDR_FLAGS;
	}
	bundle->pattern = util_random(seed);
	bundle_write(stress, bundle);
	return bundle;
}

static void bundle_free(struct stress *stress, unsigned int cpu, struct bundle *bundle)
{
	struct mm_bad bad[BATCH];
	size_t nr_bad;
	long freed;

	bundle_check(stress, bundle);
	if (bundle->cache)
		freed = mm_free_bulk(stress->heap, cpu, bundle->cache, 0, (size_t)bundle->n,
				     bundle->addr, bad, &nr_bad);
	else
		freed = mm_pages_free(stress->heap, cpu, (size_t)bundle->n, bundle->addr, bad,
				      &nr_bad);
	if (freed != bundle->n || nr_bad)
		atomic_fetch_add(&stress->refused, 1);
	free(bundle);
}

static void *stress_work(void *arg)
{
	struct worker *worker = arg;
	struct stress *stress = worker->stress;
	uint64_t seed = 77 + worker->number;
	struct bundle *live[LIVE] = {0};
	/* Two of the threads share a CPU number. */
	unsigned int cpu = worker->number / 2;

	pthread_barrier_wait(&stress->start);
	for (unsigned int round = 0; round < stress->rounds; round++) {
		unsigned int i = (unsigned int)(util_random(&seed) % LIVE);
		struct bundle *mine = live[i];

		live[i] = NULL;
		if (!mine) {
			live[i] = bundle_make(stress, cpu, &seed);
			continue;
		}
		/* Half of it is freed by whoever finds it next in the mail. */
		if (util_random(&seed) % 2)
			mine = atomic_exchange(&stress->mail[util_random(&seed) % MAIL], mine);
		if (mine)
			bundle_free(stress, cpu, mine);
	}
	for (unsigned int i = 0; i < LIVE; i++) {
		if (live[i])
			bundle_free(stress, cpu, live[i]);
	}
	return NULL;
}

/* Takes memory back, makes and unmakes caches, pins at random, sends nonsense. */
static void *stress_disturb(void *arg)
{
	struct stress *stress = arg;
	uint64_t seed = 4711;

	pthread_barrier_wait(&stress->start);
	while (!atomic_load(&stress->stop)) {
		uint64_t addr = UTIL_BASE + util_random(&seed) % (64 * MIB);
		uint64_t page = addr & ~(MM_FRAME_SIZE - 1);
		uint64_t object[4];
		struct mm_bad bad[4];
		struct mm_stats stats;
		size_t nr_bad;
		int cache;

		(void)mm_stats(stress->heap, 0, &stats);
		(void)mm_host_ptr(stress->heap, page, 3 * MM_FRAME_SIZE);
		/* Odd: never the start of anything. */
		addr |= 1;
		(void)mm_free_bulk(stress->heap, 1, 0, 0, 1, &addr, bad, &nr_bad);
		(void)mm_pages_free(stress->heap, 1, 1, &addr, bad, &nr_bad);
		if (mm_pin(stress->heap, 1, &page) == 1)
			(void)mm_unpin(stress->heap, 1, &page, bad, &nr_bad);
		cache = mm_cache_create(stress->heap, "stress", 200, 0, 0);
		if (cache > 0 &&
		    mm_alloc_bulk(stress->heap, 0, cache, MM_NODE_ANY, 0, 0, 0, 4, object) == 4) {
			for (int i = 0; i < 4; i++)
				object[i] &= ~MM_ADDR_FLAGS;
			(void)mm_free_bulk(stress->heap, 0, cache, 0, 4, object, bad, &nr_bad);
		}
		if (cache > 0 && mm_cache_destroy(stress->heap, cache))
			atomic_fetch_add(&stress->refused, 1);
		if (!(util_random(&seed) % 64))
			(void)mm_reclaim(stress->heap);
	}
	return NULL;
}

#define HOG_FRAMES (64 * MIB / MM_FRAME_SIZE)

/* Takes all frames but one in `leave`, which lie apart. */
static size_t hog_take(struct mm_heap *heap, unsigned int leave, uint64_t *frame)
{
	uint64_t seed = 99;
	size_t nr = 0;

	while (mm_pages_alloc(heap, 0, 0, MM_NODE_ANY, 0, 1, &frame[nr]) == 1)
		nr++;
	for (size_t i = 0; i < nr;) {
		if (util_random(&seed) % leave) {
			i++;
			continue;
		}
		util_free_run(heap, frame[i], 0);
		frame[i] = frame[--nr];
	}
	return nr;
}

/* leave: of the heap's frames one in so many is left to the threads; 0: all. */
static void stress_run_in(unsigned int leave, int delay_ms, unsigned int debug, unsigned int rounds)
{
	static uint64_t hog[HOG_FRAMES];
	size_t hogged = 0;
	static struct stress stress;
	struct mm_config config = util_config(64 * MIB, 2);
	struct worker worker[THREADS];
	pthread_t thread[THREADS + 1];
	struct mm_stats stats;

	config.reclaim_delay_ms = delay_ms;
	config.debug = debug;
	memset(&stress, 0, sizeof(stress));
	stress.heap = util_heap(&config);
	stress.rounds = rounds;
	if (leave)
		hogged = hog_take(stress.heap, leave, hog);
	assert_int_equal(pthread_barrier_init(&stress.start, NULL, THREADS + 1), 0);
	for (unsigned int i = 0; i < THREADS; i++) {
		worker[i] = (struct worker){&stress, i};
		assert_int_equal(pthread_create(&thread[i], NULL, stress_work, &worker[i]), 0);
	}
	assert_int_equal(pthread_create(&thread[THREADS], NULL, stress_disturb, &stress), 0);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	atomic_store(&stress.stop, 1);
	pthread_join(thread[THREADS], NULL);
	for (unsigned int i = 0; i < MAIL; i++) {
		struct bundle *left = atomic_load(&stress.mail[i]);

		if (left)
			bundle_free(&stress, 0, left);
	}
	assert_int_equal(stress.broken, 0);
	assert_int_equal(stress.refused, 0);
	util_check(stress.heap);
	while (hogged)
		util_free_run(stress.heap, hog[--hogged], 0);
	(void)mm_reclaim(stress.heap);
	assert_int_equal(mm_stats(stress.heap, 0, &stats), 0);
	assert_int_equal(stats.objects_active, 0);
	assert_int_equal(stats.slabs, 0);
	assert_int_equal(stats.frames_in_use, 0);
	assert_int_equal(stats.frames_backed, 0);
	assert_int_equal(stats.pages_pinned, 0);
	pthread_barrier_destroy(&stress.start);
	mm_heap_destroy(stress.heap);
}

static void stress_run(int delay_ms, unsigned int debug, unsigned int rounds)
{
	stress_run_in(0, delay_ms, debug, rounds);
}

static void memory_kept(void **state)
{
	(void)state;
	stress_run(-1, 0, 3000);
}

static void memory_given_back_at_once(void **state)
{
	(void)state;
	stress_run(0, 0, 1000);
}

static void memory_given_back_later(void **state)
{
	(void)state;
	stress_run(1, 0, 1500);
}

static void every_debug_mode(void **state)
{
	(void)state;
	stress_run(-1, MM_DEBUG_ALL & ~MM_HARDEN_GUARD, 1000);
}

/* Slabs are of either order, and calls fail. */
static void little_memory_in_pieces(void **state)
{
	(void)state;
	stress_run_in(20, -1, 0, 1500);
	stress_run_in(3, -1, MM_DEBUG_ALL & ~MM_HARDEN_GUARD, 500);
}

#define GUESS_SIZE (64ul << 10)

struct guess {
	struct mm_heap *heap;
	int cache;
	_Atomic int stop;
};

/* Frees whatever may be out, and has the memory given back. */
static void *guess_and_free(void *arg)
{
	struct guess *guess = arg;
	struct mm_bad bad[4 * MIB / GUESS_SIZE];
	uint64_t addr[4 * MIB / GUESS_SIZE];
	size_t n = ARRAY_SIZE(addr);
	size_t nr_bad;

	for (size_t i = 0; i < n; i++)
		addr[i] = UTIL_BASE + i * GUESS_SIZE;
	for (unsigned int i = 0; !atomic_load(&guess->stop); i++) {
		(void)mm_free_bulk(guess->heap, 1, guess->cache, 0, n, addr, bad, &nr_bad);
		/* Not each time: memory that comes anew is zero already. */
		if (i % 4 == 0)
			(void)mm_reclaim(guess->heap);
	}
	return NULL;
}

/* Without the slab's lock the zeroing would touch memory that is no longer there. */
static void freed_by_guess_while_it_is_zeroed(void **state)
{
	struct mm_config config = util_config(4 * MIB, 2);
	struct guess guess = {.heap = util_heap(&config)};
	uint64_t addr[8];
	pthread_t thread;

	(void)state;
	guess.cache = mm_cache_create(guess.heap, "guess", GUESS_SIZE, 0, MM_CACHE_NOMERGE);
	assert_true(guess.cache > 0);
	assert_int_equal(pthread_create(&thread, NULL, guess_and_free, &guess), 0);
	for (unsigned int i = 0; i < 5000; i++)
		(void)mm_alloc_bulk(guess.heap, 0, guess.cache, MM_NODE_ANY, MM_ZERO, 0, 0, 8,
				    addr);
	atomic_store(&guess.stop, 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	mm_heap_destroy(guess.heap);
}

struct account {
	struct mm_heap *heap;
	_Atomic int stop;
	_Atomic uint32_t wrong;
};

/* A guest's vCPU that makes and unmakes caches. */
static void *caches_come_and_go(void *arg)
{
	struct account *a = arg;
	uint64_t addr[4];
	struct mm_bad bad[4];
	size_t nr_bad;

	for (unsigned int i = 0; !atomic_load(&a->stop); i++) {
		int cache =
			mm_cache_create(a->heap, "passing", 64 + i % 8 * 64, 0, MM_CACHE_NOMERGE);

		if (cache < 0 ||
		    mm_alloc_bulk(a->heap, 0, cache, MM_NODE_ANY, 0, 0, 0, 4, addr) != 4) {
			atomic_fetch_add(&a->wrong, 1);
			break;
		}
		for (unsigned int k = 0; k < 4; k++)
			addr[k] &= ~MM_ADDR_FLAGS;
		if (mm_free_bulk(a->heap, 0, cache, 0, 4, addr, bad, &nr_bad) != 4)
			atomic_fetch_add(&a->wrong, 1);
		if (mm_cache_destroy(a->heap, cache))
			atomic_fetch_add(&a->wrong, 1);
	}
	return NULL;
}

/* What takes no lock: calls that name a number which may be a cache's, and are refused. */
static void refused_by_number(struct mm_heap *heap, int number)
{
	const uint64_t nowhere = UTIL_BASE + 1;
	struct mm_bad bad;
	uint64_t addr;
	size_t nr_bad;
	long n;

	for (unsigned int i = 0; i < 20; i++) {
		n = mm_free_bulk(heap, 1, number, 0, 1, &nowhere, &bad, &nr_bad);
		assert_true(n == 0 || n == -ENOENT);
		n = mm_alloc_bulk(heap, 1, number, MM_NODE_ANY, MM_ZERO, MIB, 0, 1, &addr);
		assert_true(n == -EINVAL || n == -ENOENT);
		assert_int_equal(mm_cache_modes(heap, number), 0);
	}
}

/* Meanwhile the account is asked for, of all and of a number. */
static void caches_beside_their_account(void **state)
{
	const int number = MM_CLASSES + 1;
	struct mm_config config = util_config(4 * MIB, 2);
	struct account a = {.heap = util_heap(&config)};
	struct mm_slabinfo info;
	struct mm_stats stats;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, caches_come_and_go, &a), 0);
	for (unsigned int i = 0; i < 2000; i++) {
		assert_int_equal(mm_stats(a.heap, 0, &stats), 0);
		if (!mm_stats(a.heap, number, &stats))
			assert_string_equal(stats.name, "passing");
		if (!mm_slabinfo(a.heap, number, &info))
			assert_string_equal(info.name, "passing");
		refused_by_number(a.heap, number);
	}
	atomic_store(&a.stop, 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(a.wrong, 0);
	mm_heap_destroy(a.heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_kept),
		cmocka_unit_test(memory_given_back_at_once),
		cmocka_unit_test(memory_given_back_later),
		cmocka_unit_test(every_debug_mode),
		cmocka_unit_test(little_memory_in_pieces),
		cmocka_unit_test(freed_by_guess_while_it_is_zeroed),
		cmocka_unit_test(caches_beside_their_account),
	};

	return cmocka_run_group_tests_name("mm_stress", tests, NULL, NULL);
}
