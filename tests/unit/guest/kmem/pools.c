/* SPDX-License-Identifier: BSD-2-Clause */
/* mempool and dma_pool. */
#include "tests/unit/guest/util.h"

#include <linux/dmapool.h>
#include <linux/mempool.h>

static int setup(void **state)
{
	(void)state;
	util_start(32 * MIB, 0);
	return 0;
}

/* An allocator that fails when told to, and counts what is out. */
static int out;
static bool empty;

static void *counted_alloc(gfp_t gfp, void *data)
{
	void *p = empty ? NULL : kmalloc((size_t)data, gfp);

	out += p != NULL;
	return p;
}

static void counted_free(void *element, void *data)
{
	(void)data;
	out--;
	kfree(element);
}

static void a_pool_keeps_its_elements_back(void **state)
{
	mempool_t *pool = mempool_create(4, counted_alloc, counted_free, (void *)100);
	void *p[5];

	(void)state;
	assert_non_null(pool);
	assert_int_equal(out, 4);
	empty = true;
	for (int i = 0; i < 4; i++) {
		p[i] = mempool_alloc(pool, i % 2 ? GFP_KERNEL : GFP_ATOMIC);
		assert_non_null(p[i]);
	}
	assert_null(mempool_alloc(pool, GFP_ATOMIC));
	assert_null(mempool_alloc(pool, GFP_NOWAIT));
	mempool_free(p[3], pool);
	assert_ptr_equal(mempool_alloc(pool, GFP_KERNEL), p[3]);
	empty = false;
	p[4] = mempool_alloc(pool, GFP_KERNEL);
	assert_int_equal(out, 5);
	for (int i = 0; i < 5; i++)
		mempool_free(p[i], pool);
	mempool_free(NULL, pool);
	assert_int_equal(out, 4);
	mempool_destroy(pool);
	assert_int_equal(out, 0);
	mempool_destroy(NULL);
}

static void a_pool_that_cannot_be_filled_is_not_made(void **state)
{
	(void)state;
	empty = true;
	assert_null(mempool_create(1, counted_alloc, counted_free, (void *)8));
	mempool_t *pool = mempool_create(0, counted_alloc, counted_free, (void *)8);

	assert_non_null(pool);
	assert_null(mempool_alloc(pool, GFP_NOWAIT));
	empty = false;
	void *p = mempool_alloc(pool, GFP_KERNEL);

	assert_non_null(p);
	mempool_free(p, pool);
	mempool_destroy(pool);
	assert_null(mempool_create(-1, counted_alloc, counted_free, (void *)8));
	assert_int_equal(out, 0);
}

/* Becoming smaller takes no memory. */
static gfp_t gfp_of_all; /* what all calls had in common */

static void *watched_alloc(gfp_t gfp, void *data)
{
	gfp_of_all &= gfp;
	return kmalloc((size_t)data, gfp);
}

static void a_pool_is_made_as_its_maker_may(void **state)
{
	mempool_t *pool;
	mempool_t own;

	(void)state;
	gfp_of_all = ~0u;
	pool = mempool_create_node(8, watched_alloc, mempool_kfree, (void *)40, GFP_NOWAIT, 0);
	assert_non_null(pool);
	assert_int_equal(gfp_of_all, GFP_NOWAIT);
	mempool_destroy(pool);
	gfp_of_all = ~0u;
	assert_int_equal(mempool_init_node(&own, 8, watched_alloc, mempool_kfree, (void *)40,
					   GFP_NOIO, NUMA_NO_NODE),
			 0);
	assert_int_equal(gfp_of_all, GFP_NOIO);
	mempool_exit(&own);
	gfp_of_all = ~0u;
	assert_int_equal(mempool_init(&own, 8, watched_alloc, mempool_kfree, (void *)40), 0);
	assert_int_equal(gfp_of_all, GFP_KERNEL);
	mempool_exit(&own);
}

static void a_pool_shrinks_without_memory(void **state)
{
	mempool_t *pool = mempool_create(600, counted_alloc, counted_free, (void *)40);
	void *hog[256];
	int n;

	(void)state;
	assert_int_equal(out, 600);
	/* All that is left of the class that an array for 599 elements is of. */
	wire.fail_from = 0;
	wire.fail_for = LONG_MAX;
	for (n = 0; n < 256; n++) {
		hog[n] = kmalloc(599 * sizeof(void *), GFP_KERNEL | __GFP_NOWARN);
		if (!hog[n])
			break;
	}
	assert_in_range(n, 0, 255);
	assert_int_equal(mempool_resize(pool, 599), 0);
	assert_int_equal(out, 599);
	wire.fail_from = -1;
	while (n)
		kfree(hog[--n]);
	mempool_destroy(pool);
	assert_int_equal(out, 0);
}

static void a_pool_is_resized(void **state)
{
	mempool_t *pool = mempool_create(3, counted_alloc, counted_free, (void *)40);

	(void)state;
	assert_int_equal(mempool_resize(pool, 0), -EINVAL);
	assert_int_equal(mempool_resize(pool, -2), -EINVAL);
	assert_int_equal(mempool_resize(pool, 10), 0);
	assert_int_equal(out, 10);
	assert_int_equal(mempool_resize(pool, 2), 0);
	assert_int_equal(out, 2);
	empty = true;
	assert_int_equal(mempool_resize(pool, 5), 0);
	assert_int_equal(out, 2);
	empty = false;
	/* What is missing comes with the frees. */
	void *p = mempool_alloc(pool, GFP_KERNEL);

	mempool_free(p, pool);
	assert_int_equal(out, 3);
	mempool_destroy(pool);
	assert_int_equal(out, 0);
}

static void pools_of_caches_and_of_kmalloc(void **state)
{
	struct kmem_cache *s = kmem_cache_create("pooled", 48, 0, 0, NULL);
	mempool_t *pool = mempool_create_slab_pool(8, s);
	mempool_t own;
	void *p;

	(void)state;
	p = mempool_alloc(pool, GFP_KERNEL);
	assert_int_equal(ksize(p), 48);
	mempool_free(p, pool);
	mempool_destroy(pool);
	kmem_cache_destroy(s);
	assert_int_equal(mempool_init_kmalloc_pool(&own, 2, 1000), 0);
	assert_true(mempool_initialized(&own));
	assert_warns(p = mempool_alloc(&own, GFP_KERNEL | __GFP_ZERO), "WARNING at");
	assert_int_equal(ksize(p), 1024);
	mempool_free(p, &own);
	mempool_exit(&own);
	mempool_exit(&own);
}

static void blocks_do_not_cross_boundaries(void **state)
{
	static const struct {
		size_t size, align, boundary;
	} shape[] = {{1, 0, 0},          {24, 8, 0},       {100, 64, 512}, {700, 4, 1024},
		     {4096, 4096, 4096}, {5000, 16, 8192}, {64, 64, 65536}};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(shape); k++) {
		size_t align = shape[k].align ?: 1;
		struct dma_pool *pool = dma_pool_create("shape", NULL, shape[k].size,
							shape[k].align, shape[k].boundary);
		dma_addr_t dma[100];
		u8 *p[100];

		assert_non_null(pool);
		for (int i = 0; i < 100; i++) {
			p[i] = i % 2 ? dma_pool_zalloc(pool, GFP_KERNEL, &dma[i])
				     : dma_pool_alloc(pool, GFP_KERNEL, &dma[i]);
			assert_non_null(p[i]);
			assert_ptr_equal(kmem_to_virt(dma[i]), p[i]);
			assert_int_equal(dma[i] % align, 0);
			if (shape[k].boundary)
				assert_int_equal(dma[i] / shape[k].boundary,
						 (dma[i] + shape[k].size - 1) / shape[k].boundary);
			if (i % 2)
				assert_null(memchr_inv(p[i], 0, shape[k].size));
			memset(p[i], i, shape[k].size);
		}
		for (int i = 0; i < 100; i++) {
			assert_null(memchr_inv(p[i], i, shape[k].size));
			dma_pool_free(pool, p[i], dma[i]);
		}
		dma_pool_destroy(pool);
	}
}

static void pools_that_make_no_sense_are_refused(void **state)
{
	(void)state;
	assert_null(dma_pool_create(NULL, NULL, 8, 0, 0));
	assert_null(dma_pool_create("p", NULL, 0, 0, 0));
	assert_null(dma_pool_create("p", NULL, 8, 3, 0));
	assert_null(dma_pool_create("p", NULL, 8, 0, 4));
	assert_null(dma_pool_create("p", NULL, 8, 0, 24));
	assert_null(dma_pool_create("p", NULL, KMALLOC_MAX_SIZE + 1, 0, 0));
	assert_null(dma_pool_create("p", NULL, SIZE_MAX, 4096, 0));
	dma_pool_destroy(NULL);
}

static void wrong_blocks_are_reported(void **state)
{
	struct dma_pool *pool = dma_pool_create("wrong", NULL, 64, 64, 0);
	dma_addr_t dma;
	u8 *p = dma_pool_alloc(pool, GFP_KERNEL, &dma);

	(void)state;
	assert_warns(dma_pool_free(pool, p + 64, dma), "is no block that is out");
	assert_warns(dma_pool_free(pool, p + 8, dma + 8), "is no block that is out");
	assert_warns(dma_pool_free(pool, p + 64, dma + 64), "is no block that is out");
	assert_warns(dma_pool_free(pool, p + 8192, dma + 8192), "is no block that is out");
	dma_pool_free(pool, p, dma);
	assert_warns(dma_pool_free(pool, p, dma), "is no block that is out");
	dma_pool_destroy(pool);
}

static void a_pool_without_memory_says_so(void **state)
{
	struct dma_pool *pool = dma_pool_create("none", NULL, 1000, 0, 0);
	dma_addr_t dma;
	void *p;

	(void)state;
	kmem_give_back();
	wire.fail_from = (long)wire.allocs;
	wire.fail_for = 1 << 30;
	assert_null(dma_pool_alloc(pool, GFP_KERNEL | __GFP_NOWARN, &dma));
	wire.fail_from = -1;
	p = dma_pool_alloc(pool, GFP_KERNEL, &dma);
	assert_non_null(p);
	dma_pool_free(pool, p, dma);
	dma_pool_destroy(pool);
}

/* Runs of this size are asked of the host one by one. */
static void a_run_of_one_block_is_kept(void **state)
{
	struct dma_pool *pool = dma_pool_create("large", NULL, 64 << 10, 0, 0);
	unsigned long before;
	dma_addr_t handle[2];
	void *p[2];

	(void)state;
	assert_non_null(pool);
	p[0] = dma_pool_alloc(pool, GFP_KERNEL, &handle[0]);
	dma_pool_free(pool, p[0], handle[0]);
	before = wire.requests;
	for (int i = 0; i < 10; i++) {
		p[0] = dma_pool_alloc(pool, GFP_KERNEL, &handle[0]);
		assert_non_null(p[0]);
		dma_pool_free(pool, p[0], handle[0]);
	}
	assert_int_equal(wire.requests, before);
	/* A second one is not. */
	for (int i = 0; i < 2; i++)
		p[i] = dma_pool_alloc(pool, GFP_KERNEL, &handle[i]);
	before = wire.frees;
	for (int i = 0; i < 2; i++)
		dma_pool_free(pool, p[i], handle[i]);
	assert_int_equal(wire.frees, before + 1);
	dma_pool_destroy(pool);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, util_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_run_of_one_block_is_kept),
		TEST(a_pool_keeps_its_elements_back),
		TEST(a_pool_that_cannot_be_filled_is_not_made),
		TEST(a_pool_is_resized),
		TEST(a_pool_is_made_as_its_maker_may),
		TEST(a_pool_shrinks_without_memory),
		TEST(pools_of_caches_and_of_kmalloc),
		TEST(blocks_do_not_cross_boundaries),
		TEST(pools_that_make_no_sense_are_refused),
		TEST(wrong_blocks_are_reported),
		TEST(a_pool_without_memory_says_so),
	};

	return cmocka_run_group_tests_name("guest_kmem_pools", tests, NULL, NULL);
}
