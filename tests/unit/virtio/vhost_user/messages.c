/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile front ends: messages and descriptors. Each case ends with the back end
 * whole: an honest session works, and no descriptor is left open.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mm/util.h"
#include "tests/unit/virtio/vhost_user/backend.h"

/* A session that has negotiated, with memory shared, and no ring. */
static void join_bare(struct backend *b, struct client *c)
{
	client_join_bare(b, c);
	assert_int_equal(client_share(c), 0);
}

static int tell(struct client *c, uint32_t request, const void *payload, uint32_t size, int fd)
{
	return client_tell(c, request, payload, size, &fd, fd >= 0);
}

static void split_in_bytes(void **state)
{
	struct backend *b = *state;
	struct vhost_user_header h = {VHOST_USER_GET_FEATURES, VHOST_USER_VERSION, 0};
	uint64_t features;
	int fd = backend_connect(b);

	for (size_t i = 0; i < sizeof(h); i++)
		assert_int_equal(send(fd, (char *)&h + i, 1, 0), 1);
	assert_int_equal(client_receive(fd, &h, &features, sizeof(features), NULL), 0);
	assert_true(features & VHOST_USER_F_PROTOCOL_FEATURES);
	/* Half a message, and gone. */
	assert_int_equal(send(fd, &h, 5, 0), 5);
	close(fd);
}

static void two_at_once(void **state)
{
	struct backend *b = *state;
	struct vhost_user_header h[2] = {{VHOST_USER_GET_FEATURES, VHOST_USER_VERSION, 0},
					 {VHOST_USER_GET_QUEUE_NUM, VHOST_USER_VERSION, 0}};
	uint64_t value;
	int fd = backend_connect(b);

	assert_int_equal(send(fd, h, sizeof(h), 0), sizeof(h));
	assert_int_equal(client_receive(fd, h, &value, sizeof(value), NULL), 0);
	assert_int_equal(client_receive(fd, h, &value, sizeof(value), NULL), 0);
	assert_int_equal(value, QUEUES);
	close(fd);
}

static void header_refused(struct backend *b, struct vhost_user_header h)
{
	int fd = backend_connect(b);

	assert_int_equal(send(fd, &h, sizeof(h), 0), sizeof(h));
	backend_wait_end(b, fd);
	assert_true(backend_said(b, "malformed"));
	close(fd);
}

static void malformed_headers(void **state)
{
	struct backend *b = *state;

	header_refused(b, (struct vhost_user_header){1, 0, 0});
	header_refused(b, (struct vhost_user_header){1, 2, 0});
	header_refused(b, (struct vhost_user_header){1, 1 | VHOST_USER_REPLY, 0});
	header_refused(b, (struct vhost_user_header){5, 1, UINT32_MAX});
	header_refused(b, (struct vhost_user_header){5, 1, 1024});
}

/* Each request with each size of payload that it has not; and numbers that are none. */
static void wrong_sizes(void **state)
{
	struct backend *b = *state;
	uint8_t payload[264];
	struct client c;

	memset(payload, 0xff, sizeof(payload));
	assert_int_equal(client_init(&c, MEMORY_SIZE), 0);
	assert_int_equal(client_attach(&c, backend_connect(b)), 0);
	for (uint32_t r = 0; r < 64; r++) {
		for (uint32_t size = 1; size <= sizeof(payload); size += size < 48 ? 1 : 72) {
			struct vhost_user_header h;
			uint64_t answer = 0;

			/* What is only checked by its content, below. */
			if (r == VHOST_USER_GET_CONFIG || size == 8 || size == 40 || size == 16 ||
			    size == 20 || size == 24)
				continue;
			assert_int_equal(
				client_send(c.fd, r, VHOST_USER_NEED_REPLY, payload, size, NULL, 0),
				0);
			/* A request with an answer of its own cannot be refused but so. */
			if (client_receive(c.fd, &h, &answer, sizeof(answer), NULL)) {
				client_disconnect(&c);
				assert_int_equal(client_attach(&c, backend_connect(b)), 0);
				continue;
			}
			assert_int_equal(h.request, r);
			assert_int_equal(answer, 1);
		}
	}
	client_fini(&c);
}

static void unknown_request(void **state)
{
	struct backend *b = *state;
	struct client c;

	join_bare(b, &c);
	assert_int_equal(tell(&c, 4711, NULL, 0, -1), -EPROTO);
	assert_true(backend_said(b, "4711 is refused: an unknown request"));
	/* It asked for an answer: the session goes on. */
	assert_int_equal(tell(&c, VHOST_USER_SET_OWNER, NULL, 0, -1), 0);
	/* Without one there is no way to tell it. */
	assert_int_equal(client_send(c.fd, 4711, 0, NULL, 0, NULL, 0), 0);
	backend_wait_end(b, c.fd);
	client_fini(&c);
}

static void not_negotiated(void **state)
{
	struct backend *b = *state;
	uint64_t none = VHOST_USER_PF_REPLY_ACK;
	uint64_t all = UINT64_MAX;
	struct vhost_user_inflight_area area = {.num_queues = 1, .queue_size = 16};
	struct client c;

	join_bare(b, &c);
	assert_int_equal(tell(&c, VHOST_USER_SET_PROTOCOL_FEATURES, &all, sizeof(all), -1),
			 -EPROTO);
	assert_int_equal(tell(&c, VHOST_USER_SET_FEATURES, &all, sizeof(all), -1), -EPROTO);
	assert_true(backend_said(b, "were not offered"));
	assert_int_equal(tell(&c, VHOST_USER_SET_PROTOCOL_FEATURES, &none, sizeof(none), -1), 0);
	assert_int_equal(
		tell(&c, VHOST_USER_SET_INFLIGHT_FD, &area, VHOST_USER_INFLIGHT_SIZE, c.mem_fd),
		-EPROTO);
	assert_true(backend_said(b, "was not negotiated"));
	client_fini(&c);
}

static void descriptor_floods(void **state)
{
	struct backend *b = *state;
	struct vhost_user_table table = {.nr = 8};
	int fds[64];
	int fd;
	struct client c;

	join_bare(b, &c);
	for (int i = 0; i < 64; i++)
		fds[i] = c.mem_fd;
	/* With those where none belong. */
	assert_int_equal(client_tell(&c, VHOST_USER_SET_OWNER, NULL, 0, fds, 8), -EPROTO);
	assert_true(backend_said(b, "8 descriptors"));
	for (int i = 9; i <= 64; i += 11) {
		fd = backend_connect(b);
		client_disconnect(&c);
		assert_int_equal(client_send(fd, VHOST_USER_SET_MEM_TABLE, 0, &table, sizeof(table),
					     fds, (unsigned int)i),
				 0);
		backend_wait_end(b, fd);
		assert_true(backend_said(b, "malformed message: more than 8 descriptors"));
		close(fd);
	}
	client_fini(&c);
}

static void configuration_bounds(void **state)
{
	struct backend *b = *state;
	static const uint32_t at[][2] = {{0, 257}, {UINT32_MAX, 1}, {256, 1}, {200, UINT32_MAX}};
	struct vhost_user_config_space config;
	struct vhost_user_header h;
	struct client c;

	join_bare(b, &c);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		config = (struct vhost_user_config_space){.offset = at[i][0], .size = at[i][1]};
		assert_int_equal(
			client_send(c.fd, VHOST_USER_GET_CONFIG, 0, &config, 12 + 16, NULL, 0), 0);
		assert_int_equal(client_receive(c.fd, &h, &config, sizeof(config), NULL), 0);
		assert_int_equal(h.size, 0);
		config = (struct vhost_user_config_space){.offset = at[i][0], .size = at[i][1]};
		assert_int_equal(tell(&c, VHOST_USER_SET_CONFIG, &config, 12 + 16, -1), -EPROTO);
	}
	/* A field that is there, and that the driver has not negotiated to write. */
	config = (struct vhost_user_config_space){.offset = 32, .size = 1};
	assert_int_equal(tell(&c, VHOST_USER_SET_CONFIG, &config, 12 + 1, -1), -EPROTO);
	assert_true(backend_said(b, "1 bytes at 32 keep their value"));
	/* Of a machine that comes from elsewhere, it is what its device there said. */
	config.flags = VHOST_USER_CONFIG_MIGRATE;
	assert_int_equal(tell(&c, VHOST_USER_SET_CONFIG, &config, 12 + 1, -1), 0);
	/* Past the device's configuration, it is all zero. */
	config = (struct vhost_user_config_space){.offset = 128, .size = 128};
	assert_int_equal(
		client_ask(&c, VHOST_USER_GET_CONFIG, &config, 12 + 128, &config, 12 + 128), 0);
	assert_int_equal(config.data[0], 0);
	client_fini(&c);
}

/* The socket on which the back end tells of a resize. */
static void told_of_a_resize(void **state)
{
	struct backend *b = *state;
	struct vhost_user_config_space config = {.size = 8};
	int pair[2];
	int pipes[2];
	int event;
	int datagram;
	int inet;
	struct vhost_user_header h;
	uint64_t protocol;
	uint64_t sectors;
	struct client c;

	join_bare(b, &c);
	protocol = c.protocol | VHOST_USER_PF_BACKEND_REQ;
	assert_int_equal(
		tell(&c, VHOST_USER_SET_PROTOCOL_FEATURES, &protocol, sizeof(protocol), -1), 0);
	assert_int_equal(pipe(pipes), 0);
	event = eventfd(0, EFD_CLOEXEC);
	datagram = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	inet = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(tell(&c, VHOST_USER_SET_BACKEND_REQ_FD, NULL, 0, pipes[1]), -EPROTO);
	assert_int_equal(tell(&c, VHOST_USER_SET_BACKEND_REQ_FD, NULL, 0, event), -EPROTO);
	assert_int_equal(tell(&c, VHOST_USER_SET_BACKEND_REQ_FD, NULL, 0, datagram), -EPROTO);
	assert_int_equal(tell(&c, VHOST_USER_SET_BACKEND_REQ_FD, NULL, 0, inet), -EPROTO);
	assert_true(backend_said(b, "a Unix stream socket is needed"));
	assert_int_equal(tell(&c, VHOST_USER_SET_BACKEND_REQ_FD, NULL, 0, -1), -EPROTO);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(tell(&c, VHOST_USER_SET_BACKEND_REQ_FD, NULL, 0, pair[1]), 0);
	assert_int_equal(ftruncate(b->fd, 2 * DISK_SIZE), 0);
	assert_int_equal(blk_dev_resize(b->dev), 0);
	assert_int_equal(client_receive(pair[0], &h, NULL, 0, NULL), 0);
	assert_int_equal(h.request, VHOST_USER_BACKEND_CONFIG_CHANGE);
	assert_int_equal(client_ask(&c, VHOST_USER_GET_CONFIG, &config, 12 + 8, &config, 12 + 8),
			 0);
	memcpy(&sectors, config.data, sizeof(sectors));
	assert_int_equal(sectors, 2 * DISK_SIZE / 512);
	/* Nobody reads it any more: it is told all the same, and nothing waits. */
	close(pair[0]);
	assert_int_equal(ftruncate(b->fd, DISK_SIZE), 0);
	assert_int_equal(blk_dev_resize(b->dev), 0);
	close(pair[1]);
	close(event);
	close(datagram);
	close(inet);
	close(pipes[0]);
	close(pipes[1]);
	client_fini(&c);
}

static void never_reads(void **state)
{
	struct backend *b = *state;
	int fd = backend_connect(b);
	int i;

	/* Until its answers have no room, or the back end is gone. */
	for (i = 0; i < 100000; i++)
		if (client_send(fd, VHOST_USER_GET_FEATURES, 0, NULL, 0, NULL, 0))
			break;
	assert_in_range(i, 1, 99999);
	backend_wait_end(b, fd);
	assert_true(backend_said(b, "the answer is not taken"));
	close(fd);
}

static void inflight_areas(void **state)
{
	struct backend *b = *state;
	static const struct vhost_user_inflight_area bad[] = {
		{4096, 0, 0, 16},  {4096, 0, QUEUES + 1, 16},   {4096, 0, UINT16_MAX, 16},
		{4096, 0, 1, 0},   {1 << 20, 0, 1, UINT16_MAX}, {64, 0, 1, 256},
		{0, 0, 1, 16},     {UINT64_MAX, 0, 1, 16},      {4096, UINT64_MAX - 63, 1, 16},
		{4096, 32, 1, 16}, {4096, MEMORY_SIZE, 1, 16},
	};
	struct vhost_user_header h;
	struct client c;

	join_bare(b, &c);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(tell(&c, VHOST_USER_SET_INFLIGHT_FD, &bad[i],
				      VHOST_USER_INFLIGHT_SIZE, c.mem_fd),
				 -EPROTO);
		assert_true(backend_said(b, "SET_INFLIGHT_FD is refused: "));
	}
	/* One that is for fewer rings, of fewer entries, than there are. */
	assert_int_equal(tell(&c, VHOST_USER_SET_INFLIGHT_FD,
			      &(struct vhost_user_inflight_area){4096, DATA, 1, 4},
			      VHOST_USER_INFLIGHT_SIZE, c.mem_fd),
			 0);
	assert_int_equal(client_ring_start(&c, 0), -EPROTO);
	assert_true(backend_said(b, "the inflight region is for 1 rings of 4"));
	assert_int_equal(client_send(c.fd, VHOST_USER_GET_INFLIGHT_FD, 0, &bad[2],
				     VHOST_USER_INFLIGHT_SIZE, NULL, 0),
			 0);
	assert_true(client_receive(c.fd, &h, c.config, sizeof(c.config), NULL) != 0);
	assert_true(backend_said(b, "at most 2 of 1024"));
	client_fini(&c);
}

/* The acknowledgement of what is told follows the count of it. */
static void refusals_are_counted(void **state)
{
	struct backend *b = *state;
	struct vhost_user_ring_state none = {QUEUES, 16};
	struct vhost_user_stats before;
	struct vhost_user_stats stats;
	struct client c;
	uint32_t base;

	join_bare(b, &c);
	vhost_user_get_stats(b->vu, &before);
	assert_int_equal(before.sessions, 1);
	assert_int_equal(before.refusals, 0);
	assert_int_equal(tell(&c, VHOST_USER_SET_VRING_NUM, &none, sizeof(none), -1), -EPROTO);
	vhost_user_get_stats(b->vu, &stats);
	assert_int_equal(stats.messages, before.messages + 1);
	assert_int_equal(stats.refusals, 1);
	assert_int_equal(client_ring_start(&c, 0), 0);
	assert_int_equal(client_do(&c, 0, 0, 0, 512), 0);
	/* The ring has stopped: all that it had to signal is. */
	assert_int_equal(client_ring_stop(&c, 0, &base), 0);
	vhost_user_get_stats(b->vu, &stats);
	assert_true(stats.signals > 0);
	client_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(split_in_bytes, backend_setup, backend_teardown),
		cmocka_unit_test_setup_teardown(two_at_once, backend_setup, backend_teardown),
		cmocka_unit_test_setup_teardown(malformed_headers, backend_setup, backend_teardown),
		cmocka_unit_test_setup_teardown(wrong_sizes, backend_setup, backend_teardown),
		cmocka_unit_test_setup_teardown(unknown_request, backend_setup, backend_teardown),
		cmocka_unit_test_setup_teardown(not_negotiated, backend_setup, backend_teardown),
		cmocka_unit_test_setup_teardown(descriptor_floods, backend_setup, backend_teardown),
		cmocka_unit_test_setup_teardown(configuration_bounds, backend_setup,
						backend_teardown),
		cmocka_unit_test_setup_teardown(told_of_a_resize, backend_setup, backend_teardown),
		cmocka_unit_test_setup_teardown(never_reads, backend_setup, backend_teardown),
		cmocka_unit_test_setup_teardown(inflight_areas, backend_setup, backend_teardown),
		cmocka_unit_test_setup_teardown(refusals_are_counted, backend_setup,
						backend_teardown),
	};

	return cmocka_run_group_tests_name("virtio_vhost_user_messages", tests, NULL, NULL);
}
