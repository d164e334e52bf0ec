/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of hostile and of honest front ends: files that are none, regions that come and go
 * under I/O or shrink, buffers across regions. Each case ends with the back end whole,
 * as in messages.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mm/util.h"
#include "tests/unit/virtio/vhost_user/backend.h"
#include "virtio/ring/vring.h"
#include "virtio/vhost_user/guard.h"

static int tell(struct client *c, uint32_t request, const void *payload, uint32_t size)
{
	return client_tell(c, request, payload, size, NULL, 0);
}

/* ADD_MEM_REG or REM_MEM_REG of a part of the client's memory. */
static int tell_part(struct client *c, uint32_t request, uint64_t from, uint64_t to)
{
	struct vhost_user_single_region r = {
		.region = {client_gpa(from), to - from, (uintptr_t)c->mem + from, from}};

	return client_tell(c, request, &r, sizeof(r), &c->mem_fd, 1);
}

static void refused_file(struct backend *b, struct client *c, int fd, const char *why)
{
	struct vhost_user_single_region r = {.region = {1ull << 40, 4096, 1ull << 44, 0}};

	assert_true(fd >= 0);
	assert_int_equal(client_tell(c, VHOST_USER_ADD_MEM_REG, &r, sizeof(r), &fd, 1), -EPROTO);
	assert_true(backend_said(b, why));
	close(fd);
}

static void kinds_of_files(void **state)
{
	struct backend *b = *state;
	char path[40];
	int fd;
	int pipes[2];
	struct client c;

	client_join_bare(b, &c);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", c.mem_fd);
	refused_file(b, &c, open(path, O_RDONLY | O_CLOEXEC), "open for reading and writing");
	refused_file(b, &c, open(path, O_PATH | O_CLOEXEC), "Bad file descriptor");
	refused_file(b, &c, open("/dev/zero", O_RDWR | O_CLOEXEC), "regular file");
	refused_file(b, &c, socket(AF_UNIX, SOCK_STREAM, 0), "regular file");
	assert_int_equal(pipe(pipes), 0);
	refused_file(b, &c, pipes[0], "regular file");
	refused_file(b, &c, pipes[1], "regular file");
	fd = memfd_create("empty", MFD_CLOEXEC);
	refused_file(b, &c, fd, "beyond its file");
	fd = memfd_create("small", MFD_CLOEXEC);
	assert_int_equal(ftruncate(fd, 4095), 0);
	refused_file(b, &c, fd, "beyond its file");
	fd = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(fd, 4096), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	refused_file(b, &c, fd, "not sealed against writing");
	client_leave(&c);
}

/* A ring would not be aligned in this process as it is for the guest. */
static void unaligned_regions(void **state)
{
	struct backend *b = *state;
	static const struct vhost_user_region bad[] = {
		{(1ull << 40) + 8, 4096, 1ull << 44, 0},
		{1ull << 40, 4096, (1ull << 44) + 512, 0},
		{1ull << 40, 4096, 1ull << 44, 1},
	};
	struct vhost_user_single_region r = {0};
	struct client c;

	client_join_bare(b, &c);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		r.region = bad[i];
		assert_int_equal(
			client_tell(&c, VHOST_USER_ADD_MEM_REG, &r, sizeof(r), &c.mem_fd, 1),
			-EPROTO);
		assert_true(backend_said(b, "multiples of 4096"));
	}
	client_leave(&c);
}

/* The file is cut while requests are on it: what would be SIGBUS ends the session. */
static void shrinking_file(void **state)
{
	struct backend *b = *state;
	struct client_request q;
	struct client c;

	/* cmocka has taken the signal for the time of a test. */
	assert_int_equal(vhost_user_guard_setup(), 0);
	client_join(b, &c);
	for (unsigned int i = 0; i < SLOTS; i++) {
		client_request_at(&q, 0, i, 0, i * 8, 4096);
		client_post(&c, 0, (uint16_t)i, &q);
	}
	client_kick(&c.ring[0]);
	assert_int_equal(ftruncate(c.mem_fd, 0), 0);
	/* Ringing makes it look, wherever it is; our own mapping is as dead as its own. */
	assert_int_equal(write(c.ring[0].kick, &(uint64_t){1}, 8), 8);
	backend_wait_end(b, c.fd);
	assert_true(backend_said(b, "must not shrink"));
	client_leave(&c);
}

static void shrinking_inflight(void **state)
{
	struct backend *b = *state;
	struct client_request q;
	struct client c;
	uint16_t size;

	assert_int_equal(vhost_user_guard_setup(), 0);
	client_join_bare(b, &c);
	assert_int_equal(client_share(&c), 0);
	size = c.ring[0].size;
	c.inflight_fd = memfd_create("inflight", MFD_CLOEXEC);
	c.inflight = (struct vhost_user_inflight_area){8192, 0, QUEUES, size};
	assert_int_equal(ftruncate(c.inflight_fd, 8192), 0);
	assert_int_equal(client_share_inflight(&c, QUEUES, size), 0);
	for (unsigned int i = 0; i < QUEUES; i++)
		assert_int_equal(client_ring_start(&c, i), 0);
	assert_int_equal(ftruncate(c.inflight_fd, 0), 0);
	client_request_at(&q, 0, 0, 0, 0, 512);
	client_post(&c, 0, 0, &q);
	assert_int_equal(write(c.ring[0].kick, &(uint64_t){1}, 8), 8);
	backend_wait_end(b, c.fd);
	assert_true(backend_said(b, "must not shrink"));
	client_leave(&c);
}

/* Regions come and go while requests are in flight, on them and elsewhere. */
static void regions_under_io(void **state)
{
	struct backend *b = *state;
	struct vhost_user_single_region more = {.region = {1ull << 40, DATA_ROOM, 1 << 20, 0}};
	struct client_request q;
	struct client c;

	client_join(b, &c);
	for (unsigned int round = 0; round < 50; round++) {
		more.region.mmap_offset = DATA + round * 4096;
		assert_int_equal(
			client_tell(&c, VHOST_USER_ADD_MEM_REG, &more, sizeof(more), &c.mem_fd, 1),
			0);
		for (unsigned int i = 0; i < SLOTS; i++) {
			client_request_at(&q, 0, i, i & 1, i * 8, 4096);
			if (i & 2) /* data in the region that goes */
				q.data = more.region.guest_addr - CLIENT_GPA_BASE;
			client_post(&c, 0, (uint16_t)i, &q);
		}
		client_kick(&c.ring[0]);
		/* Those that are not taken yet when it goes are in no memory. */
		if (round & 1)
			for (unsigned int i = 0; i < SLOTS; i++)
				client_wait(&c, 0);
		assert_int_equal(
			client_tell(&c, VHOST_USER_REM_MEM_REG, &more, sizeof(more), &c.mem_fd, 1),
			0);
		if (!(round & 1)) {
			/* All anew: the whole table, replaced under what is left. */
			assert_int_equal(client_share(&c), 0);
			client_fini(&c);
			client_join(b, &c);
		}
	}
	client_leave(&c);
}

/* A hole in the file, as a balloon makes one: the pages that I/O has used are gone, and no message
 * says so. */
static void give_back(struct client *c)
{
	assert_int_equal(fallocate(c->mem_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, DATA,
				   MEMORY_SIZE - DATA),
			 0);
}

static void reads_after_a_hole(void **state)
{
	static const uint8_t none[DATA_ROOM];
	static uint8_t pattern[DATA_ROOM];
	struct backend *b = *state;
	struct client c;

	memset(pattern, 0xa5, sizeof(pattern));
	assert_int_equal(pwrite(b->fd, pattern, sizeof(pattern), 0), sizeof(pattern));
	client_join(b, &c);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(client_do(&c, 0, 0, 0, DATA_ROOM), 0);
		assert_memory_equal(c.mem + DATA, pattern, DATA_ROOM);
		give_back(&c);
		assert_memory_equal(c.mem + DATA, none, DATA_ROOM);
	}
	client_leave(&c);
}

static void writes_after_a_hole(void **state)
{
	static uint8_t pattern[DATA_ROOM];
	static uint8_t found[DATA_ROOM];
	struct backend *b = *state;
	struct client c;

	client_join(b, &c);
	for (unsigned int i = 0; i < 3; i++) {
		memset(pattern, 0x51 + (int)i, sizeof(pattern));
		memcpy(c.mem + DATA, pattern, DATA_ROOM);
		assert_int_equal(client_do(&c, 0, 1, 0, DATA_ROOM), 0);
		assert_int_equal(pread(b->fd, found, DATA_ROOM, 0), DATA_ROOM);
		assert_memory_equal(found, pattern, DATA_ROOM);
		give_back(&c);
	}
	client_leave(&c);
}

static void ring_memory_removed(void **state)
{
	struct backend *b = *state;
	struct vhost_user_single_region all;
	struct client c;

	client_join(b, &c);
	all = (struct vhost_user_single_region){
		.region = {CLIENT_GPA_BASE, c.mem_size, (uintptr_t)c.mem, 0}};
	assert_int_equal(client_do(&c, 0, 0, 0, 4096), 0);
	assert_int_equal(tell(&c, VHOST_USER_REM_MEM_REG, &all, sizeof(all)), -EPROTO);
	assert_true(backend_said(b, "outside of the memory shared"));
	/* Back again, it goes on where it was. */
	assert_int_equal(client_tell(&c, VHOST_USER_ADD_MEM_REG, &all, sizeof(all), &c.mem_fd, 1),
			 0);
	assert_int_equal(client_do(&c, 0, 0, 0, 4096), 0);
	assert_int_equal(client_do(&c, 1, 0, 0, 4096), 0);
	client_leave(&c);
}

/* A ring whose memory is gone waits for it, and keeps no other region out. */
static void ring_memory_moved(void **state)
{
	struct backend *b = *state;
	const uint64_t ring1 = CLIENT_RING_ROOM;
	const uint64_t rest = 2 * CLIENT_RING_ROOM;
	struct vhost_user_single_region far = {.region = {1ull << 44, 4096, 1ull << 45, 0}};
	struct client c;

	client_join_bare(b, &c);
	assert_int_equal(tell_part(&c, VHOST_USER_ADD_MEM_REG, 0, ring1), 0);
	assert_int_equal(tell_part(&c, VHOST_USER_ADD_MEM_REG, ring1, rest), 0);
	assert_int_equal(tell_part(&c, VHOST_USER_ADD_MEM_REG, rest, MEMORY_SIZE), 0);
	assert_int_equal(client_ring_start(&c, 0), 0);
	assert_int_equal(client_ring_start(&c, 1), 0);
	assert_int_equal(client_do(&c, 1, 0, 0, 4096), 0);
	assert_int_equal(tell_part(&c, VHOST_USER_REM_MEM_REG, ring1, rest), -EPROTO);
	assert_true(backend_said(b, "ring 1 of"));
	assert_int_equal(client_tell(&c, VHOST_USER_ADD_MEM_REG, &far, sizeof(far), &c.mem_fd, 1),
			 0);
	assert_int_equal(client_do(&c, 0, 0, 0, 4096), 0);
	assert_int_equal(tell_part(&c, VHOST_USER_ADD_MEM_REG, ring1, rest), 0);
	assert_int_equal(client_do(&c, 1, 0, 0, 4096), 0);
	client_leave(&c);
}

/* Memory in regions that are neighbours: the first ends within the first slot's data, the
 * second is one page. */
static void join_in_pieces(struct backend *b, struct client *c, uint64_t first)
{
	client_join_bare(b, c);
	assert_int_equal(tell_part(c, VHOST_USER_ADD_MEM_REG, 0, first), 0);
	assert_int_equal(tell_part(c, VHOST_USER_ADD_MEM_REG, first, first + 4096), 0);
	assert_int_equal(tell_part(c, VHOST_USER_ADD_MEM_REG, first + 4096, MEMORY_SIZE), 0);
	assert_int_equal(client_ring_start(c, 0), 0);
}

static void buffer_across_regions(void **state)
{
	struct backend *b = *state;
	static uint8_t pattern[DATA_ROOM];
	static uint8_t found[DATA_ROOM];
	struct client_request q;
	struct client c;

	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)(i * 7 + i / 256);
	join_in_pieces(b, &c, DATA + 3 * 4096);
	client_request_at(&q, 0, 0, 1, 0, DATA_ROOM);
	memcpy(c.mem + q.data, pattern, sizeof(pattern));
	assert_int_equal(client_do(&c, 0, 1, 16, DATA_ROOM), 0);
	assert_int_equal(pread(b->fd, found, sizeof(found), 16 * 512), sizeof(found));
	assert_memory_equal(found, pattern, sizeof(pattern));
	memset(c.mem + q.data, 0, DATA_ROOM);
	assert_int_equal(client_do(&c, 0, 0, 16, DATA_ROOM), 0);
	assert_memory_equal(c.mem + q.data, pattern, sizeof(pattern));
	client_leave(&c);

	/* A header in two pieces. Its table would have to lie in one. */
	assert_int_equal(client_init(&c, MEMORY_SIZE), 0);
	c.plain = true;
	assert_int_equal(client_attach(&c, backend_connect(b)), 0);
	assert_int_equal(client_ring_init(&c, 0, SLOTS, 0), 0);
	assert_int_equal(tell_part(&c, VHOST_USER_ADD_MEM_REG, 0, HEADERS + 4096), 0);
	assert_int_equal(tell_part(&c, VHOST_USER_ADD_MEM_REG, HEADERS + 4096, MEMORY_SIZE), 0);
	assert_int_equal(client_ring_start(&c, 0), 0);
	q.type = 0;
	q.sector = 16;
	q.header = HEADERS + 4096 - 8;
	memset(c.mem + q.data, 0, DATA_ROOM);
	client_post(&c, 0, 0, &q);
	client_kick(&c.ring[0]);
	assert_int_equal(client_wait(&c, 0), 0);
	assert_int_equal(c.mem[q.header + 16], 0);
	assert_memory_equal(c.mem + q.data, pattern, sizeof(pattern));
	client_leave(&c);
}

/* Where the neighbour is missing, so is the buffer; and a table lies in one region. */
static void buffer_across_a_hole(void **state)
{
	struct backend *b = *state;
	const uint64_t first = DATA + 3 * 4096;
	struct client_request q;
	struct client c;

	join_in_pieces(b, &c, first);
	assert_int_equal(client_do(&c, 0, 0, 0, DATA_ROOM), 0);
	assert_int_equal(tell_part(&c, VHOST_USER_REM_MEM_REG, first, first + 4096), 0);
	client_request_at(&q, 0, 0, 0, 0, DATA_ROOM);
	client_post(&c, 0, 0, &q);
	client_kick(&c.ring[0]);
	/* Stopping it waits for the I/O thread to have seen it. */
	backend_wait_said(b, "makes no sense");
	client_leave(&c);

	join_in_pieces(b, &c, HEADERS + 4096);
	client_request_at(&q, 0, 0, 0, 0, 4096);
	q.header = HEADERS + 4096 - 40;
	client_post(&c, 0, 0, &q);
	client_kick(&c.ring[0]);
	backend_wait_said(b, "makes no sense");
	client_leave(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, backend_setup, backend_teardown)
#define TEST_REGISTERED(name) \
	cmocka_unit_test_setup_teardown(name, backend_setup_registered, backend_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(kinds_of_files),
		TEST(unaligned_regions),
		TEST(shrinking_file),
		TEST(shrinking_inflight),
		TEST(regions_under_io),
		TEST(ring_memory_removed),
		TEST(ring_memory_moved),
		TEST(buffer_across_regions),
		TEST(buffer_across_a_hole),
		TEST(reads_after_a_hole),
		TEST(writes_after_a_hole),
		TEST_REGISTERED(shrinking_file),
		TEST_REGISTERED(regions_under_io),
		TEST_REGISTERED(buffer_across_regions),
	};

	return cmocka_run_group_tests_name("virtio_vhost_user_memory", tests, NULL, NULL);
}
