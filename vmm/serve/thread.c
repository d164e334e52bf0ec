/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/serve/thread.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "virtio/blk/blk.h"
#include "virtio/vhost_user/vhost_user.h"
#include "vmm/sandbox/sandbox.h"

struct serve_thread {
	struct serve_thread_config config;
	pthread_t thread;
	int wake_fd; /* an eventfd: one of these was set */
	atomic_bool go, resize, stop;
	atomic_bool over;
};

static void signal_fd(int fd)
{
	const uint64_t one = 1;

	/* It does not block, and a full counter will be seen. */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

static void serve(struct serve_thread *t, const struct pollfd *at, const struct pollfd *alarm)
{
	int fd;

	if (vhost_user_fd(t->config.vu) >= 0) {
		if (!at->revents && !alarm->revents)
			return;
		/* One that came with --fd is the only one. */
		if (!vhost_user_serve(t->config.vu) && t->config.socket < 0)
			atomic_store(&t->over, true);
		return;
	}
	if (!at->revents)
		return;
	fd = accept4(t->config.socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		vhost_user_begin(t->config.vu, fd);
}

/* One look at whatever there is to see. */
static void look(struct serve_thread *t)
{
	const bool going = atomic_load(&t->go);
	int conn = vhost_user_fd(t->config.vu);
	struct pollfd fds[3] = {
		{.fd = t->wake_fd, .events = POLLIN},
		/* One front end at a time: the next waits in the backlog. */
		{.fd = !going      ? -1
		       : conn >= 0 ? conn
				   : t->config.socket,
		 .events = POLLIN},
		{.fd = going && conn >= 0 ? vhost_user_alarm_fd(t->config.vu) : -1,
		 .events = POLLIN},
	};
	uint64_t value;

	if (poll(fds, 3, -1) < 0)
		return;
	if (fds[0].revents && read(t->wake_fd, &value, sizeof(value)) < 0)
		return;
	if (atomic_exchange(&t->resize, false))
		blk_dev_resize(t->config.dev);
	if (!atomic_load(&t->stop))
		serve(t, &fds[1], &fds[2]);
}

static void *run(void *arg)
{
	struct serve_thread *t = arg;

	pthread_setname_np(pthread_self(), "serve");
	sandbox_enter(t->config.sandbox, SANDBOX_SERVE);
	while (!atomic_load(&t->stop) && !atomic_load(&t->over))
		look(t);
	vhost_user_end(t->config.vu);
	signal_fd(t->config.over_fd);
	return NULL;
}

int serve_thread_create(const struct serve_thread_config *config, struct serve_thread **out)
{
	struct serve_thread *t = calloc(1, sizeof(*t));
	int ret;

	if (!t)
		return -ENOMEM;
	t->config = *config;
	t->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->wake_fd < 0) {
		ret = -errno;
		goto err_free;
	}
	sandbox_expect(config->sandbox);
	ret = -pthread_create(&t->thread, NULL, run, t);
	if (ret)
		goto err_wake;
	*out = t;
	return 0;

err_wake:
	close(t->wake_fd);
err_free:
	free(t);
	return ret;
}

void serve_thread_go(struct serve_thread *t)
{
	atomic_store(&t->go, true);
	signal_fd(t->wake_fd);
}

void serve_thread_resize(struct serve_thread *t)
{
	atomic_store(&t->resize, true);
	signal_fd(t->wake_fd);
}

bool serve_thread_is_over(const struct serve_thread *t)
{
	return atomic_load(&t->over);
}

void serve_thread_stop(struct serve_thread *t)
{
	atomic_store(&t->stop, true);
	/* It may be waiting for requests of many steps. */
	virtio_device_halt(t->config.dev);
	io_engine_kick(t->config.engine);
	signal_fd(t->wake_fd);
}

void serve_thread_destroy(struct serve_thread *t)
{
	if (!t)
		return;
	serve_thread_stop(t);
	pthread_join(t->thread, NULL);
	close(t->wake_fd);
	free(t);
}
