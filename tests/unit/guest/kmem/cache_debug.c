/* SPDX-License-Identifier: BSD-2-Clause */
/* Caches whose objects the host looks after. */
#include "tests/unit/guest/util.h"

static int setup_watched(void **state)
{
	(void)state;
	util_start_watched(64 * MIB, "F,watched");
	return 0;
}

static void free_it(const void *p)
{
	kfree(p);
}

static void debug_modes_catch_misuse_at_the_call(void **state)
{
	static const size_t sizes[] = {5, 64, 100, 1000, 8000};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];
		char *p = kzalloc(size, GFP_KERNEL);

		assert_null(memchr_inv(p, 0, size));
		assert_int_equal(wire.last_asked, size);
		assert_true(wire.last_caller != 0);
		assert_int_equal(wire.largest, 1);
		kfree(p);
		util_expect_bug(free_it, p, "kfree: ");
		p = kmalloc(size, GFP_KERNEL);
		p[size] = 1;
		util_expect_bug(free_it, p, "was written to past its end");
	}
	char *p = kmalloc(64, GFP_ATOMIC);

	assert_non_null(p);
	p = krealloc(p, 10, GFP_KERNEL);
	p = krealloc(p, 64, GFP_KERNEL);
	memset(p, 1, 64);
	kfree_sensitive(p);
}

static void all_of_an_object_may_be_used_after_ksize(void **state)
{
	u8 *p = kmalloc(20, GFP_KERNEL);

	(void)state;
	assert_non_null(p);
	assert_int_equal(ksize(p), 32);
	memset(p, 0x11, 32);
	kfree(p);
	p = kmalloc(20, GFP_KERNEL);
	memset(p, 0x11, 20);
	kfree_sensitive(p);
	/* Up to what was asked for, and no red zone behind it. */
	p = kzalloc(20, GFP_KERNEL);
	memset(p, 0x22, 20);
	p = krealloc(p, 30, GFP_KERNEL | __GFP_ZERO);
	assert_int_equal(p[19], 0x22);
	for (int i = 20; i < 30; i++)
		assert_int_equal(p[i], 0);
	p = krealloc(p, 100, GFP_KERNEL | __GFP_ZERO);
	assert_int_equal(p[19], 0x22);
	for (int i = 20; i < 100; i++)
		assert_int_equal(p[i], 0);
	memset(p, 0x33, 100);
	kfree(p);
}

static void a_cache_can_be_debugged_alone(void **state)
{
	struct kmem_cache *s =
		kmem_cache_create("watched", 64, 0, SLAB_RED_ZONE | SLAB_POISON, NULL);
	unsigned long requests = wire.requests;
	char *p = kmem_cache_alloc(s, GFP_KERNEL);

	(void)state;
	assert_int_equal(wire.requests, requests + 1);
	p[64] = 1;
	util_expect_bug(free_it, p, "was written to past its end");
	p = kmem_cache_zalloc(s, GFP_KERNEL);
	assert_null(memchr_inv(p, 0, 64));
	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
}

/* As on a Linux without slub_debug: the flags are taken, and cost nothing. */
static void debug_flags_ask_nothing_of_a_host_that_does_not_debug(void **state)
{
	struct kmem_cache *s = kmem_cache_create(
		"mine", 64, 0, SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER, NULL);
	unsigned long requests;
	char *p[8];

	(void)state;
	assert_non_null(s);
	kmem_cache_free(s, kmem_cache_alloc(s, GFP_KERNEL));
	requests = wire.requests;
	for (int i = 0; i < 8; i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	for (int i = 0; i < 8; i++)
		kmem_cache_free(s, p[i]);
	assert_int_equal(wire.requests, requests);
	kmem_cache_destroy(s);
}
int main(void)
{
#define TEST(f, s) cmocka_unit_test_setup_teardown(f, s, util_teardown)
	const struct CMUnitTest tests[] = {
		TEST(debug_modes_catch_misuse_at_the_call, util_setup_debug),
		TEST(all_of_an_object_may_be_used_after_ksize, util_setup_debug),
		TEST(a_cache_can_be_debugged_alone, setup_watched),
		TEST(debug_flags_ask_nothing_of_a_host_that_does_not_debug, util_setup),
	};

	return cmocka_run_group_tests_name("guest_kmem_cache_debug", tests, NULL, NULL);
}
