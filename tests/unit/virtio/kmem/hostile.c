/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that means harm, from its first store on. After each attack the device
 * answers a good request on another queue, or, where the attack broke it, after a
 * reset; and nothing unchecked has reached mm. Runs under sanitizers, which see
 * what the assertions do not. The public suite of this kind is virtio-villain.
 */
#include <errno.h>
#include <string.h>

#include "mm/util.h"
#include "tests/unit/virtio/kmem/driver.h"
#include "tests/unit/virtio/kmem/fake_mm.h"

static struct mm_heap heap;
static struct kmem_guest k;

static const struct mm_range range = {.base = FAKE_BASE, .size = FAKE_SIZE};

static int setup(void **state)
{
	(void)state;
	fake_mm_init(&heap);
	kmem_guest_init(&k, &heap, &range, 1);
	kmem_bring_up(&k, KMEM_FEATURES);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kmem_guest_fini(&k);
	return 0;
}

static void ring(unsigned int queue)
{
	virtio_mmio_write(k.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, queue, 4, queue);
}

/* The device lives: queue 1 answers at once. */
static void assert_serves(void)
{
	assert_false(drv_needs_reset(k.mmio));
	assert_int_equal(kmem_alloc(&k, 1, 1, 3), 0);
	assert_int_equal(k.resp[1].count, 3);
}

/* The device has stopped, has said so, touches nothing, and a reset heals it. */
static void assert_broken(void)
{
	unsigned long calls = heap.calls;

	assert_true(drv_needs_reset(k.mmio));
	assert_true(reg(k.mmio, VIRTIO_MMIO_INTERRUPT_STATUS) & VIRTIO_MMIO_INT_CONFIG);
	assert_int_equal(kmem_alloc(&k, 1, 1, 3), NOT_ANSWERED);
	assert_int_equal(heap.calls, calls);
	kmem_bring_up(&k, KMEM_FEATURES);
	assert_serves();
}

/* Everything in a header that is wrong by itself, and what it is answered. */
#define ROOM RESP_SIZE

static const struct bad_request {
	const char *name;
	int status;
	struct virtio_kmem_req req;
	size_t payload;
	size_t room;
} bad_requests[] = {
	{"type 0", -EOPNOTSUPP, {.type = 0, .count = 1, .cache = 1}, 0, ROOM},
	{"type after the last", -EOPNOTSUPP, {.type = 12, .count = 1, .cache = 1}, 0, ROOM},
	{"widen two", -EINVAL, {.type = 11, .count = 2}, 16, ROOM},
	{"type 65535", -EOPNOTSUPP, {.type = 65535, .count = 1, .cache = 1}, 0, ROOM},
	{"reserved[0]", -EINVAL, {.type = 1, .count = 1, .cache = 1, .reserved = {1, 0}}, 0, ROOM},
	{"reserved[1]", -EINVAL, {.type = 1, .count = 1, .cache = 1, .reserved = {0, 1}}, 0, ROOM},
	{"alloc none", -EINVAL, {.type = 1, .count = 0, .cache = 1}, 0, ROOM},
	{"alloc 513", -EINVAL, {.type = 1, .count = 513, .cache = 1}, 0, ROOM},
	{"alloc 2^32-1", -EINVAL, {.type = 1, .count = 0xffffffff, .cache = 1}, 0, ROOM},
	{"alloc, count * 8 wraps", -EINVAL, {.type = 1, .count = 0x20000000, .cache = 1}, 0, ROOM},
	{"alloc of no cache", -ENOENT, {.type = 1, .count = 1, .cache = 0}, 0, ROOM},
	{"alloc of cache 0xe0", -ENOENT, {.type = 1, .count = 1, .cache = 0xe0}, 0, ROOM},
	{"alloc of cache 2^32-1", -ENOENT, {.type = 1, .count = 1, .cache = 0xffffffff}, 0, ROOM},
	{"alloc on node 1 of 1", -EINVAL, {.type = 1, .count = 1, .cache = 1, .node = 1}, 0, ROOM},
	{"alloc on node -2",
	 -EINVAL,
	 {.type = 1, .count = 1, .cache = 1, .node = 0xfffffffe},
	 0,
	 ROOM},
	{"alloc, unknown gfp", -EINVAL, {.type = 1, .count = 1, .cache = 1, .gfp = 16}, 0, ROOM},
	{"alloc of too many bytes",
	 -EINVAL,
	 {.type = 1, .count = 1, .cache = 1, .size = UINT64_MAX},
	 0,
	 ROOM},
	{"alloc with payload", -EINVAL, {.type = 1, .count = 1, .cache = 1}, 8, ROOM},
	{"alloc, no room", -ENOSPC, {.type = 1, .count = 512, .cache = 1}, 0, ROOM - 1},
	{"alloc, room for the head only", -ENOSPC, {.type = 1, .count = 1, .cache = 1}, 0, 16},
	{"free none", -EINVAL, {.type = 2, .count = 0}, 0, ROOM},
	{"free, no payload", -EINVAL, {.type = 2, .count = 1}, 0, ROOM},
	{"free, payload short", -EINVAL, {.type = 2, .count = 2}, 15, ROOM},
	{"free, payload long", -EINVAL, {.type = 2, .count = 2}, 17, ROOM},
	{"free, count * 8 wraps to the payload", -EINVAL, {.type = 2, .count = 0x20000001}, 8, ROOM},
	{"free 513", -EINVAL, {.type = 2, .count = 513}, 513 * 8, ROOM},
	{"free to cache 0xe0", -ENOENT, {.type = 2, .count = 1, .cache = 0xe0}, 8, ROOM},
	{"free to cache 2^31", -ENOENT, {.type = 2, .count = 1, .cache = 0x80000000}, 8, ROOM},
	{"free, no room for refusals", -ENOSPC, {.type = 2, .count = 2}, 16, 16 + 8},
	{"pages of order 11", -EINVAL, {.type = 3, .count = 1, .order = 11}, 0, ROOM},
	{"pages of order 65535", -EINVAL, {.type = 3, .count = 1, .order = 65535}, 0, ROOM},
	{"pages on node 1", -EINVAL, {.type = 3, .count = 1, .node = 1}, 0, ROOM},
	{"pages, unknown gfp", -EINVAL, {.type = 3, .count = 1, .gfp = 1u << 31}, 0, ROOM},
	{"pages, no room", -ENOSPC, {.type = 3, .count = 2}, 0, 16 + 15},
	{"free pages, payload short", -EINVAL, {.type = 4, .count = 512}, 512 * 8 - 8, ROOM},
	{"cache of size 0", -EINVAL, {.type = 5, .size = 0}, 0, 16},
	{"cache of 4 MiB + 1", -EINVAL, {.type = 5, .size = (4 << 20) + 1}, 0, 16},
	{"cache of 2^64-1", -EINVAL, {.type = 5, .size = UINT64_MAX}, 0, 16},
	{"cache, align 3", -EINVAL, {.type = 5, .size = 8, .align = 3}, 0, 16},
	{"cache, align 8 MiB", -EINVAL, {.type = 5, .size = 8, .align = 8ul << 20}, 0, 16},
	{"cache, align 2^63", -EINVAL, {.type = 5, .size = 8, .align = 1ull << 63}, 0, 16},
	{"cache, unknown flag", -EINVAL, {.type = 5, .size = 8, .flags = 128}, 0, 16},
	{"cache, name of 33", -EINVAL, {.type = 5, .size = 8}, 33, 16},
	{"cache, name of 4096", -EINVAL, {.type = 5, .size = 8}, 4096, 16},
	{"destroy cache 0", -ENOENT, {.type = 6, .cache = 0}, 0, 16},
	{"destroy cache 2^32-1", -ENOENT, {.type = 6, .cache = 0xffffffff}, 0, 16},
	{"destroy with payload", -EINVAL, {.type = 6, .cache = 1}, 1, 16},
	{"shrink cache 0xe0", -ENOENT, {.type = 7, .cache = 0xe0}, 0, 16},
	{"pin none", -EINVAL, {.type = 8, .count = 0}, 0, 16},
	{"pin 513", -EINVAL, {.type = 8, .count = 513}, 513 * 8, 16},
	{"pin, payload short", -EINVAL, {.type = 8, .count = 3}, 8, 16},
	{"unpin, no room", -ENOSPC, {.type = 9, .count = 1}, 8, 16},
	{"statistics of cache 0xe0", -ENOENT, {.type = 10, .cache = 0xe0}, 0, ROOM},
	{"statistics, no room", -ENOSPC, {.type = 10}, 0, 16 + sizeof(struct virtio_kmem_stats) - 1},
};

static void bad_headers(void **state)
{
	static uint8_t payload[513 * 8];
	struct kmem_dev_stats stats;
	size_t n = ARRAY_SIZE(bad_requests);
	int32_t status;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const struct bad_request *bad = &bad_requests[i];

		status = kmem_send(&k, 0, &bad->req, sizeof(bad->req), payload, bad->payload,
				   bad->room);
		if (status != bad->status)
			fail_msg("%s: %d, want %d", bad->name, status, bad->status);
		assert_int_equal(k.used_len[0], 16);
		assert_int_equal(k.resp[0].count, 0);
		assert_int_equal(k.resp[0].value, 0);
		assert_int_equal(heap.calls, 0);
	}
	kmem_dev_get_stats(k.dev, 0, &stats);
	assert_int_equal(stats.requests, n);
	assert_int_equal(stats.errors, n);
	assert_serves();
}

static void short_headers(void **state)
{
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_ALLOC, .count = 1, .cache = 1};

	(void)state;
	for (size_t size = 0; size < sizeof(req); size++)
		assert_int_equal(kmem_send(&k, 0, &req, size, NULL, 0, ROOM), -EINVAL);
	assert_int_equal(heap.calls, 0);
	assert_serves();
}

static void no_room_for_an_answer(void **state)
{
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_ALLOC, .count = 1, .cache = 1};

	(void)state;
	for (size_t room = 0; room < sizeof(struct virtio_kmem_resp); room++) {
		heap.calls = 0;
		assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), NULL, 0, room), NOT_ANSWERED);
		assert_int_equal(heap.calls, 0);
		assert_broken();
	}
}

/* Descriptors of a request that are no chain; see also ring/vring.c. */
static void broken_chains(void **state)
{
	static const struct vring_desc first[] = {
		{BUFFERS, 64, VRING_F_NEXT, 0},                    /* self-loop */
		{BUFFERS, 64, VRING_F_NEXT, 16},                   /* next out of range */
		{BUFFERS, 0, VRING_F_NEXT, 0},                     /* of no length at all */
		{0, 64, 0, 0},                                     /* outside memory */
		{FAKE_BASE, 64, 0, 0},                             /* in the heap */
		{RAM_END - 63, 64, 0, 0},                          /* across the end */
		{UINT64_MAX - 8, 64, 0, 0},                        /* wraps */
		{BUFFERS, 64, VRING_F_WRITE | VRING_F_NEXT, 1},    /* wrong order */
		{BUFFERS, 24, VRING_F_INDIRECT, 0},                /* odd table */
		{BUFFERS, 16, VRING_F_INDIRECT | VRING_F_NEXT, 0}, /* table and more */
		{RAM_END, 16, VRING_F_INDIRECT, 0},                /* table outside */
		{BUFFERS, 64, VRING_F_WRITE, 0}, /* no header: answered, see below */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		drv_desc(&k.q[0], 0, first[i].addr, first[i].len, first[i].flags, first[i].next);
		drv_desc(&k.q[0], 1, BUFFERS, 64, 0, 0);
		drv_avail(&k.q[0], 0);
		ring(0);
		assert_int_equal(heap.calls, 0);
		if (i + 1 == ARRAY_SIZE(first)) {
			assert_int_equal(drv_used_idx(&k.q[0]), 1);
			assert_serves();
		} else {
			assert_int_equal(drv_used_idx(&k.q[0]), 0);
			assert_broken();
			heap.calls = 0;
		}
	}
}

/* A long chain is work, not an end: 16 descriptors, the last a table of 1024. */
static void longest_chain(void **state)
{
	const uint64_t table = RING_BASE(8);
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_ALLOC, .count = 1, .cache = 1};
	unsigned int i;

	(void)state;
	memcpy(guest_at(&k.g, BUFFERS, 64), &req, 64);
	for (int n = 1024; n <= 1025; n++) {
		for (i = 0; i < 64; i++)
			drv_indirect(&k.q[0], table, i, BUFFERS + i, 1, VRING_F_NEXT,
				     (uint16_t)(i + 1));
		for (; (int)i < n; i++)
			drv_indirect(&k.q[0], table, i, BUFFERS + 0x1000 + i, 1,
				     VRING_F_WRITE | ((int)i + 1 < n ? VRING_F_NEXT : 0),
				     (uint16_t)(i + 1));
		for (i = 0; i < 15; i++)
			drv_desc(&k.q[0], i, 0, 0, VRING_F_NEXT, (uint16_t)(i + 1));
		drv_desc(&k.q[0], 15, table, 16 * (uint32_t)n, VRING_F_INDIRECT, 0);
		drv_avail(&k.q[0], 0);
		ring(0);
		if (n == 1024) {
			assert_int_equal(drv_used_idx(&k.q[0]), 1);
			assert_int_equal(heap.calls, 1);
			assert_serves();
		} else {
			assert_broken();
		}
	}
}

static void avail_index_games(void **state)
{
	static const uint16_t jumps[] = {17, 0x7fff, 0x8000, 0xffff};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(jumps); i++) {
		drv_set_avail_idx(&k.q[0], jumps[i]);
		ring(0);
		assert_int_equal(drv_used_idx(&k.q[0]), 0);
		assert_broken();
	}
}

/* A full ring of one head: served one after the other, since each is complete
 * before the next is taken. Heads out of range among them are not. */
static void repeated_heads(void **state)
{
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_ALLOC, .count = 1, .cache = 1};

	(void)state;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), NULL, 0, ROOM), 0);
	for (int i = 0; i < 16; i++)
		drv_avail(&k.q[0], 0);
	ring(0);
	assert_int_equal(drv_used_idx(&k.q[0]), 17);
	assert_serves();
	drv_avail(&k.q[0], 0);
	drv_avail(&k.q[0], 16);
	ring(0);
	assert_int_equal(drv_used_idx(&k.q[0]), 18);
	assert_broken();
}

/* The answer lies over the request: it was copied before. */
static void answer_over_request(void **state)
{
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_FREE, .count = 8};
	uint64_t addr[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		addr[i] = FAKE_BASE + 64 * i;
	memcpy(guest_at(&k.g, BUFFERS, 64), &req, 64);
	memcpy(guest_at(&k.g, BUFFERS + 64, 64), addr, 64);
	heap.nr_bad = 8;
	drv_desc(&k.q[0], 0, BUFFERS, 128, VRING_F_NEXT, 1);
	drv_desc(&k.q[0], 1, BUFFERS, 128, VRING_F_WRITE, 0);
	drv_avail(&k.q[0], 0);
	ring(0);
	assert_memory_equal(heap.addr, addr, 64);
	assert_int_equal(drv_used_idx(&k.q[0]), 1);
	assert_serves();
}

/* The answer lies over the ring's own rings: the guest's loss only. */
static void answer_over_rings(void **state)
{
	const uint64_t at[] = {k.q[0].desc, k.q[0].avail, k.q[0].used};
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_ALLOC, .count = 20, .cache = 1};

	(void)state;
	for (int i = 0; i < 3; i++) {
		memcpy(guest_at(&k.g, BUFFERS, 64), &req, 64);
		drv_desc(&k.q[0], 0, BUFFERS, 64, VRING_F_NEXT, 1);
		drv_desc(&k.q[0], 1, at[i], 16 + 160, VRING_F_WRITE, 0);
		drv_avail(&k.q[0], 0);
		ring(0);
		ring(0);
		/* whatever came of it, a reset makes it good */
		kmem_bring_up(&k, KMEM_FEATURES);
		assert_serves();
	}
}

/* All three rings, of both queues, in the same place. */
static void rings_over_rings(void **state)
{
	struct drv_queue q = k.q[0];

	(void)state;
	drv_negotiate(k.mmio, KMEM_FEATURES);
	q.avail = q.desc;
	q.used = q.desc;
	for (unsigned int i = 0; i <= KMEM_CPUS; i++)
		assert_int_equal(drv_queue_setup(k.mmio, i, &q), 1);
	drv_driver_ok(k.mmio);
	memset(guest_at(&k.g, q.desc, 512), 1, 512);
	for (unsigned int i = 0; i <= KMEM_CPUS; i++)
		ring(i);
	kmem_dev_post_event(k.dev, VIRTIO_KMEM_EVENT_PRESSURE, 2);
	kmem_bring_up(&k, KMEM_FEATURES);
	assert_serves();
}

/* Duplicates and foreign addresses are mm's to judge; each is handed on once. */
static void addresses_go_to_mm_as_they_are(void **state)
{
	uint64_t addr[] = {0, 1, FAKE_BASE, FAKE_BASE, FAKE_BASE + FAKE_SIZE, UINT64_MAX};

	(void)state;
	heap.nr_bad = 6;
	heap.bad[5] = (struct mm_bad){5, -EFAULT};
	assert_int_equal(kmem_free(&k, 0, 0, 6, addr), 0);
	assert_memory_equal(heap.addr, addr, sizeof(addr));
	assert_int_equal(k.resp[0].count, 0);
	assert_int_equal(k.resp[0].value, 6);
	assert_int_equal(k.used_len[0], 16 + 6 * 8);
	assert_serves();
}

/* Two answers in one page: neither sees what the other or an earlier one left in
 * the device's private buffers. */
static void nothing_left_over(void **state)
{
	uint64_t addr[VIRTIO_KMEM_MAX_BATCH] = {0};
	const uint8_t *reply = kmem_reply(&k, 0);

	(void)state;
	assert_int_equal(kmem_alloc(&k, 0, 1, VIRTIO_KMEM_MAX_BATCH), 0);
	heap.nr_bad = 1;
	assert_int_equal(kmem_free(&k, 0, 0, VIRTIO_KMEM_MAX_BATCH, addr), 0);
	assert_int_equal(k.used_len[0], 16 + 8);
	for (size_t i = 8; i < 8 * VIRTIO_KMEM_MAX_BATCH; i++)
		assert_int_equal(reply[i], 0xa5);
	heap.error = -ENOMEM;
	assert_int_equal(kmem_alloc(&k, 0, 1, VIRTIO_KMEM_MAX_BATCH), -ENOMEM);
	for (size_t i = 0; i < 8 * VIRTIO_KMEM_MAX_BATCH; i++)
		assert_int_equal(reply[i], 0xa5);
}

static void reset_with_requests_pending(void **state)
{
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_ALLOC, .count = 1, .cache = 1};

	(void)state;
	memcpy(guest_at(&k.g, BUFFERS, 64), &req, 64);
	for (unsigned int i = 0; i < 16; i += 2) {
		drv_desc(&k.q[0], i, BUFFERS, 64, VRING_F_NEXT, (uint16_t)(i + 1));
		drv_desc(&k.q[0], i + 1, BUFFERS + 64, 64, VRING_F_WRITE, 0);
		drv_avail(&k.q[0], (uint16_t)i);
	}
	set_reg(k.mmio, VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(heap.resets, 1);
	for (unsigned int i = 0; i < 4; i++)
		ring(i);
	assert_int_equal(heap.calls, 0);
	assert_int_equal(drv_used_idx(&k.q[0]), 0);
	kmem_bring_up(&k, KMEM_FEATURES);
	assert_serves();
}

static void broken_event_queue(void **state)
{
	(void)state;
	drv_desc(&k.q[KMEM_EVENTS], 0, FAKE_BASE, 16, VRING_F_WRITE, 0);
	drv_avail(&k.q[KMEM_EVENTS], 0);
	kmem_dev_post_event(k.dev, VIRTIO_KMEM_EVENT_GIVE_BACK, 0);
	kmem_dev_post_event(k.dev, VIRTIO_KMEM_EVENT_GIVE_BACK, 0);
	assert_broken();
}

/* A request on the event queue and a buffer without direction: no harm. */
static void request_on_event_queue(void **state)
{
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_ALLOC, .count = 1, .cache = 1};
	uint32_t id;
	uint32_t len;

	(void)state;
	memcpy(guest_at(&k.g, BUFFERS, 64), &req, 64);
	drv_desc(&k.q[KMEM_EVENTS], 0, BUFFERS, 64, 0, 0);
	drv_avail(&k.q[KMEM_EVENTS], 0);
	ring(KMEM_EVENTS);
	assert_int_equal(drv_used_idx(&k.q[KMEM_EVENTS]), 0);
	kmem_dev_post_event(k.dev, VIRTIO_KMEM_EVENT_GIVE_BACK, 0);
	assert_true(drv_used(&k.q[KMEM_EVENTS], &id, &len));
	assert_int_equal(len, 0);
	assert_int_equal(heap.calls, 0);
	assert_serves();
}

/* Every store there is, on a device in the middle of its work. */
static void register_storm(void **state)
{
	static const uint32_t values[] = {0, 1, 2, 0xf, 0x10, 0x8000, RAM_BASE, 0xffffffff};
	uint32_t seed = 1;

	(void)state;
	for (uint32_t i = 0; i < 200000; i++) {
		seed = seed * 1664525 + 1013904223;
		virtio_mmio_write(k.mmio, seed >> 8 & 0x1fc, values[seed >> 24 & 7],
				  1u << (seed >> 28 & 3), seed >> 30);
	}
	kmem_bring_up(&k, KMEM_FEATURES);
	assert_serves();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bad_headers),
		TEST(short_headers),
		TEST(no_room_for_an_answer),
		TEST(broken_chains),
		TEST(longest_chain),
		TEST(avail_index_games),
		TEST(repeated_heads),
		TEST(answer_over_request),
		TEST(answer_over_rings),
		TEST(rings_over_rings),
		TEST(addresses_go_to_mm_as_they_are),
		TEST(nothing_left_over),
		TEST(reset_with_requests_pending),
		TEST(broken_event_queue),
		TEST(request_on_event_queue),
		TEST(register_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
