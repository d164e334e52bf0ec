/* SPDX-License-Identifier: BSD-2-Clause */
/* Magazines and depots: how seldom they ask the host, and what they do when it says no. */
#include "tests/unit/guest/util.h"

#include <linux/errno.h>
#include <pthread.h>

#define SCATTER  100000
#define CACHE_64 4

static void *object[SCATTER];

static int setup_small(void **state)
{
	(void)state;
	util_start(4 * MIB, 0);
	return 0;
}

static void scatter(void)
{
	/* A permutation: the stride is prime and no divisor of the number. */
	for (size_t i = 0; i < SCATTER; i++) {
		object[i] = kmalloc(64, GFP_KERNEL);
		assert_non_null(object[i]);
		*(u64 *)object[i] = i;
	}
	for (size_t i = 0; i < SCATTER; i++) {
		size_t k = i * 7919 % SCATTER;

		assert_int_equal(*(u64 *)object[k], k);
		kfree(object[k]);
	}
}

static void a_load_that_repeats_asks_for_nothing(void **state)
{
	unsigned long requests;

	(void)state;
	for (int i = 0; i < 4; i++)
		scatter();
	requests = wire.requests;
	for (int i = 0; i < 4; i++)
		scatter();
	assert_int_equal(wire.requests, requests);
}

static void pairs_and_batches_ask_for_nothing(void **state)
{
	unsigned long requests = wire.requests;

	(void)state;
	/* The first objects are another matter. */
	kfree(kmalloc(64, GFP_KERNEL));
	assert_true(wire.requests <= requests + 2);
	for (int n = 1; n <= 100; n++) {
		for (int i = 0; i < n; i++)
			object[i] = kmalloc(64, GFP_KERNEL);
		for (int i = 0; i < n; i++)
			kfree(object[i]);
	}
	requests = wire.requests;
	for (int round = 0; round < 1000; round++) {
		int n = round % 100 + 1;

		for (int i = 0; i < n; i++)
			object[i] = kmalloc(64, GFP_KERNEL);
		for (int i = 0; i < n; i++)
			kfree(object[i]);
	}
	assert_int_equal(wire.requests, requests);
}

static void growing_takes_few_requests(void **state)
{
	static const size_t sizes[] = {8, 64, 192, 256, 512};

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		unsigned long requests = wire.requests;

		for (size_t i = 0; i < 20000; i++)
			object[i] = kmalloc(sizes[s], GFP_KERNEL);
		assert_true(wire.requests - requests <= 20 * 20);
		for (size_t i = 0; i < 20000; i++)
			kfree(object[i]);
	}
	assert_true(wire.largest <= VIRTIO_KMEM_MAX_BATCH);
	assert_true(wire.largest >= VIRTIO_KMEM_MAX_BATCH / 2);
}

static void a_burst_is_not_kept_for_ever(void **state)
{
	u64 before = util_active(CACHE_64);

	(void)state;
	scatter();
	/* Its objects beyond the depot's limit went back as they were freed. */
	assert_true(util_active(CACHE_64) < before + SCATTER / 10);
}

static void an_event_has_memory_given_back(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		scatter();
	assert_true(util_active(CACHE_64) > SCATTER / 2);
	hosted_event(VIRTIO_KMEM_EVENT_QUOTA, 77);
	hosted_event(VIRTIO_KMEM_EVENT_PRESSURE, 0);
	hosted_event(99, 1);
	kmem_poll();
	assert_int_equal(kmem_channel()->pin_quota, 77);
	assert_true(util_active(CACHE_64) > SCATTER / 2);
	hosted_event(VIRTIO_KMEM_EVENT_GIVE_BACK, 0);
	kmem_poll();
	assert_int_equal(util_active(CACHE_64), 0);
	hosted_event(VIRTIO_KMEM_EVENT_PRESSURE, 2);
	kfree(kmalloc(64, GFP_KERNEL));
	kmem_poll();
	assert_true(util_active(CACHE_64) < 200);
}

static unsigned int asked_back;

static void note_unpin(void)
{
	asked_back++;
}

/* What has pins be dropped that are in no use, and what does not. */
static void pins_are_asked_back(void **state)
{
	struct virtio_kmem_stats stats;

	(void)state;
	asked_back = 0;
	hosted_on_unpin = note_unpin;
	hosted_event(VIRTIO_KMEM_EVENT_PRESSURE, 0);
	kmem_poll();
	kfree(kmalloc(64, GFP_KERNEL));
	assert_int_equal(asked_back, 0);
	hosted_event(VIRTIO_KMEM_EVENT_QUOTA, 100);
	kmem_poll();
	assert_int_equal(asked_back, 1);
	hosted_event(VIRTIO_KMEM_EVENT_GIVE_BACK, 0);
	kmem_poll();
	assert_int_equal(asked_back, 2);
	hosted_event(VIRTIO_KMEM_EVENT_PRESSURE, 1);
	kmem_poll();
	assert_int_equal(asked_back, 3);
	kmem_give_back();
	assert_int_equal(asked_back, 4);
	/* They are not to be counted. */
	assert_int_equal(kmem_stats(0, &stats), 0);
	assert_int_equal(asked_back, 5);
	hosted_on_unpin = NULL;
}

/* Memory is short: what is pinned and in no use goes before an allocation fails. */
static void pins_go_before_memory_runs_out(void **state)
{
	unsigned int n = 0;

	(void)state;
	asked_back = 0;
	hosted_on_unpin = note_unpin;
	while (n < SCATTER && (object[n] = kmalloc(8192, GFP_KERNEL | __GFP_NOWARN)))
		n++;
	assert_true(n < SCATTER);
	assert_true(asked_back > 0);
	hosted_on_unpin = NULL;
	while (n)
		kfree(object[--n]);
}

static void unused_caches_cost_no_request(void **state)
{
	(void)state;
	assert_int_equal(wire.requests, 0);
	kmem_give_back();
	assert_int_equal(wire.requests, 0);
	/* Memory for magazines and the first objects, whoever asks. */
	object[0] = kmalloc(64, GFP_NOWAIT);
	assert_non_null(object[0]);
	assert_true(wire.requests <= 2);
	object[1] = kmalloc(128, GFP_KERNEL);
	assert_non_null(object[1]);
	assert_true(wire.requests <= 3);
	/* That was more than one. */
	object[2] = kmalloc(128, GFP_ATOMIC);
	assert_non_null(object[2]);
	assert_true(wire.requests <= 3);
	for (size_t i = 0; i < 3; i++)
		kfree(object[i]);
}

static void without_memory_there_is_null_and_one_warning(void **state)
{
	size_t n = 0;
	void *p;

	(void)state;
	wire.fail_from = (long)wire.allocs;
	wire.fail_for = 1 << 30;
	/* Something may be at hand. */
	while ((p = kmalloc(2048, GFP_KERNEL | __GFP_NOWARN)))
		object[n++] = p;
	assert_int_equal(util_warnings, 0);
	assert_warns(p = kmalloc(2048, GFP_KERNEL), "kmalloc: out of memory: 2048 bytes");
	assert_null(p);
	assert_null(kmalloc(2048, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN));
	assert_null(kzalloc(100000, GFP_KERNEL | __GFP_NOWARN));
	assert_int_equal(kmem_pages_alloc(3, GFP_KERNEL | __GFP_NOWARN, NUMA_NO_NODE), 0);
	wire.fail_from = -1;
	object[n] = kmalloc(2048, GFP_KERNEL);
	assert_non_null(object[n]);
	for (size_t i = 0; i <= n; i++)
		kfree(object[i]);
}

static void every_request_may_fail(void **state)
{
	(void)state;
	/* The k-th allocating request from here fails, and the few after it. */
	for (long k = 0; k < 12; k++) {
		struct kmem_cache *s;
		void *p[200];
		void *run;

		kmem_give_back();
		wire.fail_from = (long)wire.allocs + k;
		wire.fail_for = 30;
		s = kmem_cache_create("k", 300, 0, 0, NULL);
		assert_non_null(s);
		for (int i = 0; i < 200; i++)
			p[i] = kmem_cache_alloc(s, GFP_KERNEL | __GFP_NOWARN);
		run = kzalloc(50000, GFP_KERNEL | __GFP_NOWARN);
		for (int i = 0; i < 200; i++)
			kmem_cache_free(s, p[i]);
		kfree(run);
		wire.fail_from = -1;
		kmem_cache_destroy(s);
	}
	assert_int_equal(util_warnings, 0);
}

static void nofail_waits_for_memory(void **state)
{
	void *p;

	(void)state;
	kmem_give_back();
	wire.fail_from = (long)wire.allocs;
	wire.fail_for = 40;
	p = kmalloc(64, GFP_KERNEL | __GFP_NOFAIL);
	assert_non_null(p);
	assert_int_equal(util_warnings, 0);
	kfree(p);
	assert_warns(p = kmalloc(96, GFP_ATOMIC | __GFP_NOFAIL | __GFP_NOWARN),
		     "__GFP_NOFAIL without leave");
	kfree(p);
}

static void short_replies_are_enough(void **state)
{
	(void)state;
	wire.most = 3;
	for (int i = 0; i < 1000; i++) {
		object[i] = kmalloc(64, GFP_KERNEL);
		assert_non_null(object[i]);
		memset(object[i], i, 64);
	}
	for (int i = 0; i < 1000; i++) {
		assert_null(memchr_inv(object[i], i, 64));
		kfree(object[i]);
	}
}

static void the_last_byte_can_be_had(void **state)
{
	size_t n = 0;
	size_t again = 0;

	(void)state;
	while (n < SCATTER && (object[n] = kmalloc(4096, GFP_KERNEL | __GFP_NOWARN)))
		n++;
	/* Of 1024 frames, all but what magazines and other classes take. */
	assert_true(n > 900);
	for (size_t i = 0; i < n; i++)
		kfree(object[i]);
	/* What one class hoards another gets. */
	while (again < SCATTER && (object[again] = kmalloc(2048, GFP_KERNEL | __GFP_NOWARN)))
		again++;
	assert_true(again > 1700);
	while (again > 0)
		kfree(object[--again]);
	object[0] = kmalloc(1 * MIB, GFP_KERNEL);
	assert_non_null(object[0]);
	kfree(object[0]);
}

static void accounted_requests_say_so(void **state)
{
	void *p;

	(void)state;
	kmem_give_back();
	wire.last_flags = 0;
	p = kmalloc(64, GFP_KERNEL_ACCOUNT);
	assert_int_equal(wire.last_flags, VIRTIO_KMEM_GFP_ACCOUNT);
	kfree(p);
}

static void *another_vcpu(void *unused)
{
	(void)unused;
	kfree(kmalloc(128, GFP_KERNEL));
	return NULL;
}

static void another_goes_first(void)
{
	pthread_t thread;

	wire.on_alloc = NULL;
	assert_int_equal(pthread_create(&thread, NULL, another_vcpu, NULL), 0);
	pthread_join(thread, NULL);
}

/* Frames in use once two vCPUs have had their first magazines. */
static u64 frames_of_two(bool at_once)
{
	u64 frames;
	void *p;

	util_start(64 * MIB, 0);
	if (at_once)
		wire.on_alloc = another_goes_first;
	else
		another_goes_first();
	p = kmalloc(64, GFP_KERNEL);
	assert_non_null(p);
	assert_null(wire.on_alloc);
	frames = util_frames();
	kfree(p);
	util_stop();
	return frames;
}

/* Both want memory for magazines, and ask for it before either has it: one run is enough. */
static void a_run_is_enough_for_two_that_ask_at_once(void **state)
{
	(void)state;
	assert_int_equal(frames_of_two(true), frames_of_two(false));
}

int main(void)
{
#define TEST_WITH(f, s) cmocka_unit_test_setup_teardown(f, s, util_teardown)
#define TEST(f)         TEST_WITH(f, util_setup)
	const struct CMUnitTest tests[] = {
		TEST(a_load_that_repeats_asks_for_nothing),
		TEST(pairs_and_batches_ask_for_nothing),
		TEST(growing_takes_few_requests),
		TEST(a_burst_is_not_kept_for_ever),
		TEST(an_event_has_memory_given_back),
		TEST(pins_are_asked_back),
		TEST_WITH(pins_go_before_memory_runs_out, setup_small),
		TEST(unused_caches_cost_no_request),
		TEST(without_memory_there_is_null_and_one_warning),
		TEST(every_request_may_fail),
		TEST(nofail_waits_for_memory),
		TEST(short_replies_are_enough),
		TEST_WITH(the_last_byte_can_be_had, setup_small),
		cmocka_unit_test(a_run_is_enough_for_two_that_ask_at_once),
		TEST(accounted_requests_say_so),
	};

	return cmocka_run_group_tests_name("guest_kmem_magazine", tests, NULL, NULL);
}
