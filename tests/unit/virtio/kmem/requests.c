/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio-kmem device over a fake mm: what reaches mm, and what comes back. */
#include <errno.h>
#include <string.h>

#include "mm/util.h"
#include "tests/unit/virtio/kmem/driver.h"
#include "tests/unit/virtio/kmem/fake_mm.h"

static struct mm_heap heap;
static struct kmem_guest k;

static const struct mm_range ranges[] = {
	{.base = FAKE_BASE, .size = FAKE_SIZE / 2, .node = 0},
	{.base = FAKE_BASE + FAKE_SIZE / 2 + (2 << 20),
	 .size = FAKE_SIZE / 2 - (2 << 20),
	 .node = 1},
};

static int setup(void **state)
{
	(void)state;
	fake_mm_init(&heap);
	kmem_guest_init(&k, &heap, ranges, 2);
	kmem_bring_up(&k, KMEM_FEATURES);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kmem_guest_fini(&k);
	return 0;
}

static void the_configuration_tells_of_the_heap(void **state)
{
	static const uint32_t sizes[] = VIRTIO_KMEM_CLASS_SIZES;
	struct virtio_kmem_config c;

	(void)state;
	memcpy(&c, (const char *)virtio_mmio_page(k.mmio) + VIRTIO_MMIO_CONFIG, sizeof(c));
	assert_int_equal(reg(k.mmio, VIRTIO_MMIO_DEVICE_ID), VIRTIO_ID_KMEM);
	assert_int_equal(c.version, VIRTIO_KMEM_VERSION);
	assert_int_equal(c.debug, 0);
	assert_int_equal(c.class_debug, 1u << (FAKE_WATCHED - 1));
	assert_int_equal(c.heap_base, FAKE_BASE);
	assert_int_equal(c.heap_size, FAKE_SIZE);
	assert_int_equal(c.page_map_base, KMEM_PAGE_MAP);
	assert_int_equal(c.pin_quota, KMEM_QUOTA);
	assert_int_equal(c.frame_shift, 12);
	assert_int_equal(c.max_order, 10);
	assert_int_equal(c.max_batch, 512);
	assert_int_equal(c.num_request_queues, KMEM_CPUS);
	assert_int_equal(c.num_nodes, 2);
	assert_int_equal(c.num_ranges, 2);
	assert_int_equal(c.num_classes, 13);
	for (unsigned int i = 0; i < 13; i++)
		assert_int_equal(c.class_size[i], sizes[i]);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(c.range[i].base, ranges[i].base);
		assert_int_equal(c.range[i].size, ranges[i].size);
		assert_int_equal(c.range[i].node, ranges[i].node);
		assert_int_equal(c.range[i].flags, 0);
	}
	assert_int_not_equal(c.generation, 0);
	assert_int_equal(c.reserved, 0);
	assert_int_equal(c.backed_max, 0);
	set_reg(k.mmio, VIRTIO_MMIO_QUEUE_SEL, KMEM_CPUS - 1);
	assert_int_equal(reg(k.mmio, VIRTIO_MMIO_QUEUE_NUM_MAX), KMEM_DEV_QUEUE_SIZE);
	set_reg(k.mmio, VIRTIO_MMIO_QUEUE_SEL, KMEM_EVENTS);
	assert_int_equal(reg(k.mmio, VIRTIO_MMIO_QUEUE_NUM_MAX), KMEM_DEV_EVENT_SIZE);
	set_reg(k.mmio, VIRTIO_MMIO_QUEUE_SEL, KMEM_EVENTS + 1);
	assert_int_equal(reg(k.mmio, VIRTIO_MMIO_QUEUE_NUM_MAX), 0);
}

static uint32_t generation(void)
{
	return reg(k.mmio, VIRTIO_MMIO_CONFIG + offsetof(struct virtio_kmem_config, generation));
}

static void a_reset_begins_another_generation(void **state)
{
	uint32_t was = generation();

	(void)state;
	assert_int_equal(kmem_alloc(&k, 0, 4, 1), 0);
	assert_int_equal(generation(), was);
	kmem_bring_up(&k, KMEM_FEATURES);
	assert_int_not_equal(generation(), was);
	assert_int_not_equal(generation(), 0);
}

static void configs_refused(void **state)
{
	struct kmem_dev_config good = {.heap = &heap, .cpus = 1, .range = ranges, .nr_ranges = 2};
	struct mm_range outside = {.base = FAKE_BASE, .size = FAKE_SIZE + 1};
	struct mm_range before = {.base = FAKE_BASE - 1, .size = 1};
	struct mm_range wraps = {.base = FAKE_BASE + 4096, .size = UINT64_MAX};
	struct mm_range twice[] = {ranges[0], ranges[0]};
	struct kmem_dev_config c;
	struct virtio_device *dev;

	(void)state;
#define REFUSED(change)                                               \
	do {                                                          \
		c = good;                                             \
		change;                                               \
		assert_int_equal(kmem_dev_create(&c, &dev), -EINVAL); \
	} while (0)
	REFUSED(c.heap = NULL);
	REFUSED(c.cpus = 0);
	REFUSED(c.cpus = MM_MAX_CPUS + 1);
	REFUSED(c.page_map_gpa = 1);
	REFUSED(c.nr_ranges = 0);
	REFUSED(c.nr_ranges = MM_MAX_RANGES + 1);
	REFUSED((c.range = &outside, c.nr_ranges = 1));
	REFUSED((c.range = &before, c.nr_ranges = 1));
	REFUSED((c.range = &wraps, c.nr_ranges = 1));
	REFUSED(c.range = twice);
	REFUSED(c.user_nodes = 1); /* node 0, before node 1 */
	assert_int_equal(kmem_dev_create(&good, &dev), 0);
	assert_int_equal(dev->offered >> VIRTIO_KMEM_F_PIN & 1, 0); /* no quota, no pins */
	virtio_device_destroy(dev);
}

static void what_is_asked_reaches_mm(void **state)
{
	struct virtio_kmem_req req = {
		.type = VIRTIO_KMEM_ALLOC,
		.count = 60,
		.cache = 4,
		.node = 1,
		.gfp = VIRTIO_KMEM_GFP_ZERO | VIRTIO_KMEM_GFP_THISNODE | VIRTIO_KMEM_GFP_ACCOUNT,
		.size = 50,
		.caller = 0xffffffff80001234ull,
	};
	uint64_t *addr = kmem_reply(&k, 1);

	(void)state;
	assert_int_equal(kmem_send(&k, 1, &req, sizeof(req), NULL, 0, 16 + 8 * 60), 0);
	assert_string_equal(heap.function, "mm_alloc_bulk");
	assert_int_equal(heap.cpu, 1);
	assert_int_equal(heap.cache, 4);
	assert_int_equal(heap.node, 1);
	assert_int_equal(heap.flags, MM_ZERO | MM_THISNODE);
	assert_int_equal(heap.size, 50);
	assert_int_equal(heap.caller, 0xffffffff80001234ull);
	assert_int_equal(heap.n, 60);
	assert_int_equal(k.resp[1].count, 60);
	assert_int_equal(k.used_len[1], 16 + 8 * 60);
	for (int i = 0; i < 60; i++)
		assert_int_equal(addr[i], FAKE_BASE + i * MM_FRAME_SIZE + VIRTIO_KMEM_ADDR_FRESH);
	assert_int_equal(addr[60], 0xa5a5a5a5a5a5a5a5ull);
	req.node = VIRTIO_KMEM_NODE_ANY;
	req.gfp = VIRTIO_KMEM_GFP_DMA32;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), NULL, 0, RESP_SIZE), 0);
	assert_int_equal(heap.node, MM_NODE_ANY);
	assert_int_equal(heap.flags, MM_DMA32);
	assert_int_equal(heap.cpu, 0);
}

static void what_is_freed_reaches_mm(void **state)
{
	struct virtio_kmem_bad *bad = kmem_reply(&k, 0);
	uint64_t addr[VIRTIO_KMEM_MAX_BATCH];

	(void)state;
	for (int i = 0; i < VIRTIO_KMEM_MAX_BATCH; i++)
		addr[i] = FAKE_BASE + 64 * i;
	assert_int_equal(kmem_free(&k, 0, 0, VIRTIO_KMEM_MAX_BATCH, addr), 0);
	assert_string_equal(heap.function, "mm_free_bulk");
	assert_int_equal(heap.n, VIRTIO_KMEM_MAX_BATCH);
	assert_memory_equal(heap.addr, addr, sizeof(addr));
	assert_int_equal(k.resp[0].count, VIRTIO_KMEM_MAX_BATCH);
	assert_int_equal(k.resp[0].value, 0);
	assert_int_equal(k.used_len[0], 16);
	heap.nr_bad = 2;
	heap.bad[0] = (struct mm_bad){3, -ENOENT};
	heap.bad[1] = (struct mm_bad){7, -EFAULT};
	assert_int_equal(kmem_free(&k, 0, 5, 10, addr), 0);
	assert_int_equal(heap.cache, 5);
	assert_int_equal(k.resp[0].count, 8);
	assert_int_equal(k.resp[0].value, 2);
	assert_int_equal(k.used_len[0], 16 + 2 * 8);
	assert_int_equal(bad[0].index, 3);
	assert_int_equal((int32_t)bad[0].status, -ENOENT);
	assert_int_equal(bad[1].index, 7);
	assert_int_equal((int32_t)bad[1].status, -EFAULT);
}

static void runs_come_and_go(void **state)
{
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_ALLOC_PAGES,
				      .count = 3,
				      .order = 10,
				      .gfp = VIRTIO_KMEM_GFP_ZERO};
	const uint64_t addr[3] = {FAKE_BASE, FAKE_BASE + 0x3000, FAKE_BASE + 0x1000};

	(void)state;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), NULL, 0, RESP_SIZE), 0);
	assert_string_equal(heap.function, "mm_pages_alloc");
	assert_int_equal(heap.order, 10);
	assert_int_equal(heap.n, 3);
	assert_int_equal(heap.flags, MM_ZERO);
	assert_int_equal(k.resp[0].count, 3);
	req.type = VIRTIO_KMEM_FREE_PAGES;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), addr, 24, RESP_SIZE), 0);
	assert_string_equal(heap.function, "mm_pages_free");
	assert_memory_equal(heap.addr, addr, 24);
	assert_int_equal(k.resp[0].count, 3);
	req.type = VIRTIO_KMEM_PIN;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), addr, 24, 16), 0);
	assert_string_equal(heap.function, "mm_pin");
	assert_int_equal(k.resp[0].count, 2);
	/* mm hears of those alone that were pinned */
	req.type = VIRTIO_KMEM_UNPIN;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), addr, 24, RESP_SIZE), 0);
	assert_string_equal(heap.function, "mm_unpin");
	assert_int_equal(heap.addr[0], addr[1]);
	assert_int_equal(k.resp[0].count, 2);
	assert_int_equal(k.resp[0].value, 1);
}

static void pins_are_negotiated(void **state)
{
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_PIN, .count = 1};
	uint64_t addr = FAKE_BASE;

	(void)state;
	kmem_bring_up(&k, 0);
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), &addr, 8, RESP_SIZE), -EOPNOTSUPP);
	req.type = VIRTIO_KMEM_UNPIN;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), &addr, 8, RESP_SIZE), -EOPNOTSUPP);
	assert_int_equal(heap.calls, 0);
}

static void caches_come_and_go(void **state)
{
	struct virtio_kmem_req req = {
		.type = VIRTIO_KMEM_CACHE_CREATE,
		.size = 100,
		.align = 64,
		.flags = VIRTIO_KMEM_CACHE_CTOR | VIRTIO_KMEM_CACHE_POISON,
	};
	char name[VIRTIO_KMEM_NAME_MAX];

	(void)state;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), "inode", 6, 16), 0);
	assert_string_equal(heap.function, "mm_cache_create");
	assert_string_equal(heap.name, "inode");
	assert_int_equal(heap.size, 100);
	assert_int_equal(heap.align, 64);
	assert_int_equal(heap.flags, MM_CACHE_CTOR | MM_DEBUG_POISON);
	assert_int_equal(k.resp[0].value, MM_CLASSES + 1);
	assert_int_equal(k.resp[0].count, VIRTIO_KMEM_DEBUG_POISON);
	assert_int_equal(k.used_len[0], 16);
	/* a name without an end, with an escape sequence in it */
	memset(name, 'x', sizeof(name));
	name[3] = '\033';
	name[4] = (char)0xff;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), name, sizeof(name), 16), 0);
	assert_string_equal(heap.name, "xxx??xxxxxxxxxxxxxxxxxxxxxxxxxx");
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), NULL, 0, 16), 0);
	assert_string_equal(heap.name, "");
	/* DMA32 goes with each allocation of the cache, and only of it */
	assert_int_equal(kmem_alloc(&k, 0, MM_CLASSES + 1, 1), 0);
	assert_int_equal(heap.flags, 0);
	req.flags = VIRTIO_KMEM_CACHE_DMA32;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), "low", 4, 16), 0);
	assert_int_equal(heap.flags, MM_CACHE_NOMERGE);
	assert_int_equal(kmem_alloc(&k, 0, MM_CLASSES + 1, 1), 0);
	assert_int_equal(heap.flags, MM_DMA32);
	assert_int_equal(kmem_alloc(&k, 0, 1, 1), 0);
	assert_int_equal(heap.flags, 0);

	req = (struct virtio_kmem_req){.type = VIRTIO_KMEM_CACHE_SHRINK, .cache = 14};
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), NULL, 0, 16), 0);
	assert_string_equal(heap.function, "mm_cache_shrink");
	assert_int_equal(k.resp[0].value, 17);
	req.type = VIRTIO_KMEM_CACHE_DESTROY;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), NULL, 0, 16), 0);
	assert_string_equal(heap.function, "mm_cache_destroy");
	assert_int_equal(heap.cache, 14);
}

/* Leaves a mark all over the stack that the next call will use. */
static __attribute__((noinline)) void mark_stack(void)
{
	volatile char mark[8192];

	for (size_t i = 0; i < sizeof(mark); i++)
		mark[i] = 'S';
}

static void statistics_are_told_as_they_are(void **state)
{
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_STATS};
	struct virtio_kmem_stats *s = kmem_reply(&k, 0);
	struct kmem_dev_stats mine;

	(void)state;
	kmem_alloc(&k, 0, 1, 1);
	kmem_alloc(&k, 1, 1, 1);
	kmem_alloc(&k, 1, 0, 1); /* refused */
	mark_stack();
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), NULL, 0, 16 + sizeof(*s)), 0);
	assert_int_equal(k.used_len[0], 16 + sizeof(*s));
	assert_int_equal(s->requests, 3);
	assert_int_equal(s->errors, 101);
	assert_int_equal(s->objects_allocated, 1);
	assert_int_equal(s->objects_active, 3);
	assert_int_equal(s->frames_in_use, 5);
	assert_int_equal(s->pages_pinned, 10);
	assert_int_equal(s->object_size, 11);
	assert_int_equal(s->frames_per_slab, 14);
	assert_string_equal(s->name, "a name");
	/* what is behind the name is not the host's stack */
	for (size_t i = strlen("a name"); i < VIRTIO_KMEM_NAME_MAX; i++)
		assert_int_equal(s->name[i], 0);
	kmem_dev_get_stats(k.dev, 1, &mine);
	assert_int_equal(mine.requests, 2);
	assert_int_equal(mine.errors, 1);
	kmem_dev_get_stats(k.dev, -1, &mine);
	assert_int_equal(mine.requests, 4);
}

/* What mm says is what the guest hears, and nothing else. */
static void errors_of_mm(void **state)
{
	static const uint16_t types[] = {
		VIRTIO_KMEM_ALLOC,        VIRTIO_KMEM_FREE,         VIRTIO_KMEM_ALLOC_PAGES,
		VIRTIO_KMEM_FREE_PAGES,   VIRTIO_KMEM_CACHE_CREATE, VIRTIO_KMEM_CACHE_DESTROY,
		VIRTIO_KMEM_CACHE_SHRINK, VIRTIO_KMEM_PIN,          VIRTIO_KMEM_STATS,
	};
	uint64_t addr = FAKE_BASE;

	(void)state;
	heap.error = -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct virtio_kmem_req req = {.type = types[i], .count = 1, .cache = 1, .size = 8};
		bool takes = types[i] == VIRTIO_KMEM_FREE || types[i] == VIRTIO_KMEM_FREE_PAGES ||
			     types[i] == VIRTIO_KMEM_PIN;

		assert_int_equal(
			kmem_send(&k, 0, &req, sizeof(req), &addr, takes ? 8 : 0, RESP_SIZE),
			-ENOMEM);
		assert_int_equal(heap.calls, i + 1);
		assert_int_equal(k.used_len[0], 16);
		assert_int_equal(k.resp[0].count, 0);
		assert_int_equal(k.resp[0].value, 0);
	}
}

static void reset_takes_memory_back(void **state)
{
	(void)state;
	assert_int_equal(heap.resets, 0);
	set_reg(k.mmio, VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(heap.resets, 1);
	set_reg(k.mmio, VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(heap.resets, 1);
}

/* With the event index: a notification a request, an interrupt when asked for. */
static void an_interrupt_comes_when_it_is_asked_for(void **state)
{
	(void)state;
	kmem_bring_up(&k, KMEM_FEATURES | VRING_FEATURE_EVENT_IDX);
	drv_set_used_event(&k.q[0], 1);
	k.irqs = 0;
	assert_int_equal(kmem_alloc(&k, 0, 1, 1), 0);
	assert_int_equal(drv_avail_event(&k.q[0]), 1);
	assert_int_equal(k.irqs, 0);
	assert_int_equal(kmem_alloc(&k, 0, 1, 1), 0);
	assert_int_equal(drv_avail_event(&k.q[0]), 2);
	assert_int_equal(k.irqs, 1);
	assert_int_equal(kmem_alloc(&k, 0, 1, 1), 0);
	assert_int_equal(k.irqs, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_configuration_tells_of_the_heap),
		TEST(a_reset_begins_another_generation),
		TEST(configs_refused),
		TEST(what_is_asked_reaches_mm),
		TEST(what_is_freed_reaches_mm),
		TEST(runs_come_and_go),
		TEST(pins_are_negotiated),
		TEST(caches_come_and_go),
		TEST(statistics_are_told_as_they_are),
		TEST(errors_of_mm),
		TEST(reset_takes_memory_back),
		TEST(an_interrupt_comes_when_it_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
