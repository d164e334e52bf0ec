/* SPDX-License-Identifier: BSD-2-Clause */
/* A disk that goes from one back end to another with its machine: what is in the page cache, and
 * the size, where rings start and stop. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/virtio/vhost_user/backend.h"

/* How many pages of the image are in the page cache. */
static unsigned int resident(const struct backend *b)
{
	static unsigned char page[DISK_SIZE / 4096];
	void *at = mmap(NULL, DISK_SIZE, PROT_READ, MAP_SHARED, b->fd, 0);
	unsigned int n = 0;

	assert_true(at != MAP_FAILED);
	assert_int_equal(mincore(at, DISK_SIZE, page), 0);
	munmap(at, DISK_SIZE);
	for (size_t i = 0; i < sizeof(page); i++)
		n += page[i] & 1;
	return n;
}

static void read_image(const struct backend *b)
{
	static uint8_t all[DISK_SIZE];

	assert_int_equal(pread(b->fd, all, sizeof(all), 0), sizeof(all));
	assert_int_equal(resident(b), DISK_SIZE / 4096);
}

static void write_image(const struct backend *b)
{
	static uint8_t all[DISK_SIZE];

	memset(all, 0x5a, sizeof(all));
	assert_int_equal(pwrite(b->fd, all, sizeof(all), 0), sizeof(all));
	assert_int_equal(fsync(b->fd), 0);
}

/* What another host wrote since is not what the cache has. */
static void cache_is_dropped_at_first(void **state)
{
	struct backend *b = *state;
	struct client c;
	uint32_t base;

	write_image(b);
	client_join_bare(b, &c);
	assert_int_equal(client_share(&c), 0);
	read_image(b);
	assert_int_equal(client_ring_start(&c, 0), 0);
	assert_int_equal(resident(b), 0);
	/* Not under a ring that runs. */
	read_image(b);
	assert_int_equal(client_ring_start(&c, 1), 0);
	assert_int_equal(client_ring_stop(&c, 1, &base), 0);
	assert_int_equal(resident(b), DISK_SIZE / 4096);
	client_leave(&c);
}

/* What is not written yet cannot be dropped from the cache: who has none has all on the disk. */
static void stop_is_told_when_stable(void **state)
{
	struct backend *b = *state;
	struct client c;
	uint32_t base;

	client_join(b, &c);
	for (unsigned int round = 0; round < 20; round++) {
		for (unsigned int i = 0; i < DISK_SIZE / 65536; i++) {
			struct client_request q;

			client_request_at(&q, i & 1, 0, 1, i * 128, 65536);
			memset(c.mem + q.data, (int)(round + i), 65536);
			assert_int_equal(client_do(&c, i & 1, 1, i * 128, 65536), 0);
		}
		assert_int_equal(client_ring_stop(&c, round & 1, &base), 0);
		assert_true(resident(b) != 0);
		assert_int_equal(client_ring_stop(&c, ~round & 1, &base), 0);
		assert_int_equal(resident(b), 0);
		assert_int_equal(client_ring_start(&c, 0), 0);
		assert_int_equal(client_ring_start(&c, 1), 0);
	}
	client_leave(&c);
}

/* A front end that does not wait for the answer, or sends more before it has come. */
static void impatient(void **state)
{
	struct vhost_user_ring_state first = {0, 0};
	struct vhost_user_ring_state last = {1, 0};
	struct vhost_user_ring_state answer;
	struct backend *b = *state;
	struct vhost_user_header h;
	struct client c;

	for (unsigned int i = 0; i < 20; i++) {
		client_join(b, &c);
		assert_int_equal(client_do(&c, 0, 1, 0, 65536), 0);
		assert_int_equal(client_send(c.fd, VHOST_USER_GET_VRING_BASE, 0, &first,
					     sizeof(first), NULL, 0),
				 0);
		assert_int_equal(client_send(c.fd, VHOST_USER_GET_VRING_BASE, 0, &last,
					     sizeof(last), NULL, 0),
				 0);
		assert_int_equal(client_send(c.fd, VHOST_USER_GET_VRING_BASE, 0, &first,
					     sizeof(first), NULL, 0),
				 0);
		if (i & 1) {
			answer.index = 9;
			assert_int_equal(client_receive(c.fd, &h, &answer, sizeof(answer), NULL),
					 0);
			assert_int_equal(answer.index, 0);
			assert_int_equal(client_receive(c.fd, &h, &answer, sizeof(answer), NULL),
					 0);
			assert_int_equal(answer.index, 1);
			assert_int_equal(client_receive(c.fd, &h, &answer, sizeof(answer), NULL),
					 0);
			assert_int_equal(answer.index, 0);
		}
		client_leave(&c);
	}
}

/* Who has not answered all does not say so: the machine would go on elsewhere without. */
static void no_stop_of(struct backend *b, bool disabled)
{
	struct vhost_user_ring_state off = {0, 0};
	struct client c;
	uint32_t base;

	client_join(b, &c);
	assert_int_equal(client_do(&c, 0, 1, 0, 65536), 0);
	assert_int_equal(client_ring_stop(&c, 1, &base), 0);
	virtio_device_halt(b->dev);
	if (disabled)
		assert_int_equal(
			client_tell(&c, VHOST_USER_SET_VRING_ENABLE, &off, sizeof(off), NULL, 0),
			0);
	assert_true(client_ring_stop(&c, 0, &base) < 0);
	backend_wait_said(b, "GET_VRING_BASE is refused: the service ends");
	backend_wait_end(b, c.fd);
	client_leave(&c);
}

static void end_is_no_stop(void **state)
{
	no_stop_of(*state, false);
}

/* QEMU disables a ring before it asks where it stopped. */
static void end_is_no_stop_of_disabled(void **state)
{
	no_stop_of(*state, true);
}

static uint64_t capacity(struct client *c)
{
	struct vhost_user_config_space ask = {.size = 8};
	struct vhost_user_config_space answer;
	const uint32_t size = VHOST_USER_CONFIG_HEADER + 8;
	uint64_t sectors;

	assert_int_equal(client_ask(c, VHOST_USER_GET_CONFIG, &ask, size, &answer, size), 0);
	memcpy(&sectors, answer.data, sizeof(sectors));
	return sectors * 512;
}

/* What grew while another host had it is as large here, and the driver hears of it. */
static void size_is_read_at_first(void **state)
{
	struct backend *b = *state;
	struct pollfd p = {.events = POLLIN};
	struct vhost_user_header h;
	struct client c;
	uint64_t protocol;
	uint32_t base;
	int back[2];

	client_join(b, &c);
	protocol = c.protocol | VHOST_USER_PF_BACKEND_REQ;
	assert_int_equal(client_tell(&c, VHOST_USER_SET_PROTOCOL_FEATURES, &protocol,
				     sizeof(protocol), NULL, 0),
			 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, back), 0);
	assert_int_equal(client_send(c.fd, VHOST_USER_SET_BACKEND_REQ_FD, 0, NULL, 0, &back[1], 1),
			 0);
	assert_int_equal(capacity(&c), DISK_SIZE);
	assert_int_equal(ftruncate(b->fd, 2 * DISK_SIZE), 0);
	assert_int_equal(client_ring_stop(&c, 0, &base), 0);
	assert_int_equal(client_ring_start(&c, 0), 0);
	assert_int_equal(capacity(&c), DISK_SIZE);
	assert_int_equal(client_ring_stop(&c, 0, &base), 0);
	assert_int_equal(client_ring_stop(&c, 1, &base), 0);
	p.fd = back[0];
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_int_equal(client_ring_start(&c, 0), 0);
	assert_int_equal(capacity(&c), 2 * DISK_SIZE);
	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_int_equal(client_receive(back[0], &h, NULL, 0, NULL), 0);
	assert_int_equal(h.request, VHOST_USER_BACKEND_CONFIG_CHANGE);
	assert_int_equal(client_do(&c, 0, 1, 2 * DISK_SIZE / 512 - 8, 4096), 0);
	/* Unchanged it is not told again. */
	assert_int_equal(client_ring_stop(&c, 0, &base), 0);
	assert_int_equal(client_ring_start(&c, 0), 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_int_equal(ftruncate(b->fd, DISK_SIZE), 0);
	close(back[0]);
	close(back[1]);
	client_leave(&c);
}

/* ... of one that serves nobody any more. */
static int teardown_ended(void **state)
{
	backend_stop(*state);
	return 0;
}

#define TEST(name)   cmocka_unit_test_setup_teardown(name, backend_setup, backend_teardown)
#define ENDED(name)  cmocka_unit_test_setup_teardown(name, backend_setup, teardown_ended)
#define CACHED(name) cmocka_unit_test_setup_teardown(name, backend_setup_cached, backend_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cache_is_dropped_at_first),
		CACHED(cache_is_dropped_at_first),
		CACHED(stop_is_told_when_stable),
		TEST(impatient),
		CACHED(impatient),
		TEST(size_is_read_at_first),
		ENDED(end_is_no_stop),
		ENDED(end_is_no_stop_of_disabled),
	};

	return cmocka_run_group_tests_name("virtio_vhost_user_handover", tests, NULL, NULL);
}
