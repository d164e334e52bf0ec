/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile front ends: rings, events, inflight regions. Each case ends with the back end
 * whole, as in messages.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mm/util.h"
#include "tests/unit/virtio/vhost_user/backend.h"
#include "virtio/ring/vring.h"

static int tell(struct client *c, uint32_t request, const void *payload, uint32_t size)
{
	return client_tell(c, request, payload, size, NULL, 0);
}

static void before_memory(void **state)
{
	struct backend *b = *state;
	struct client c;

	client_join_bare(b, &c);
	assert_int_equal(client_ring_start(&c, 0), -EPROTO);
	assert_true(backend_said(b, "outside of the memory shared"));
	/* With memory it is as good as any. */
	assert_int_equal(client_share(&c), 0);
	assert_int_equal(client_ring_start(&c, 0), 0);
	assert_int_equal(client_do(&c, 0, 0, 0, 512), 0);
	client_leave(&c);
}

static void impossible_rings(void **state)
{
	struct backend *b = *state;
	static const struct vhost_user_ring_state bad[] = {
		{0, 0}, {0, 257}, {0, UINT32_MAX}, {QUEUES, 16}, {UINT32_MAX, 16}, {255, 16}};
	struct vhost_user_ring_addr addr = {.index = 0};
	struct vhost_user_ring_state state16 = {0, 16};
	struct client c;

	client_join_bare(b, &c);
	assert_int_equal(client_share(&c), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(tell(&c, VHOST_USER_SET_VRING_NUM, &bad[i], sizeof(bad[i])),
				 -EPROTO);
	for (size_t i = 3; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(tell(&c, VHOST_USER_SET_VRING_BASE, &bad[i], sizeof(bad[i])),
				 -EPROTO);
		assert_int_equal(tell(&c, VHOST_USER_SET_VRING_ENABLE, &bad[i], sizeof(bad[i])),
				 -EPROTO);
	}
	assert_int_equal(tell(&c, VHOST_USER_SET_VRING_ENABLE, &state16, sizeof(state16)), -EPROTO);
	addr.index = QUEUES;
	assert_int_equal(tell(&c, VHOST_USER_SET_VRING_ADDR, &addr, sizeof(addr)), -EPROTO);
	addr.index = 0;
	addr.flags = 2;
	assert_int_equal(tell(&c, VHOST_USER_SET_VRING_ADDR, &addr, sizeof(addr)), -EPROTO);
	/* Not a power of two; not aligned; partly outside; wrapping. */
	c.ring[0].size = 24;
	assert_int_equal(client_ring_start(&c, 0), -EPROTO);
	assert_true(backend_said(b, "24 is no power of two"));
	c.ring[0].size = SLOTS;
	c.ring[0].used = (uint8_t *)c.ring[0].used + 2;
	assert_int_equal(client_ring_start(&c, 0), -EPROTO);
	c.ring[0].used = (uint8_t *)c.ring[0].used - 2;
	c.ring[0].desc = c.mem + MEMORY_SIZE - 16;
	assert_int_equal(client_ring_start(&c, 0), -EPROTO);
	assert_true(backend_said(b, "outside of the memory shared"));
	addr = (struct vhost_user_ring_addr){.desc = UINT64_MAX - 15,
					     .used = UINT64_MAX - 3,
					     .avail = UINT64_MAX - 1,
					     .log = UINT64_MAX};
	/* Looked at when the ring is to run. */
	assert_int_equal(tell(&c, VHOST_USER_SET_VRING_ADDR, &addr, sizeof(addr)), 0);
	state16.num = 1;
	assert_int_equal(tell(&c, VHOST_USER_SET_VRING_ENABLE, &state16, sizeof(state16)), -EPROTO);
	assert_true(backend_said(b, "outside of the memory shared"));
	client_leave(&c);
}

static void set_while_running(void **state)
{
	struct backend *b = *state;
	struct vhost_user_ring_state base = {0, 5};
	struct vhost_user_ring_state num = {0, 8};
	struct vhost_user_ring_addr addr = {.index = 0, .desc = 16};
	uint64_t features = 1ull << 32;
	struct client c;

	client_join(b, &c);
	assert_int_equal(tell(&c, VHOST_USER_SET_VRING_NUM, &num, sizeof(num)), -EPROTO);
	assert_int_equal(tell(&c, VHOST_USER_SET_VRING_BASE, &base, sizeof(base)), -EPROTO);
	assert_int_equal(tell(&c, VHOST_USER_SET_VRING_ADDR, &addr, sizeof(addr)), -EPROTO);
	assert_int_equal(tell(&c, VHOST_USER_SET_FEATURES, &features, sizeof(features)), -EPROTO);
	assert_int_equal(client_tell(&c, VHOST_USER_SET_INFLIGHT_FD, &c.inflight,
				     VHOST_USER_INFLIGHT_SIZE, &c.inflight_fd, 1),
			 -EPROTO);
	assert_true(backend_said(b, "is running"));
	assert_int_equal(client_do(&c, 0, 0, 0, 512), 0);
	client_leave(&c);
}

static void events_that_are_none(void **state)
{
	struct backend *b = *state;
	static const uint32_t requests[] = {VHOST_USER_SET_VRING_KICK, VHOST_USER_SET_VRING_CALL,
					    VHOST_USER_SET_VRING_ERR};
	uint64_t queue0 = 0;
	uint64_t no_fd = VHOST_USER_NO_FD;
	uint64_t beyond = QUEUES;
	uint64_t odd = 0x200;
	struct client c;
	int pipes[2];

	client_join_bare(b, &c);
	assert_int_equal(pipe(pipes), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(client_tell(&c, requests[i], &queue0, 8, &c.mem_fd, 1), -EPROTO);
		assert_int_equal(client_tell(&c, requests[i], &queue0, 8, &pipes[0], 1), -EPROTO);
		assert_true(backend_said(b, "an eventfd is needed"));
		assert_int_equal(client_tell(&c, requests[i], &queue0, 8, NULL, 0), -EPROTO);
		assert_int_equal(client_tell(&c, requests[i], &no_fd, 8, &c.ring[0].kick, 1),
				 -EPROTO);
		assert_int_equal(client_tell(&c, requests[i], &beyond, 8, &c.ring[0].kick, 1),
				 -EPROTO);
		assert_int_equal(client_tell(&c, requests[i], &odd, 8, &c.ring[0].kick, 1),
				 -EPROTO);
	}
	assert_int_equal(tell(&c, VHOST_USER_SET_VRING_KICK, &no_fd, 8), -EPROTO);
	assert_true(backend_said(b, "rings are not polled"));
	assert_int_equal(tell(&c, VHOST_USER_SET_VRING_CALL, &no_fd, 8), 0);
	close(pipes[0]);
	close(pipes[1]);
	client_leave(&c);
}

/* A call descriptor that is full and blocks would hold the I/O thread. */
static void full_blocking_call(void **state)
{
	struct backend *b = *state;
	const uint64_t most = UINT64_MAX - 1;
	const uint64_t queue0 = 0;
	struct client_request q;
	struct client c;
	int full;

	client_join(b, &c);
	full = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(write(full, &most, sizeof(most)), sizeof(most));
	assert_int_equal(client_tell(&c, VHOST_USER_SET_VRING_CALL, &queue0, 8, &full, 1), 0);
	client_request_at(&q, 0, 0, 0, 0, 4096);
	for (unsigned int i = 0; i < 3; i++) {
		uint32_t len;

		client_post(&c, 0, 0, &q);
		client_enable_call(&c.ring[0]);
		client_kick(&c.ring[0]);
		while (client_reap(&c.ring[0], &len) == -1)
			usleep(10);
	}
	assert_int_equal(client_do(&c, 1, 0, 0, 512), 0);
	close(full);
	client_leave(&c);
}

/* A ring that makes no sense: its err descriptor says so, and the other goes on. */
static void nonsense_in_a_ring(struct backend *b, void (*spoil)(struct client *c))
{
	struct client_request q;
	struct pollfd p;
	uint64_t queue0 = 0;
	struct client c;
	int err;

	client_join(b, &c);
	err = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_int_equal(client_tell(&c, VHOST_USER_SET_VRING_ERR, &queue0, 8, &err, 1), 0);
	client_request_at(&q, 0, 0, 0, 0, 4096);
	client_post(&c, 0, 0, &q);
	spoil(&c);
	client_kick(&c.ring[0]);
	p = (struct pollfd){.fd = err, .events = POLLIN};
	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_true(backend_said(b, "makes no sense"));
	assert_int_equal(client_do(&c, 1, 0, 0, 512), 0);
	close(err);
	client_leave(&c);
}

static void spoil_index(struct client *c)
{
	((struct vring_avail *)c->ring[0].avail)->idx += 1000;
}

static void spoil_head(struct client *c)
{
	((struct vring_avail *)c->ring[0].avail)->ring[0] = SLOTS;
}

static void spoil_loop(struct client *c)
{
	struct vring_desc *desc = c->ring[0].desc;

	desc[0] = (struct vring_desc){client_gpa(DATA), 16, VRING_F_NEXT, 1};
	desc[1] = (struct vring_desc){client_gpa(DATA), 16, VRING_F_NEXT, 0};
}

static void spoil_self(struct client *c)
{
	struct vring_desc *desc = c->ring[0].desc;

	desc[0] = (struct vring_desc){client_gpa(DATA), 16, VRING_F_NEXT, 0};
}

static void spoil_address(struct client *c)
{
	struct vring_desc *desc = c->ring[0].desc;

	desc[0].addr = CLIENT_GPA_BASE + MEMORY_SIZE - 16;
}

static void spoil_user_address(struct client *c)
{
	struct vring_desc *desc = c->ring[0].desc;

	/* The front end's address is none in a descriptor. */
	desc[0].addr = (uintptr_t)c->mem + HEADERS + 32;
}

static void nonsense_in_rings(void **state)
{
	nonsense_in_a_ring(*state, spoil_index);
	nonsense_in_a_ring(*state, spoil_head);
	nonsense_in_a_ring(*state, spoil_loop);
	nonsense_in_a_ring(*state, spoil_self);
	nonsense_in_a_ring(*state, spoil_address);
	nonsense_in_a_ring(*state, spoil_user_address);
}

static void stop_and_go(void **state)
{
	struct backend *b = *state;
	struct client_request q;
	struct client c;
	uint32_t base;

	client_join(b, &c);
	for (unsigned int round = 0; round < 20; round++) {
		for (unsigned int i = 0; i < SLOTS; i++) {
			client_request_at(&q, 0, i, 0, i * 8, 4096);
			client_post(&c, 0, (uint16_t)i, &q);
		}
		client_kick(&c.ring[0]);
		assert_int_equal(client_ring_stop(&c, 0, &base), 0);
		/* All that were taken are answered. */
		assert_int_equal((uint16_t)base, ((struct vring_used *)c.ring[0].used)->idx);
		assert_int_equal(client_ring_start(&c, 0), 0);
		for (unsigned int i = 0; i < SLOTS; i++)
			assert_in_range(client_wait(&c, 0), 0, SLOTS - 1);
	}
	client_leave(&c);
}

static void gone_with_io_in_flight(void **state)
{
	struct backend *b = *state;
	struct client_request q;
	struct client c;

	for (unsigned int round = 0; round < 30; round++) {
		client_join(b, &c);
		for (unsigned int i = 0; i < SLOTS; i++) {
			client_request_at(&q, i & 1, i, i & 1, i * 128, DATA_ROOM);
			client_post(&c, i & 1, (uint16_t)i, &q);
		}
		client_kick(&c.ring[0]);
		client_kick(&c.ring[1]);
		client_leave(&c);
	}
}

static void garbage_inflight(void **state)
{
	struct backend *b = *state;
	unsigned int refused = 0;
	struct client c;

	srandom(1);
	for (unsigned int round = 0; round < 60; round++) {
		uint8_t *area;
		int ret;

		assert_int_equal(client_init(&c, MEMORY_SIZE), 0);
		c.wants_packed = round & 1;
		backend_join(b, &c);
		assert_int_equal(client_do(&c, 0, 0, 0, 512), 0);
		for (unsigned int i = 0; i < QUEUES; i++) {
			uint32_t base;

			assert_int_equal(client_ring_stop(&c, i, &base), 0);
		}
		area = mmap(NULL, c.inflight.mmap_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			    c.inflight_fd, 0);
		assert_true(area != MAP_FAILED);
		for (unsigned int i = 12; i < c.inflight.mmap_size / 2; i++)
			if (!(round & 2) || !(random() % 16))
				area[i] = (uint8_t)random();
		munmap(area, c.inflight.mmap_size);
		ret = client_ring_start(&c, 0);
		assert_true(!ret || ret == -EPROTO);
		refused += ret != 0;
		assert_int_equal(client_ring_start(&c, 1), 0);
		assert_int_equal(client_do(&c, 1, 0, 0, 512), 0);
		client_leave(&c);
	}
	assert_in_range(refused, 20, 60);
	assert_true(backend_said(b, "its inflight region makes no sense"));
}

/* An account that was measured for split rings has no room for packed ones. */
static void inflight_of_another_format(void **state)
{
	struct backend *b = *state;
	struct client c;

	client_join_bare(b, &c);
	assert_int_equal(client_share(&c), 0);
	assert_int_equal(client_share_inflight(&c, QUEUES, c.ring[0].size), 0);
	c.features |= VRING_FEATURE_PACKED;
	c.wants_packed = true;
	assert_int_equal(tell(&c, VHOST_USER_SET_FEATURES, &c.features, 8), 0);
	assert_int_equal(client_ring_init(&c, 1, SLOTS, CLIENT_RING_ROOM), 0);
	assert_int_equal(client_ring_start(&c, 1), -EPROTO);
	assert_true(backend_said(b, "for rings of another format"));
	client_leave(&c);
}

/* One that is said to be larger than any memory is not cleared beyond what it has. */
static void inflight_without_end(void **state)
{
	struct backend *b = *state;
	const uint64_t size = 1ull << 44;
	struct client c;

	client_join_bare(b, &c);
	assert_int_equal(client_share(&c), 0);
	c.inflight_fd = memfd_create("endless", MFD_CLOEXEC);
	assert_int_equal(ftruncate(c.inflight_fd, (off_t)size), 0);
	c.inflight = (struct vhost_user_inflight_area){size, 0, QUEUES, c.ring[0].size};
	assert_int_equal(client_share_inflight(&c, QUEUES, c.ring[0].size), 0);
	assert_int_equal(client_ring_start(&c, 0), 0);
	assert_int_equal(client_do(&c, 0, 0, 0, 4096), 0);
	assert_int_equal(tell(&c, VHOST_USER_RESET_DEVICE, NULL, 0), 0);
	client_leave(&c);
}

static void a_device_that_is_reset_is_as_new(void **state)
{
	struct backend *b = *state;
	struct client c;

	client_join(b, &c);
	assert_int_equal(client_do(&c, 0, 0, 0, 4096), 0);
	assert_int_equal(tell(&c, VHOST_USER_RESET_DEVICE, NULL, 0), 0);
	/* As after connecting, with the memory still there. */
	assert_int_equal(tell(&c, VHOST_USER_SET_FEATURES, &c.features, 8), 0);
	assert_int_equal(client_ring_init(&c, 0, SLOTS, 0), 0);
	assert_int_equal(client_share_inflight(&c, QUEUES, c.ring[0].size), 0);
	assert_int_equal(client_ring_start(&c, 0), 0);
	assert_int_equal(client_do(&c, 0, 0, 0, 4096), 0);
	client_leave(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, backend_setup, backend_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(before_memory),        TEST(impossible_rings),
		TEST(set_while_running),    TEST(events_that_are_none),
		TEST(full_blocking_call),   TEST(nonsense_in_rings),
		TEST(stop_and_go),          TEST(gone_with_io_in_flight),
		TEST(garbage_inflight),     TEST(inflight_of_another_format),
		TEST(inflight_without_end), TEST(a_device_that_is_reset_is_as_new),
	};

	return cmocka_run_group_tests_name("virtio_vhost_user_rings", tests, NULL, NULL);
}
