/* SPDX-License-Identifier: BSD-2-Clause */
/* A heap that is for user space in part, as drivers see it that know of such and that do not. */
#include <errno.h>
#include <string.h>

#include "mm/util.h"
#include "tests/unit/virtio/kmem/driver.h"

#define BASE 0x100000000ull
#define PART (8ull << 20)

/* Two nodes, and behind them what is near to each for user space. */
static const struct mm_range ranges[] = {
	{.base = BASE, .size = PART, .node = 0, .host_node = -1},
	{.base = BASE + PART, .size = PART, .node = 1, .host_node = -1},
	{.base = BASE + 2 * PART, .size = PART, .node = 2, .host_node = -1},
	{.base = BASE + 3 * PART, .size = PART, .node = 3, .host_node = -1},
};

static struct mm_heap *heap;
static struct kmem_guest k;

static int setup(void **state)
{
	struct mm_config config = {
		.nr_ranges = ARRAY_SIZE(ranges),
		.user_nodes = 1u << 2 | 1u << 3,
		.cpus = KMEM_CPUS,
		.pin_quota = KMEM_QUOTA,
	};

	(void)state;
	memcpy(config.range, ranges, sizeof(ranges));
	assert_int_equal(mm_heap_create(&config, &heap, NULL), 0);
	kmem_guest_init_user(&k, heap, ranges, ARRAY_SIZE(ranges), config.user_nodes);
	kmem_bring_up(&k, KMEM_FEATURES);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kmem_guest_fini(&k);
	mm_heap_destroy(heap);
	return 0;
}

static void the_configuration_names_its_ranges(void **state)
{
	struct virtio_kmem_config c;

	(void)state;
	memcpy(&c, (const char *)virtio_mmio_page(k.mmio) + VIRTIO_MMIO_CONFIG, sizeof(c));
	assert_int_equal(c.num_ranges, 4);
	/* Who knows no flags takes these for all nodes. */
	assert_int_equal(c.num_nodes, 2);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(c.range[i].node, i);
		assert_int_equal(c.range[i].flags, i < 2 ? 0 : VIRTIO_KMEM_RANGE_USER);
	}
}

static int32_t ask(uint32_t type, uint32_t node, uint32_t gfp)
{
	struct virtio_kmem_req req = {
		.type = type, .count = 64, .cache = 12, .node = node, .gfp = gfp};

	return kmem_send(&k, 0, &req, sizeof(req), NULL, 0, RESP_SIZE);
}

/* Asks until there is no more. Returns how many there were; each was between the ends. */
static uint64_t take_all(uint32_t type, uint32_t node, uint64_t from, uint64_t end)
{
	const uint64_t *addr = kmem_reply(&k, 0);
	uint64_t got = 0;

	while (!ask(type, node, 0)) {
		for (uint32_t i = 0; i < k.resp[0].count; i++)
			assert_in_range(addr[i], from, end - 1);
		got += k.resp[0].count;
	}
	assert_int_equal(k.resp[0].status, (uint32_t)-ENOMEM);
	return got;
}

static void runs_of_a_user_node_go_to_who_names_it(void **state)
{
	(void)state;
	for (uint32_t node = 2; node < 4; node++)
		assert_int_equal(take_all(VIRTIO_KMEM_ALLOC_PAGES, node, ranges[node].base,
					  ranges[node].base + PART),
				 PART / 4096);
	assert_int_equal(ask(VIRTIO_KMEM_ALLOC_PAGES, 2, VIRTIO_KMEM_GFP_THISNODE), -ENOMEM);
	assert_int_equal(ask(VIRTIO_KMEM_ALLOC_PAGES, 4, 0), -EINVAL);
}

static void who_names_none_of_them_has_no_run_of_them(void **state)
{
	(void)state;
	assert_int_equal(take_all(VIRTIO_KMEM_ALLOC_PAGES, 1, BASE, BASE + 2 * PART),
			 2 * PART / 4096);
	assert_int_equal(ask(VIRTIO_KMEM_ALLOC_PAGES, VIRTIO_KMEM_NODE_ANY, 0), -ENOMEM);
	assert_int_equal(ask(VIRTIO_KMEM_ALLOC_PAGES, 0, 0), -ENOMEM);
}

static void objects_are_not_of_user_nodes(void **state)
{
	(void)state;
	assert_int_equal(ask(VIRTIO_KMEM_ALLOC, 2, 0), -EINVAL);
	assert_int_equal(ask(VIRTIO_KMEM_ALLOC, 3, VIRTIO_KMEM_GFP_THISNODE), -EINVAL);
	assert_int_equal(take_all(VIRTIO_KMEM_ALLOC, VIRTIO_KMEM_NODE_ANY, BASE, BASE + 2 * PART),
			 2 * PART / 4096);
}

/* What was handed out is a run as any other: it can be pinned, and is taken back. */
static void its_runs_are_pinned_and_taken_back(void **state)
{
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_ALLOC_PAGES, .count = 1, .node = 3};
	struct mm_stats stats;
	uint64_t addr;

	(void)state;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), NULL, 0, RESP_SIZE), 0);
	memcpy(&addr, kmem_reply(&k, 0), sizeof(addr));
	addr &= ~VIRTIO_KMEM_ADDR_FLAGS;
	req = (struct virtio_kmem_req){.type = VIRTIO_KMEM_PIN, .count = 1};
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), &addr, 8, 16), 0);
	req.type = VIRTIO_KMEM_FREE_PAGES;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), &addr, 8, RESP_SIZE), 0);
	assert_int_equal(k.resp[0].count, 1);
	req.type = VIRTIO_KMEM_UNPIN;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), &addr, 8, RESP_SIZE), 0);
	assert_int_equal(mm_stats(heap, 0, &stats), 0);
	assert_int_equal(stats.user_frames_in_use, 0);
	assert_int_equal(stats.user_frames_total, 2 * PART / 4096);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_configuration_names_its_ranges),
		TEST(runs_of_a_user_node_go_to_who_names_it),
		TEST(who_names_none_of_them_has_no_run_of_them),
		TEST(objects_are_not_of_user_nodes),
		TEST(its_runs_are_pinned_and_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
