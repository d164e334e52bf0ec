/* SPDX-License-Identifier: BSD-2-Clause */
/* What a chain is to a device, by either format of ring: there and back. */
#include <errno.h>
#include <string.h>

#include "tests/unit/virtio/ring/ring.h"

static void empty_ring(void **state)
{
	(void)state;
	assert_int_equal(ring_pop(), 0);
	assert_false(vring_pending(&f.ring));
	assert_false(vring_should_signal(&f.ring));
}

static void one_chain(void **state)
{
	const struct drv_buf buf[] = {
		{BUFFERS, 4, 0}, {BUFFERS + 0x200, 0, 0}, {BUFFERS + 0x100, 8, VRING_F_WRITE}};
	uint32_t id;
	uint32_t len;
	char data[8];

	(void)state;
	memcpy(guest_at(&f.g, BUFFERS, 4), "ping", 4);
	drv_put(&f.q, 7, buf, 3);
	assert_true(vring_pending(&f.ring));
	assert_int_equal(ring_pop(), 1);
	assert_false(vring_pending(&f.ring));
	assert_int_equal(f.chain.head, 7);
	assert_int_equal(f.chain.nr_readable, 1);
	assert_int_equal(f.chain.nr_writable, 1);
	assert_int_equal(f.chain.readable, 4);
	assert_int_equal(f.chain.writable, 8);
	assert_int_equal(vring_chain_read(&f.chain, 0, data, 8), 4);
	assert_memory_equal(data, "ping", 4);
	assert_int_equal(vring_chain_write(&f.chain, 0, "pong", 4), 4);
	assert_false(drv_used(&f.q, &id, &len));
	assert_int_equal(vring_push(&f.ring, &f.chain, 4), 0);
	assert_true(drv_used(&f.q, &id, &len));
	assert_int_equal(id, 7);
	assert_int_equal(len, 4);
	assert_memory_equal(guest_at(&f.g, BUFFERS + 0x100, 4), "pong", 4);
	assert_int_equal(vring_push(&f.ring, &f.chain, 4), -ESTALE);
	assert_int_equal(ring_pop(), 0);
}

static void used_len_is_bounded(void **state)
{
	uint32_t id;
	uint32_t len;

	(void)state;
	ring_put(0);
	assert_int_equal(ring_pop(), 1);
	assert_int_equal(vring_push(&f.ring, &f.chain, UINT32_MAX), 0);
	assert_true(drv_used(&f.q, &id, &len));
	assert_int_equal(len, 64);
	assert_int_equal(vring_push(&f.ring, &f.chain, 1), -ESTALE);
	assert_false(drv_used(&f.q, &id, &len));
}

static void push_after_stop(void **state)
{
	uint32_t id;
	uint32_t len;

	(void)state;
	ring_put(0);
	assert_int_equal(ring_pop(), 1);
	vring_stop(&f.ring);
	assert_int_equal(vring_push(&f.ring, &f.chain, 1), -ESTALE);
	assert_false(drv_used(&f.q, &id, &len));
	assert_int_equal(ring_pop(), 0);
	/* ... nor into the next life of the ring. */
	ring_start(false, false);
	assert_int_equal(vring_push(&f.ring, &f.chain, 1), -ESTALE);
	assert_false(drv_used(&f.q, &id, &len));
}

static void too_many_segments(void **state)
{
	struct drv_buf buf[SPLIT_SIZE];

	(void)state;
	for (unsigned int i = 0; i < f.q.size; i++)
		buf[i] = (struct drv_buf){BUFFERS, 1, 0};
	drv_put(&f.q, 0, buf, f.q.size);
	f.chain.max_seg = f.q.size - 1;
	assert_int_equal(ring_pop(), -E2BIG);
	f.chain.max_seg = f.q.size;
	assert_int_equal(ring_pop(), 1);
}

static void id_in_flight(void **state)
{
	(void)state;
	ring_put(4);
	ring_put(4);
	assert_int_equal(ring_pop(), 1);
	assert_int_equal(ring_pop(), -EBUSY);
	assert_int_equal(f.ring.inflight, 1);
}

#define TEST(name, format)                                                        \
	{                                                                         \
#name " " #format, name, ring_setup_##format, ring_teardown, NULL \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty_ring, split),          TEST(empty_ring, packed),
		TEST(one_chain, split),           TEST(one_chain, packed),
		TEST(used_len_is_bounded, split), TEST(used_len_is_bounded, packed),
		TEST(push_after_stop, split),     TEST(push_after_stop, packed),
		TEST(too_many_segments, split),   TEST(too_many_segments, packed),
		TEST(id_in_flight, split),        TEST(id_in_flight, packed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
