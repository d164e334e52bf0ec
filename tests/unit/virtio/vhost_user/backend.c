/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/virtio/vhost_user/backend.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "virtio/vhost_user/guard.h"

static unsigned int count_fds(void)
{
	unsigned int n = 0;
	DIR *dir = opendir("/proc/self/fd");

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void say(void *opaque, const char *text)
{
	struct backend *b = opaque;
	size_t used;

	pthread_mutex_lock(&b->lock);
	used = strlen(b->said);
	snprintf(b->said + used, sizeof(b->said) - used, "%s\n", text);
	pthread_cond_broadcast(&b->spoke);
	pthread_mutex_unlock(&b->lock);
}

/* The control thread, as vmm/serve/cmd.c has it. */
static void *control(void *opaque)
{
	struct backend *b = opaque;
	int fd;

	for (;;) {
		fd = vhost_user_fd(b->vu);
		struct pollfd fds[3] = {
			{.fd = b->stop, .events = POLLIN},
			{.fd = fd >= 0 ? fd : b->next[0], .events = POLLIN},
			{.fd = fd >= 0 ? vhost_user_alarm_fd(b->vu) : -1, .events = POLLIN},
		};

		if (poll(fds, 3, -1) < 0)
			continue;
		if (fds[0].revents)
			return NULL;
		if (fd >= 0)
			vhost_user_serve(b->vu);
		else if (fds[1].revents && read(b->next[0], &fd, sizeof(fd)) == sizeof(fd))
			vhost_user_begin(b->vu, fd);
	}
}

static void start(struct backend *b, uint64_t pin_budget, bool direct)
{
	struct io_engine_config engine = {
		.poll_us = 20, .pin_budget = pin_budget, .warn = say, .warn_opaque = b};
	struct blk_dev_config blk = {.path = b->path,
				     .serial = "serial-1",
				     .direct = direct,
				     .queues = QUEUES,
				     .queue_size = 256};
	struct vhost_user_config config;

	alarm(120); /* for a test that hangs */
	memset(b, 0, sizeof(*b));
	b->open_fds = count_fds();
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->spoke, NULL);
	/* Not in memory: tmpfs has no direct I/O. */
	snprintf(b->path, sizeof(b->path), "build/tests/vhost.XXXXXX");
	b->fd = mkstemp(b->path);
	assert_true(b->fd >= 0);
	assert_int_equal(ftruncate(b->fd, DISK_SIZE), 0);
	assert_int_equal(vhost_user_guard_setup(), 0);
	assert_int_equal(io_engine_create(&engine, &b->engine), 0);
	assert_int_equal(blk_dev_create(&blk, b->engine, &b->dev), 0);
	b->host.engine = b->engine;
	config = (struct vhost_user_config){.dev = b->dev,
					    .host = &vhost_user_engine_ops,
					    .host_opaque = &b->host,
					    .say = say,
					    .say_opaque = b};
	assert_int_equal(vhost_user_create(&config, &b->vu), 0);
	b->stop = eventfd(0, EFD_CLOEXEC);
	assert_true(b->stop >= 0);
	assert_int_equal(pipe(b->next), 0);
	assert_int_equal(pthread_create(&b->thread, NULL, control, b), 0);
}

void backend_start(struct backend *b, uint64_t pin_budget)
{
	start(b, pin_budget, true);
}

void backend_stop(struct backend *b)
{
	const uint64_t one = 1;

	assert_int_equal(write(b->stop, &one, sizeof(one)), sizeof(one));
	pthread_join(b->thread, NULL);
	vhost_user_destroy(b->vu);
	virtio_device_destroy(b->dev);
	io_engine_destroy(b->engine);
	close(b->stop);
	close(b->next[0]);
	close(b->next[1]);
	close(b->fd);
	unlink(b->path);
	pthread_cond_destroy(&b->spoke);
	pthread_mutex_destroy(&b->lock);
	assert_int_equal(count_fds(), b->open_fds);
}

int backend_connect(struct backend *b)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(write(b->next[1], &pair[1], sizeof(pair[1])), sizeof(pair[1]));
	b->peer = pair[0];
	return pair[0];
}

void backend_join(struct backend *b, struct client *c)
{
	assert_int_equal(client_attach(c, backend_connect(b)), 0);
	assert_int_equal(client_share(c), 0);
	for (unsigned int i = 0; i < QUEUES; i++) {
		assert_int_equal(client_ring_init(c, i, SLOTS, i * CLIENT_RING_ROOM), 0);
		if (!i)
			assert_int_equal(client_share_inflight(c, QUEUES, c->ring[0].size), 0);
		assert_int_equal(client_ring_start(c, i), 0);
	}
}

void client_leave(struct client *c)
{
	client_fini(c);
}

bool backend_said(struct backend *b, const char *text)
{
	bool said;

	pthread_mutex_lock(&b->lock);
	said = strstr(b->said, text) != NULL;
	if (!said)
		print_message("said: %s", b->said);
	b->said[0] = 0;
	pthread_mutex_unlock(&b->lock);
	return said;
}

void backend_wait_said(struct backend *b, const char *text)
{
	struct timespec end;
	int ret = 0;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 20;
	pthread_mutex_lock(&b->lock);
	while (!ret && !strstr(b->said, text))
		ret = pthread_cond_timedwait(&b->spoke, &b->lock, &end);
	pthread_mutex_unlock(&b->lock);
	assert_true(backend_said(b, text));
}

void backend_wait_end(struct backend *b, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};

	(void)b;
	assert_int_equal(poll(&p, 1, 20000), 1);
}

void client_request_at(struct client_request *q, unsigned int ring, unsigned int slot,
		       uint32_t type, uint64_t sector, uint32_t len)
{
	unsigned int n = ring * SLOTS + slot;

	*q = (struct client_request){.type = type,
				     .sector = sector,
				     .len = len,
				     .header = HEADERS + n * 4096ull,
				     .data = DATA + (uint64_t)n * DATA_ROOM};
}

int client_wait(struct client *c, unsigned int ring)
{
	struct pollfd p = {.fd = c->ring[ring].call, .events = POLLIN};
	uint64_t value;
	uint32_t len;
	int slot;

	for (;;) {
		slot = client_reap(&c->ring[ring], &len);
		if (slot != -1)
			return slot;
		if (client_enable_call(&c->ring[ring]))
			continue;
		assert_int_equal(poll(&p, 1, 20000), 1);
		if (read(p.fd, &value, sizeof(value)) < 0)
			continue;
	}
}

uint8_t client_do(struct client *c, unsigned int ring, uint32_t type, uint64_t sector, uint32_t len)
{
	struct client_request q;

	client_request_at(&q, ring, 0, type, sector, len);
	client_post(c, ring, 0, &q);
	client_kick(&c->ring[ring]);
	assert_int_equal(client_wait(c, ring), 0);
	return c->mem[q.header + 16];
}

void backend_still_works(struct backend *b)
{
	uint8_t expected[4096];
	struct client c;

	/* What a test that failed left open would keep us out. */
	shutdown(b->peer, SHUT_RDWR);
	assert_int_equal(client_init(&c, MEMORY_SIZE), 0);
	backend_join(b, &c);
	for (unsigned int i = 0; i < QUEUES; i++) {
		uint8_t *data = c.mem + DATA + (uint64_t)i * SLOTS * DATA_ROOM;

		memset(expected, 0x30 + (int)i, sizeof(expected));
		memcpy(data, expected, sizeof(expected));
		assert_int_equal(client_do(&c, i, 1, 8, 4096), 0);
		memset(data, 0, 4096);
		assert_int_equal(client_do(&c, i, 0, 8, 4096), 0);
		assert_memory_equal(data, expected, 4096);
	}
	client_leave(&c);
}

int backend_setup(void **state)
{
	static struct backend backend;

	*state = &backend;
	backend_start(&backend, 0);
	return 0;
}

int backend_setup_registered(void **state)
{
	static struct backend backend;

	*state = &backend;
	backend_start(&backend, 1ull << 30);
	return 0;
}

int backend_setup_cached(void **state)
{
	static struct backend backend;

	*state = &backend;
	start(&backend, 0, false);
	return 0;
}

int backend_teardown(void **state)
{
	backend_still_works(*state);
	backend_stop(*state);
	return 0;
}

void client_join(struct backend *b, struct client *c)
{
	assert_int_equal(client_init(c, MEMORY_SIZE), 0);
	backend_join(b, c);
}

void client_join_bare(struct backend *b, struct client *c)
{
	assert_int_equal(client_init(c, MEMORY_SIZE), 0);
	assert_int_equal(client_attach(c, backend_connect(b)), 0);
	assert_int_equal(client_ring_init(c, 0, SLOTS, 0), 0);
	assert_int_equal(client_ring_init(c, 1, SLOTS, CLIENT_RING_ROOM), 0);
}
