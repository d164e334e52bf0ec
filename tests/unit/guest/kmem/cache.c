/* SPDX-License-Identifier: BSD-2-Clause */
/* Caches: creation, constructors, objects of the wrong cache, bulk. */
#include "tests/unit/guest/util.h"

struct thing {
	u64 magic;
	char rest[48];
};

static unsigned int constructed;

static void construct(void *p)
{
	struct thing *thing = p;

	thing->magic = 0x600d;
	memset(thing->rest, 0, sizeof(thing->rest));
	constructed++;
}

static int setup(void **state)
{
	(void)state;
	util_start(64 * MIB, 0);
	constructed = 0;
	return 0;
}

static void a_cache_is_made_used_and_destroyed(void **state)
{
	struct kmem_cache *s = kmem_cache_create("thing", 100, 0, 0, NULL);
	void *p[1000];

	(void)state;
	assert_non_null(s);
	assert_int_equal(kmem_cache_size(s), 100);
	assert_string_equal(kmem_cache_name(s), "thing");
	for (int i = 0; i < 1000; i++) {
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
		assert_non_null(p[i]);
		assert_int_equal(kmem_to_phys(p[i]) % 8, 0);
		/* Up to the next one. */
		assert_int_equal(ksize(p[i]), 104);
		memset(p[i], i, 100);
	}
	for (int i = 0; i < 1000; i++) {
		assert_null(memchr_inv(p[i], i, 100));
		if (i % 2)
			kmem_cache_free(s, p[i]);
		else
			kfree(p[i]);
	}
	kmem_cache_destroy(s);
	kmem_cache_destroy(NULL);
}

static void free_it(const void *p)
{
	kfree(p);
}

static void numbers_are_used_again(void **state)
{
	(void)state;
	for (int i = 0; i < 500; i++) {
		struct kmem_cache *s = kmem_cache_create("again", 32 + i, 0, 0, NULL);
		void *p;

		assert_non_null(s);
		p = kmem_cache_zalloc(s, GFP_KERNEL);
		assert_null(memchr_inv(p, 0, 32 + i));
		memset(p, 0xee, 32 + i);
		kmem_cache_free(s, p);
		kmem_cache_destroy(s);
	}
}

static void there_are_caches_for_each_four_pages_of_the_heap(void **state)
{
	enum {
		MOST = 64 * MIB / 4096 / 4,
		OBJECTS = 300
	};
	static struct kmem_cache *s[MOST + 1];
	static u32 *p[MOST][3];
	int n = 0;

	(void)state;
	while (n <= MOST && (s[n] = kmem_cache_create("many", 64, 0, 0, NULL)))
		n++;
	assert_int_equal(n, MOST - VIRTIO_KMEM_CLASSES);
	/* Objects of every third lie side by side, and each goes back to its own. */
	for (int i = 0; i < n; i += 3) {
		for (int k = 0; k < 3; k++) {
			p[i][k] = kmem_cache_alloc(s[i], GFP_KERNEL);
			assert_non_null(p[i][k]);
			*p[i][k] = (u32)(i * 3 + k);
		}
	}
	for (int i = 0; i < n; i += 3) {
		for (int k = 2; k >= 0; k--) {
			assert_int_equal(*p[i][k], i * 3 + k);
			assert_int_equal(ksize(p[i][k]), 64);
			if (k % 2)
				kmem_cache_free(s[i], p[i][k]);
			else
				kfree(p[i][k]);
		}
	}
	assert_int_equal(util_warnings, 0);
	/* A cache is as good with a high number as with a low one. */
	for (int i = 0; i < 2; i++) {
		struct kmem_cache *cache = i ? s[n - 1] : s[0];
		static void *many[OBJECTS];
		unsigned long requests;

		for (int round = 0; round < 3; round++) {
			requests = wire.requests;
			assert_int_equal(kmem_cache_alloc_bulk(cache, GFP_KERNEL, OBJECTS, many),
					 OBJECTS);
			kmem_cache_free_bulk(cache, OBJECTS, many);
		}
		assert_int_equal(wire.requests, requests);
		kmem_give_back();
		assert_int_equal(kmem_cache_shrink(cache), 0);
	}
	p[0][0] = kmem_cache_alloc(s[n - 1], GFP_KERNEL);
	assert_warns(kmem_cache_free(s[n - 2], p[0][0]), "is an object of many, not of many");
	while (n > 0)
		kmem_cache_destroy(s[--n]);
}

static void a_far_cache_is_like_any(void **state)
{
	static struct kmem_cache *s[VIRTIO_KMEM_PM_CACHE_MAX];
	struct kmem_cache *far;
	struct thing *p;
	void *q;

	(void)state;
	for (int i = 0; i < VIRTIO_KMEM_PM_CACHE_MAX; i++)
		s[i] = kmem_cache_create("near", 8, 0, 0, NULL);
	for (int round = 0; round < 3; round++) {
		far = kmem_cache_create("far", sizeof(*p), 0, 0, construct);
		p = kmem_cache_alloc(far, GFP_KERNEL);
		assert_int_equal(kmem_page_kind(kmem_to_phys(p)), VIRTIO_KMEM_PM_FAR);
		assert_int_equal(p->magic, 0x600d);
		kmem_cache_free(far, p);
		p = kmem_cache_alloc_node(far, GFP_KERNEL, 0);
		q = kmem_cache_alloc(far, GFP_ATOMIC);
		assert_non_null(q);
		assert_warns(kmem_cache_destroy(far), "Slab cache still has objects");
		kmem_cache_free(far, q);
		util_expect_bug(free_it, q, "kfree: ");
		kmem_cache_free(s[0], kmem_cache_alloc(s[0], GFP_KERNEL));
		kfree(p);
		kmem_cache_destroy(far);
	}
	for (int i = 0; i < VIRTIO_KMEM_PM_CACHE_MAX; i++)
		kmem_cache_destroy(s[i]);
}

static void create_panic(const void *p)
{
	(void)p;
	kmem_cache_create("bad", 0, 0, SLAB_PANIC, NULL);
}

static void what_makes_no_sense_is_refused(void **state)
{
	(void)state;
	assert_null(kmem_cache_create(NULL, 8, 0, 0, NULL));
	assert_null(kmem_cache_create("bad", 0, 0, 0, NULL));
	assert_null(kmem_cache_create("bad", KMALLOC_MAX_SIZE + 1, 0, 0, NULL));
	assert_null(kmem_cache_create("bad", 8, 2 * KMALLOC_MAX_SIZE, 0, NULL));
	util_expect_bug(create_panic, NULL, "kmem_cache_create: cannot make bad");
}

static void a_bad_region_for_user_copies_is_warned_of_and_left_out(void **state)
{
	static const struct {
		unsigned int offset, size;
	} bad[] = {{4, 8}, {9, 0}, {0, 9}, {~0u, 2}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct kmem_cache *s;

		assert_warns(s = kmem_cache_create_usercopy("region", 8, 0, 0, bad[i].offset,
							    bad[i].size, NULL),
			     "region has no such region");
		assert_non_null(s);
		kmem_cache_destroy(s);
	}
	kmem_cache_destroy(kmem_cache_create_usercopy("region", 8, 0, 0, 4, 4, NULL));
}

static void a_long_name_is_kept_whole(void **state)
{
	const char *name = "a name of more than the thirty-one characters that a host takes";
	struct kmem_cache *s = kmem_cache_create(name, 8, 0, 0, NULL);
	struct kmem_cache *left = kmem_cache_create(name, 16, 0, 0, NULL);

	(void)state;
	assert_string_equal(kmem_cache_name(s), name);
	assert_ptr_not_equal(kmem_cache_name(s), name);
	kmem_cache_destroy(s);
	/* The other one's goes with the allocator. */
	assert_string_equal(kmem_cache_name(left), name);
}

static void an_alignment_that_is_no_power_of_two_is_the_largest_in_it(void **state)
{
	struct kmem_cache *s = kmem_cache_create("three", 40, 24, 0, NULL);
	struct kmem_cache *odd = kmem_cache_create("odd", 40, 3, 0, NULL);
	struct kmem_cache *line = kmem_cache_create("line", 40, 96, SLAB_HWCACHE_ALIGN, NULL);
	char *p = kmem_cache_alloc(s, GFP_KERNEL);

	(void)state;
	assert_int_equal(ksize(p), 40);
	kmem_cache_free(s, p);
	p = kmem_cache_alloc(odd, GFP_KERNEL);
	assert_int_equal(kmem_to_phys(p) % 8, 0);
	kmem_cache_free(odd, p);
	p = kmem_cache_alloc(line, GFP_KERNEL);
	assert_int_equal(kmem_to_phys(p) % 64, 0);
	kmem_cache_free(line, p);
	kmem_cache_destroy(s);
	kmem_cache_destroy(odd);
	kmem_cache_destroy(line);
}

static void alignment_is_kept(void **state)
{
	(void)state;
	for (unsigned int align = 8; align <= KMALLOC_MAX_SIZE / 4; align *= 2) {
		struct kmem_cache *s = kmem_cache_create("aligned", 24, align, 0, NULL);
		void *p[10];

		for (int i = 0; i < 10; i++) {
			p[i] = kmem_cache_alloc(s, GFP_KERNEL);
			assert_int_equal(kmem_to_phys(p[i]) % align, 0);
		}
		kmem_cache_free_bulk(s, 10, p);
		kmem_cache_destroy(s);
	}
	struct kmem_cache *s = KMEM_CACHE(thing, SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT);
	void *p = kmem_cache_alloc(s, GFP_KERNEL);

	assert_int_equal(kmem_to_phys(p) % 64, 0);
	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
}

static void the_constructor_runs_once_an_object(void **state)
{
	struct kmem_cache *s = kmem_cache_create("made", sizeof(struct thing), 0, 0, construct);
	struct thing *p[300];
	unsigned int made;

	(void)state;
	for (int i = 0; i < 300; i++) {
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
		assert_int_equal(p[i]->magic, 0x600d);
		p[i]->magic = 1000 + i;
	}
	for (int i = 0; i < 300; i++)
		kmem_cache_free(s, p[i]);
	made = constructed;
	/* Its work, and what came later, outlives free and alloc, in magazines and at
	 * the host. */
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 300; i++) {
			p[i] = kmem_cache_alloc(s, GFP_KERNEL);
			assert_true(p[i]->magic == 0x600d ||
				    (p[i]->magic >= 1000 && p[i]->magic < 1300));
		}
		for (int i = 0; i < 300; i++)
			kmem_cache_free(s, p[i]);
	}
	assert_int_equal(constructed, made);
	kmem_cache_destroy(s);
}

static void zero_wins_over_a_constructor_with_a_warning(void **state)
{
	struct kmem_cache *s = kmem_cache_create("made", sizeof(struct thing), 0, 0, construct);
	void *p[100];

	(void)state;
	assert_warns(p[0] = kmem_cache_alloc(s, GFP_KERNEL | __GFP_ZERO), "__GFP_ZERO for made");
	/* Once is enough. */
	for (int i = 1; i < 100; i++)
		p[i] = kmem_cache_alloc_node(s, GFP_KERNEL | __GFP_ZERO, i % 2 ? 0 : NUMA_NO_NODE);
	for (int i = 0; i < 100; i++) {
		assert_non_null(p[i]);
		assert_null(memchr_inv(p[i], 0, sizeof(struct thing)));
	}
	kmem_cache_free_bulk(s, 100, p);
	kmem_cache_destroy(s);
}

static void an_object_of_another_cache_goes_to_its_own(void **state)
{
	struct kmem_cache *a = kmem_cache_create("apples", 40, 0, 0, NULL);
	struct kmem_cache *b = kmem_cache_create("pears", 40, 0, 0, NULL);
	void *p = kmem_cache_alloc(a, GFP_KERNEL);
	void *run = kmalloc(20000, GFP_KERNEL);

	(void)state;
	assert_warns(kmem_cache_free(b, p), "is an object of apples, not of pears");
	assert_ptr_equal(kmem_cache_alloc(a, GFP_KERNEL), p);
	kmem_cache_free(a, p);
	assert_warns(kmem_cache_free(b, run), "is no object of pears");
	kmem_cache_free(a, NULL);
	kmem_cache_destroy(a);
	kmem_cache_destroy(b);
}

static void a_cache_with_objects_out_stays(void **state)
{
	struct kmem_cache *s = kmem_cache_create("kept", 40, 0, 0, NULL);
	void *p = kmem_cache_alloc(s, GFP_KERNEL);

	(void)state;
	assert_warns(kmem_cache_destroy(s),
		     "kmem_cache_destroy kept: Slab cache still has objects");
	kmem_cache_free(s, p);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	assert_non_null(p);
	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
	assert_warns(kmem_cache_destroy(s), "is gone already");
}

static void a_shrunk_cache_holds_nothing(void **state)
{
	struct kmem_cache *s = kmem_cache_create("shrunk", 200, 0, 0, NULL);
	u64 frames = util_frames();
	void *p[2000];

	(void)state;
	assert_int_equal(kmem_cache_alloc_bulk(s, GFP_KERNEL, 2000, p), 2000);
	assert_int_equal(kmem_cache_shrink(s), 1);
	kmem_cache_free_bulk(s, 2000, p);
	assert_true(util_frames() > frames);
	assert_int_equal(kmem_cache_shrink(s), 0);
	assert_int_equal(util_active(VIRTIO_KMEM_CLASSES + 1), 0);
	kmem_cache_destroy(s);
}

static void bulk_is_all_or_nothing(void **state)
{
	struct kmem_cache *s = kmem_cache_create("bulk", 4096, 0, 0, NULL);
	static void *p[20000];
	void *mixed[3];

	(void)state;
	assert_int_equal(kmem_cache_alloc_bulk(s, GFP_KERNEL, 0, p), 0);
	assert_int_equal(kmem_cache_alloc_bulk(s, GFP_KERNEL, 100, p), 100);
	kmem_cache_free_bulk(s, 100, p);
	/* More than the heap has. */
	assert_int_equal(kmem_cache_alloc_bulk(s, GFP_KERNEL | __GFP_NOWARN, 20000, p), 0);
	kmem_give_back();
	assert_int_equal(util_active(VIRTIO_KMEM_CLASSES + 1), 0);
	mixed[0] = kmalloc(8, GFP_KERNEL);
	mixed[1] = kmem_cache_alloc(s, GFP_KERNEL);
	mixed[2] = NULL;
	kfree_bulk(3, mixed);
	kmem_cache_destroy(s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, util_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_cache_is_made_used_and_destroyed),
		TEST(numbers_are_used_again),
		TEST(there_are_caches_for_each_four_pages_of_the_heap),
		TEST(a_far_cache_is_like_any),
		cmocka_unit_test_setup_teardown(a_far_cache_is_like_any, util_setup_debug,
						util_teardown),
		TEST(what_makes_no_sense_is_refused),
		TEST(a_bad_region_for_user_copies_is_warned_of_and_left_out),
		TEST(a_long_name_is_kept_whole),
		TEST(an_alignment_that_is_no_power_of_two_is_the_largest_in_it),
		TEST(alignment_is_kept),
		cmocka_unit_test_setup_teardown(alignment_is_kept, util_setup_debug, util_teardown),
		TEST(the_constructor_runs_once_an_object),
		TEST(zero_wins_over_a_constructor_with_a_warning),
		TEST(an_object_of_another_cache_goes_to_its_own),
		TEST(a_cache_with_objects_out_stays),
		TEST(a_shrunk_cache_holds_nothing),
		TEST(bulk_is_all_or_nothing),
	};

	return cmocka_run_group_tests_name("guest_kmem_cache", tests, NULL, NULL);
}
