/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of hostile and of honest front ends: files that are none, regions that come and go
 * under I/O or shrink, buffers across regions, logs. Each case ends with the back end whole,
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

static bool is_dirty(const uint8_t *log, uint64_t gpa)
{
	return log[gpa / 4096 / 8] >> (gpa / 4096 % 8) & 1;
}

/* What is read into memory, and the used ring, are in the log; nothing else is. */
static void dirty_log(void **state)
{
	struct backend *b = *state;
	const uint64_t size = (CLIENT_GPA_BASE + MEMORY_SIZE) / 4096 / 8 + 8;
	struct vhost_user_log_area area = {size, 4096};
	struct vhost_user_ring_addr addr = {.flags = VHOST_USER_RING_LOG};
	struct vhost_user_header h;
	struct client_request q;
	uint64_t answer;
	uint64_t features;
	struct client c;
	uint8_t *log;
	unsigned int n = 0;
	int fd;

	client_join(b, &c);
	fd = memfd_create("log", MFD_CLOEXEC);
	assert_int_equal(ftruncate(fd, (off_t)(size + 8192)), 0);
	log = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(log != MAP_FAILED);
	assert_int_equal(client_send(c.fd, VHOST_USER_SET_LOG_BASE, 0, &area, sizeof(area), &fd, 1),
			 0);
	assert_int_equal(client_receive(c.fd, &h, &answer, sizeof(answer), NULL), 0);
	assert_int_equal(answer, 0);
	/* On, while rings run. */
	features = c.features | VHOST_USER_F_LOG_ALL;
	assert_int_equal(tell(&c, VHOST_USER_SET_FEATURES, &features, 8), 0);
	addr.desc = (uintptr_t)c.ring[0].desc;
	addr.avail = (uintptr_t)c.ring[0].avail;
	addr.used = (uintptr_t)c.ring[0].used;
	addr.log = client_gpa((uint64_t)((uint8_t *)c.ring[0].used - c.mem));
	assert_int_equal(tell(&c, VHOST_USER_SET_VRING_ADDR, &addr, sizeof(addr)), 0);
	client_request_at(&q, 0, 0, 0, 0, 8192);
	assert_int_equal(client_do(&c, 0, 0, 0, 8192), 0);
	assert_true(is_dirty(log + 4096, client_gpa(q.data)));
	assert_true(is_dirty(log + 4096, client_gpa(q.data) + 4096));
	assert_true(is_dirty(log + 4096, client_gpa(q.header)));
	/* The ring is marked after it says so. */
	while (!is_dirty(log + 4096, addr.log))
		sched_yield();
	for (uint64_t page = 0; page < CLIENT_GPA_BASE + MEMORY_SIZE; page += 4096)
		n += is_dirty(log + 4096, page);
	assert_int_equal(n, 4);
	/* Off. */
	memset(log, 0, size + 4096);
	assert_int_equal(tell(&c, VHOST_USER_SET_FEATURES, &c.features, 8), 0);
	assert_int_equal(client_do(&c, 0, 0, 0, 8192), 0);
	assert_false(is_dirty(log + 4096, client_gpa(q.data)));
	/* One that covers nothing, and some that cannot be. */
	area = (struct vhost_user_log_area){8, 0};
	assert_int_equal(client_send(c.fd, VHOST_USER_SET_LOG_BASE, 0, &area, sizeof(area), &fd, 1),
			 0);
	assert_int_equal(client_receive(c.fd, &h, &answer, sizeof(answer), NULL), 0);
	assert_int_equal(tell(&c, VHOST_USER_SET_FEATURES, &features, 8), 0);
	assert_int_equal(client_do(&c, 0, 0, 0, 8192), 0);
	area = (struct vhost_user_log_area){UINT64_MAX, 4096};
	assert_int_equal(client_send(c.fd, VHOST_USER_SET_LOG_BASE, 0, &area, sizeof(area), &fd, 1),
			 0);
	backend_wait_end(b, c.fd);
	assert_true(backend_said(b, "SET_LOG_BASE is refused"));
	munmap(log, size + 4096);
	close(fd);
	client_leave(&c);
}

#define LOG_SIZE ((CLIENT_GPA_BASE + MEMORY_SIZE) / 4096 / 8 + 8)

/* Sets a new log of size bytes, all clear: its bytes. */
static uint8_t *new_log(struct client *c, uint64_t size)
{
	struct vhost_user_log_area area = {size, 0};
	struct vhost_user_header h;
	int fd = memfd_create("log", MFD_CLOEXEC);
	uint64_t answer = 1;
	uint8_t *log;

	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	log = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(log != MAP_FAILED);
	assert_int_equal(
		client_send(c->fd, VHOST_USER_SET_LOG_BASE, 0, &area, sizeof(area), &fd, 1), 0);
	assert_int_equal(client_receive(c->fd, &h, &answer, sizeof(answer), NULL), 0);
	assert_int_equal(answer, 0);
	close(fd);
	return log;
}

static void logging(struct client *c, bool on)
{
	uint64_t features = c->features | (on ? VHOST_USER_F_LOG_ALL : 0);

	assert_int_equal(tell(c, VHOST_USER_SET_FEATURES, &features, 8), 0);
}

/* How many pages of all below the end of the client's memory are marked. */
static unsigned int marked(const uint8_t *log)
{
	unsigned int n = 0;

	for (uint64_t page = 0; page < CLIENT_GPA_BASE + MEMORY_SIZE; page += 4096)
		n += is_dirty(log, page);
	return n;
}

static bool all_marked(const uint8_t *log)
{
	for (uint64_t page = 0; page < MEMORY_SIZE; page += 4096)
		if (!is_dirty(log, client_gpa(page)))
			return false;
	return marked(log) == MEMORY_SIZE / 4096;
}

/* A client whose account of what is in flight was made by a session before. */
static void join_again(struct backend *b, struct client *c)
{
	client_join(b, c);
	client_disconnect(c);
	assert_int_equal(client_attach(c, backend_connect(b)), 0);
	assert_int_equal(client_share(c), 0);
	assert_int_equal(client_share_inflight(c, QUEUES, c->ring[0].size), 0);
}

/* What a back end marked before it was killed is lost: whatever the order in which the next one
 * learns of ring, log and logging, it marks all memory. */
static void lost_log(void **state)
{
	static const char *const orders[] = {"flr", "frl", "rfl", "rlf", "lfr", "lrf"};
	struct backend *b = *state;
	struct client c;
	uint8_t *log;

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		join_again(b, &c);
		log = NULL;
		for (const char *step = orders[i]; *step; step++) {
			assert_true(!log || !marked(log));
			if (*step == 'f')
				logging(&c, true);
			else if (*step == 'l')
				log = new_log(&c, LOG_SIZE);
			else
				assert_int_equal(client_ring_start(&c, 0), 0);
		}
		assert_true(all_marked(log));
		munmap(log, LOG_SIZE);
		/* Once: a second log of the session has what it marks itself. */
		log = new_log(&c, LOG_SIZE);
		assert_int_equal(client_do(&c, 0, 0, 0, 4096), 0);
		assert_in_range(marked(log), 1, 4);
		munmap(log, LOG_SIZE);
		client_leave(&c);
	}
}

/* As far as the log goes, and not a byte on. */
static void lost_log_is_short(void **state)
{
	const uint64_t size = client_gpa(MEMORY_SIZE / 2) / 4096 / 8;
	struct backend *b = *state;
	struct vhost_user_stats stats;
	struct client c;
	uint8_t *log;

	join_again(b, &c);
	logging(&c, true);
	log = new_log(&c, size);
	assert_int_equal(client_ring_start(&c, 0), 0);
	assert_true(is_dirty(log, client_gpa(0)));
	assert_int_equal(log[size - 1], 0xff);
	vhost_user_get_stats(b->vu, &stats);
	assert_int_equal(stats.log_misses, 1);
	munmap(log, size);
	client_leave(&c);
}

/* Without a session before nothing is lost: not with the session's own account, at the first
 * start nor at later ones, and not without an account. */
static void no_log_lost(void **state)
{
	struct backend *b = *state;
	struct client c;
	uint8_t *log;
	uint32_t base;

	client_join_bare(b, &c);
	assert_int_equal(client_share(&c), 0);
	logging(&c, true);
	log = new_log(&c, LOG_SIZE);
	assert_int_equal(client_ring_start(&c, 1), 0);
	assert_int_equal(client_ring_stop(&c, 1, &base), 0);
	assert_int_equal(client_share_inflight(&c, QUEUES, c.ring[0].size), 0);
	assert_int_equal(client_ring_start(&c, 0), 0);
	assert_int_equal(client_ring_stop(&c, 0, &base), 0);
	assert_int_equal(client_share_inflight(&c, QUEUES, c.ring[0].size), 0);
	assert_int_equal(client_ring_start(&c, 0), 0);
	assert_int_equal(marked(log), 0);
	assert_int_equal(client_do(&c, 0, 0, 0, 4096), 0);
	assert_in_range(marked(log), 1, 4);
	munmap(log, LOG_SIZE);
	client_leave(&c);
}

struct reader {
	struct client *c;
	_Atomic bool stop;
	_Atomic unsigned int done;
};

static void *read_on(void *arg)
{
	struct reader *r = arg;

	for (; !atomic_load(&r->stop); atomic_fetch_add(&r->done, 1))
		if (client_do(r->c, 0, 0, 0, 4096))
			return r;
	return NULL;
}

/* A log takes the place of another while requests are marked, and has the marks from then on. */
static void logs_under_io(void **state)
{
	struct backend *b = *state;
	struct client c;
	struct reader r = {.c = &c};
	uint8_t *log;
	uint8_t *last = NULL;
	pthread_t thread;
	unsigned int done;
	void *failed;

	client_join(b, &c);
	logging(&c, true);
	assert_int_equal(pthread_create(&thread, NULL, read_on, &r), 0);
	for (unsigned int i = 0; i < 300; i++) {
		log = new_log(&c, LOG_SIZE);
		/* Of two requests answered from here on the second began with this log. */
		done = atomic_load(&r.done);
		while (i % 16 == 0 && atomic_load(&r.done) < done + 2)
			sched_yield();
		assert_true(i % 16 || marked(log));
		if (last)
			munmap(last, LOG_SIZE);
		last = log;
	}
	munmap(last, LOG_SIZE);
	atomic_store(&r.stop, true);
	assert_int_equal(pthread_join(thread, &failed), 0);
	assert_null(failed);
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
		TEST(dirty_log),
		TEST(lost_log),
		TEST(lost_log_is_short),
		TEST(no_log_lost),
		TEST(logs_under_io),
		TEST(reads_after_a_hole),
		TEST(writes_after_a_hole),
		TEST_REGISTERED(shrinking_file),
		TEST_REGISTERED(regions_under_io),
		TEST_REGISTERED(buffer_across_regions),
		TEST_REGISTERED(dirty_log),
	};

	return cmocka_run_group_tests_name("virtio_vhost_user_memory", tests, NULL, NULL);
}
