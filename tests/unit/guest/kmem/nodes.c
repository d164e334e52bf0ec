/* SPDX-License-Identifier: BSD-2-Clause */
/* Where memory lies: nodes and DMA32, and runs of frames with their pins. */
#include "tests/unit/guest/util.h"

#include <linux/errno.h>

#define SCATTER 100000

static void *object[SCATTER];

static void nodes_are_kept_apart(void **state)
{
	void *p[2];

	(void)state;
	for (int node = 0; node < 2; node++) {
		for (int i = 0; i < 200; i++) {
			p[0] = kzalloc_node(64, GFP_KERNEL, node);
			p[1] = kmalloc_node(20000, GFP_KERNEL | __GFP_THISNODE, node);
			for (int k = 0; k < 2; k++) {
				assert_non_null(p[k]);
				assert_int_equal((kmem_to_phys(p[k]) - BASE) / (16 * MIB), node);
			}
			assert_null(memchr_inv(p[0], 0, 64));
			memset(p[0], 1, 64);
			object[i] = p[0];
			kfree(p[1]);
		}
		for (int i = 0; i < 200; i++)
			kfree(object[i]);
	}
	p[0] = kzalloc_node(64, GFP_KERNEL, NUMA_NO_NODE);
	assert_non_null(p[0]);
	kfree(p[0]);
	/* No such node. */
	p[0] = kmalloc_node(64, GFP_KERNEL, 5);
	assert_non_null(p[0]);
	kfree(p[0]);
	assert_null(kmalloc_node(64, GFP_KERNEL | __GFP_THISNODE | __GFP_NOWARN, 5));
}

static void a_full_node_has_the_other_stand_in(void **state)
{
	size_t n = 0;
	void *p;

	(void)state;
	while (n < SCATTER &&
	       (object[n] = kmalloc_node(4096, GFP_KERNEL | __GFP_THISNODE | __GFP_NOWARN, 1)))
		n++;
	assert_true(n > 3500 && n <= 4096);
	p = kmalloc_node(4096, GFP_KERNEL, 1);
	assert_non_null(p);
	assert_int_equal((kmem_to_phys(p) - BASE) / (16 * MIB), 0);
	kfree(p);
	while (n > 0)
		kfree(object[--n]);
}

static void dma32_is_below_4_gib_or_nothing(void **state)
{
	(void)state;
	assert_null(kmalloc(64, GFP_KERNEL | GFP_DMA32 | __GFP_NOWARN));
	assert_null(kmalloc(64, GFP_KERNEL | GFP_DMA | __GFP_NOWARN));
	struct kmem_cache *s = kmem_cache_create("low", 64, 0, SLAB_CACHE_DMA32, NULL);

	assert_non_null(s);
	assert_null(kmem_cache_alloc(s, GFP_KERNEL | __GFP_NOWARN));
	kmem_cache_destroy(s);
}

static void dma32_on_a_node_is_not_taken_from_magazines(void **state)
{
	void *p = kmalloc(64, GFP_KERNEL);

	(void)state;
	/* A magazine with objects of the node, all of them above 4 GiB. */
	kfree(p);
	assert_null(kmalloc_node(64, GFP_KERNEL | GFP_DMA32 | __GFP_NOWARN, 0));
	assert_null(kmalloc_node(64, GFP_KERNEL | GFP_DMA32 | __GFP_NOWARN, 7));
}

static void a_large_run_on_no_such_node_is_one_run(void **state)
{
	unsigned long largest;
	void *p;

	(void)state;
	wire.largest = 0;
	p = kmalloc_node(1 << 20, GFP_KERNEL, 7);
	largest = wire.largest;
	assert_non_null(p);
	assert_int_equal(largest, 1);
	kfree(p);
}

static void free_pages_of_the_wrong_order(const void *p)
{
	kmem_pages_free(kmem_to_phys(p), 2);
}

static void runs_of_frames(void **state)
{
	unsigned long requests;

	(void)state;
	for (unsigned int order = 0; order <= VIRTIO_KMEM_MAX_ORDER; order++) {
		u64 addr = kmem_pages_alloc(order, GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE);

		assert_true(addr != 0);
		assert_int_equal(addr % (4096ul << order), 0);
		assert_int_equal(kmem_page_kind(addr), VIRTIO_KMEM_PM_RUN + order);
		assert_null(memchr_inv(kmem_to_virt(addr), 0, 4096ul << order));
		memset(kmem_to_virt(addr), 0xff, 4096ul << order);
		kmem_pages_free(addr, order);
	}
	assert_int_equal(kmem_pages_alloc(11, GFP_KERNEL, NUMA_NO_NODE), 0);
	requests = wire.requests;
	for (int i = 0; i < 1000; i++) {
		u64 addr = kmem_pages_alloc(i % 4, GFP_KERNEL, NUMA_NO_NODE);

		util_expect_bug(free_pages_of_the_wrong_order,
				(char *)kmem_to_virt(addr) + (i % 4 == 2 ? 4096 : 0),
				"is no run of order 2");
		kmem_pages_free(addr, i % 4);
	}
	assert_true(wire.requests - requests <= 4);
}

static void pages_are_pinned_by_the_batch(void **state)
{
	static u64 addr[600];

	(void)state;
	for (int i = 0; i < 600; i++)
		addr[i] = kmem_pages_alloc(0, GFP_KERNEL, NUMA_NO_NODE);
	assert_int_equal(kmem_pin(600, addr), 600);
	assert_int_equal(kmem_pin(0, addr), 0);
	/* The quota is 1024. */
	assert_int_equal(kmem_pin(600, addr), 424);
	assert_int_equal(kmem_pin(600, addr), -EAGAIN);
	kmem_unpin(424, addr);
	kmem_unpin(600, addr);
	assert_warns(kmem_unpin(1, addr), "1 pages were not pinned");
	for (int i = 0; i < 600; i++)
		kmem_pages_free(addr[i], 0);
	addr[0] = BASE + 60 * MIB;
	assert_int_equal(kmem_pin(1, addr), -EFAULT);
}

#define TEST_WITH(f, s) cmocka_unit_test_setup_teardown(f, s, util_teardown)
#define TEST(f)         TEST_WITH(f, util_setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH(nodes_are_kept_apart, util_setup_nodes),
		TEST_WITH(a_full_node_has_the_other_stand_in, util_setup_nodes),
		TEST(dma32_is_below_4_gib_or_nothing),
		TEST_WITH(dma32_on_a_node_is_not_taken_from_magazines, util_setup_nodes),
		TEST(a_large_run_on_no_such_node_is_one_run),
		TEST(runs_of_frames),
		TEST(pages_are_pinned_by_the_batch),
	};

	return cmocka_run_group_tests_name("guest_kmem_nodes", tests, NULL, NULL);
}
