/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Logs of dirty pages: what is marked, in which log, and what a back end marks that cannot know
 * what the one before it did. Each case ends with the back end whole, as in messages.c.
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

static bool is_dirty(const uint8_t *log, uint64_t gpa)
{
	return log[gpa / 4096 / 8] >> (gpa / 4096 % 8) & 1;
}

/* What is read into memory, and the used ring, are in the log; nothing else is. */
static void what_is_written_is_marked(void **state)
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
static void a_lost_log_marks_everything(void **state)
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
		TEST(what_is_written_is_marked),
		TEST(a_lost_log_marks_everything),
		TEST(lost_log_is_short),
		TEST(no_log_lost),
		TEST(logs_under_io),
		TEST_REGISTERED(what_is_written_is_marked),
	};

	return cmocka_run_group_tests_name("virtio_vhost_user_log", tests, NULL, NULL);
}
