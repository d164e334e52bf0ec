/* SPDX-License-Identifier: BSD-2-Clause */
/* How a DMA pool finds a block's run: its inside, compiled here once more under other names. */
#include "tests/unit/guest/util.h"

#define dma_pool_create      table_pool_create
#define dma_pool_destroy     table_pool_destroy
#define dma_pool_alloc       table_pool_alloc
#define dma_pool_zalloc      table_pool_zalloc
#define dma_pool_free        table_pool_free
#define kmem_dma_pool_device table_pool_device

struct device;
struct dma_pool;
struct device *table_pool_device(const struct dma_pool *pool);

#include "guest/lib/kmem/dmapool.c"

enum {
	BLOCKS = 10000
};

static int setup(void **state)
{
	(void)state;
	util_start(128 * MIB, 0);
	return 0;
}

static unsigned int longest(const struct dma_pool *pool)
{
	unsigned int most = 0;

	for (unsigned int i = 0; i < 1u << pool->bits; i++) {
		unsigned int n = 0;

		for (const struct dma_run *run = pool->table[i]; run; run = run->next)
			n++;
		most = max(most, n);
	}
	return most;
}

/* Whatever the order that blocks are freed in, and however many there are. */
static void a_block_is_found_in_a_few_steps(void **state)
{
	static const size_t sizes[] = {2048, 4096, 8192};
	static dma_addr_t handle[BLOCKS];
	static void *p[BLOCKS];

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct dma_pool *pool = table_pool_create("found", NULL, sizes[s], 0, 0);

		for (int i = 0; i < BLOCKS; i++) {
			p[i] = table_pool_alloc(pool, GFP_KERNEL, &handle[i]);
			assert_non_null(p[i]);
			if (i % 500 == 0)
				assert_in_range(longest(pool), 1, 4);
			assert_true(pool->runs <= 1u << pool->bits);
		}
		for (int i = 0; i < BLOCKS; i++) {
			int at = (int)((i * 7919ll) % BLOCKS);

			table_pool_free(pool, p[at], handle[at]);
			if (i % 500 == 0)
				assert_in_range(longest(pool), 1, 4);
		}
		assert_int_equal(pool->runs, 1);
		table_pool_destroy(pool);
	}
}

/* The table cannot grow: blocks are found all the same. */
static void a_table_that_cannot_grow_is_only_slower(void **state)
{
	struct dma_pool *pool = table_pool_create("small", NULL, 4096, 0, 0);
	dma_addr_t handle[64];
	void *p[64];

	(void)state;
	for (int i = 0; i < 64; i++) {
		struct dma_run *run = run_new(pool, GFP_KERNEL);

		spin_lock(&pool->lock);
		assert_null(run_add(pool, run, NULL, 0));
		handle[i] = take_block(pool);
		spin_unlock(&pool->lock);
		p[i] = kmem_to_virt(handle[i]);
	}
	assert_int_equal(pool->bits, FIRST_BITS);
	for (int i = 63; i >= 0; i--)
		table_pool_free(pool, p[i], handle[i]);
	assert_warns(table_pool_free(pool, p[0], handle[0]), "is no block that is out");
	table_pool_destroy(pool);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, util_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_block_is_found_in_a_few_steps),
		TEST(a_table_that_cannot_grow_is_only_slower),
	};

	return cmocka_run_group_tests_name("guest_kmem_dmapool_table", tests, NULL, NULL);
}
