/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several threads, each with magazines of its own: objects made here and freed there,
 * caches that come and go, memory given back in the middle of it all.
 */
#include "tests/unit/guest/util.h"

#include <pthread.h>
#include <sched.h>

#define THREADS 4
#define ROUNDS  20000
#define SHARED  256

/* Objects on their way from whoever made them to whoever frees them. */
static u64 *shared[SHARED];

static unsigned int next(unsigned int *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static size_t size_of(u64 r)
{
	return 8 + (r >> 8) % (r % 50 == 0 ? 20000 : 1000);
}

/* The object's own size and name are in it: nobody else may have touched it. */
static void *trade(void *opaque)
{
	unsigned int seed = (unsigned int)(uintptr_t)opaque * 2654435761u + 1;

	for (int i = 0; i < ROUNDS; i++) {
		unsigned int r = next(&seed);
		size_t size = size_of(r);
		u64 *p = kmalloc(size, r % 7 ? GFP_KERNEL : GFP_ATOMIC | __GFP_NOWARN);

		if (p) {
			memset(p, (u8)r, size);
			*p = r;
		}
		/* Release what was written, acquire what another wrote. */
		p = __atomic_exchange_n(&shared[r % SHARED], p, __ATOMIC_ACQ_REL);
		if (p) {
			size = size_of(*p);
			assert_null(memchr_inv(p + 1, (u8)*p, size - 8));
			kfree(p);
		}
		if (r % 4096 == 0)
			kmem_give_back();
	}
	return NULL;
}

static void run(void *(*fn)(void *), unsigned int threads)
{
	pthread_t thread[THREADS];

	for (uintptr_t i = 0; i < threads; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, fn, (void *)(i + 1)), 0);
	for (unsigned int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
}

static void objects_change_hands(void **state)
{
	(void)state;
	util_start(64 * MIB, 0);
	run(trade, THREADS);
	for (int i = 0; i < SHARED; i++) {
		kfree(shared[i]);
		shared[i] = NULL;
	}
	kmem_give_back();
	for (u32 cache = 1; cache <= VIRTIO_KMEM_CLASSES; cache++)
		assert_int_equal(util_active(cache), 0);
	util_stop();
}

/* A heap so small that they are always in each other's way. */
static void *starve(void *opaque)
{
	unsigned int seed = (unsigned int)(uintptr_t)opaque;
	void *own[300];
	unsigned int n = 0;
	unsigned int got = 0;

	for (int i = 0; i < ROUNDS; i++) {
		if (n < 300 && next(&seed) % 3) {
			own[n] = kmalloc(2048, GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY);
			if (own[n]) {
				memset(own[n], n, 2048);
				got++;
				n++;
			}
		} else if (n) {
			n--;
			assert_null(memchr_inv(own[n], n, 2048));
			kfree(own[n]);
		}
	}
	while (n > 0)
		kfree(own[--n]);
	assert_true(got > 0);
	return NULL;
}

static void a_heap_too_small_for_all(void **state)
{
	(void)state;
	util_start(2 * MIB, 0);
	run(starve, THREADS);
	util_stop();
}

/* One thread makes, the other frees: all magazines pass through the depot. */
static u64 *ring[1024];
static unsigned int head, tail;

static void *produce(void *opaque)
{
	(void)opaque;
	for (unsigned int i = 0; i < ROUNDS * 10;) {
		if (i - __atomic_load_n(&tail, __ATOMIC_ACQUIRE) == ARRAY_SIZE(ring)) {
			sched_yield();
			continue;
		}
		ring[i % ARRAY_SIZE(ring)] = kmalloc(64, GFP_KERNEL);
		*ring[i % ARRAY_SIZE(ring)] = i;
		/* Release: the object is in the ring before it is counted. */
		__atomic_store_n(&head, ++i, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void *consume(void *opaque)
{
	(void)opaque;
	for (unsigned int i = 0; i < ROUNDS * 10;) {
		if (i == __atomic_load_n(&head, __ATOMIC_ACQUIRE)) {
			sched_yield();
			continue;
		}
		assert_int_equal(*ring[i % ARRAY_SIZE(ring)], i);
		kfree(ring[i % ARRAY_SIZE(ring)]);
		__atomic_store_n(&tail, ++i, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void *produce_or_consume(void *opaque)
{
	return (uintptr_t)opaque == 1 ? produce(NULL) : consume(NULL);
}

static void a_producer_and_a_consumer(void **state)
{
	unsigned long requests;

	(void)state;
	util_start(64 * MIB, 0);
	head = tail = 0;
	run(produce_or_consume, 2);
	requests = wire.requests;
	head = tail = 0;
	run(produce_or_consume, 2);
	/* What one frees the other gets, without the host: 200,000 objects. */
	assert_true(wire.requests - requests <= 60);
	util_stop();
}

/* Caches of a thread's own, destroyed while others drain all they have. */
static void *make_caches(void *opaque)
{
	for (int i = 0; i < 200; i++) {
		struct kmem_cache *s = kmem_cache_create("own", 64 + i, 0, 0, NULL);
		void *p[100];

		assert_non_null(s);
		assert_int_equal(kmem_cache_alloc_bulk(s, GFP_KERNEL, 100, p), 100);
		for (int k = 0; k < 100; k++)
			memset(p[k], k, 64 + i);
		kmem_cache_free_bulk(s, 100, p);
		kmem_cache_destroy(s);
		if (i % 16 == (int)(uintptr_t)opaque)
			kmem_give_back();
	}
	return NULL;
}

static void caches_come_and_go(void **state)
{
	(void)state;
	util_start(64 * MIB, 0);
	run(make_caches, THREADS);
	assert_int_equal(util_warnings, 0);
	util_stop();
}

/* A cache used by all is empty at the host once it is destroyed by one. */
static struct kmem_cache *common;

static void *use_common(void *opaque)
{
	void *p[200];

	for (int i = 0; i < 100; i++) {
		assert_int_equal(kmem_cache_alloc_bulk(common, GFP_KERNEL, 200, p), 200);
		kmem_cache_free_bulk(common, 200, p);
	}
	return opaque;
}

static pthread_barrier_t barrier;

static void *use_common_and_stay(void *opaque)
{
	use_common(opaque);
	pthread_barrier_wait(&barrier);
	/* The main thread destroys the cache while this one's magazines hold some of it. */
	pthread_barrier_wait(&barrier);
	kfree(kmalloc(64, GFP_KERNEL));
	return NULL;
}

static void destroying_collects_from_every_vcpu(void **state)
{
	pthread_t thread[2];

	(void)state;
	util_start(64 * MIB, 0);
	common = kmem_cache_create("common", 72, 0, 0, NULL);
	pthread_barrier_init(&barrier, NULL, 3);
	for (int i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, use_common_and_stay, NULL);
	pthread_barrier_wait(&barrier);
	kmem_cache_destroy(common);
	assert_int_equal(util_warnings, 0);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	pthread_barrier_destroy(&barrier);
	util_stop();
}

/* A thread that gives memory back is stopped with a cache's objects in hand, neither in the
 * depot any more nor the host's yet. It goes on once another waits for it. */
static bool in_hand, go_on;

static void stop_with_objects(void)
{
	/* Release and acquire: what the one did before is seen by the other. */
	__atomic_store_n(&in_hand, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&go_on, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void let_go_on(void)
{
	__atomic_store_n(&go_on, true, __ATOMIC_RELEASE);
}

static void *give_back(void *opaque)
{
	kmem_give_back();
	return opaque;
}

static void shrinking_waits_for_who_gives_back(void **state)
{
	struct kmem_cache *s;
	pthread_t thread;
	void *p[200];
	int left;

	(void)state;
	util_start(64 * MIB, 0);
	s = kmem_cache_create("shrunk", 1000, 0, 0, NULL);
	assert_int_equal(kmem_cache_alloc_bulk(s, GFP_KERNEL, 200, p), 200);
	kmem_cache_free_bulk(s, 200, p);
	kmem_cpu_drain();
	in_hand = go_on = false;
	wire.on_free = stop_with_objects;
	hosted_on_wait = let_go_on;
	assert_int_equal(pthread_create(&thread, NULL, give_back, NULL), 0);
	while (!__atomic_load_n(&in_hand, __ATOMIC_ACQUIRE))
		sched_yield();
	left = kmem_cache_shrink(s);
	let_go_on();
	pthread_join(thread, NULL);
	wire.on_free = NULL;
	hosted_on_wait = NULL;
	assert_int_equal(left, 0);
	kmem_cache_destroy(s);
	util_stop();
}

static void *use_a_little(void *opaque)
{
	void *p = kmalloc(64, GFP_KERNEL);

	assert_non_null(p);
	kfree(p);
	return opaque;
}

/* What they held is in the depots then: util_stop() misses nothing. */
static void more_threads_than_vcpus_come_one_after_another(void **state)
{
	(void)state;
	util_start(64 * MIB, 0);
	for (int i = 0; i < 2 * KMEM_MAX_CPUS; i++)
		run(use_a_little, 1);
	util_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_change_hands),
		cmocka_unit_test(a_heap_too_small_for_all),
		cmocka_unit_test(a_producer_and_a_consumer),
		cmocka_unit_test(caches_come_and_go),
		cmocka_unit_test(destroying_collects_from_every_vcpu),
		cmocka_unit_test(shrinking_waits_for_who_gives_back),
		cmocka_unit_test(more_threads_than_vcpus_come_one_after_another),
	};

	return cmocka_run_group_tests_name("guest_kmem_threads", tests, NULL, NULL);
}
