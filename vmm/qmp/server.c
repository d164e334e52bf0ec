/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/qmp/server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mm/host/clock.h"
#include "mm/host/thread.h"
#include "mm/util.h"
#include "vmm/qmp/budget.h"
#include "vmm/qmp/conn.h"
#include "vmm/sandbox/sandbox.h"

struct qmp_server {
	struct qmp_server_config config;
	pthread_t thread;
	int wake_fd;
	struct budget budget; /* the thread's */

	pthread_mutex_t lock; /* what follows */
	bool stop;
	struct qmp_conn *conn[QMP_MAX_CLIENTS];
	unsigned int nr;
};

/* What a round waits for: to be woken, then the sockets, then the clients. */
struct round {
	struct pollfd fd[1 + QMP_MAX_SOCKETS + QMP_MAX_CLIENTS];
	unsigned int nr;
	bool more; /* commands that have come already wait for their turn */
};

/* A client whose command waits for its turn is not asked whether it is still there: the command is
 * carried out all the same. */
static void prepare(const struct qmp_server *s, struct round *r)
{
	*r = (struct round){.fd[0] = {.fd = s->wake_fd, .events = POLLIN}, .nr = 1};
	for (unsigned int i = 0; i < QMP_MAX_SOCKETS; i++)
		r->fd[r->nr++] = (struct pollfd){
			.fd = s->nr < QMP_MAX_CLIENTS ? s->config.fd[i] : -1,
			.events = POLLIN,
		};
	for (unsigned int i = 0; i < s->nr; i++) {
		struct pollfd *fd = &r->fd[r->nr++];
		const struct qmp_conn *c = s->conn[i];

		*fd = (struct pollfd){.fd = c->fd, .events = POLLIN};
		if (qmp_conn_is_pending(c))
			fd->events = POLLOUT;
		else if (qmp_conn_has_input(c))
			fd->fd = -1;
		r->more |= fd->fd < 0;
	}
}

static void welcome(struct qmp_server *s, int listen_fd)
{
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct qmp_conn *c;

	if (fd < 0)
		return;
	c = qmp_conn_open(fd, s->config.commands, s->config.opaque);
	if (c)
		s->conn[s->nr++] = c;
}

static void drop_gone(struct qmp_server *s)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < s->nr; i++) {
		if (s->conn[i]->fd < 0)
			qmp_conn_close(s->conn[i]);
		else
			s->conn[kept++] = s->conn[i];
	}
	s->nr = kept;
}

/* One command of each client at most. */
static void work(struct qmp_server *s, const struct round *r)
{
	const struct pollfd *listen = &r->fd[1];
	const struct pollfd *client = &r->fd[1 + QMP_MAX_SOCKETS];
	const unsigned int nr = s->nr;

	for (unsigned int i = 0; i < nr; i++) {
		qmp_conn_send(s->conn[i]);
		if (client[i].revents)
			qmp_conn_receive(s->conn[i]);
		qmp_conn_step(s->conn[i]);
		qmp_conn_send(s->conn[i]);
	}
	for (unsigned int i = 0; i < QMP_MAX_SOCKETS && s->nr < QMP_MAX_CLIENTS; i++)
		if (listen[i].revents)
			welcome(s, s->config.fd[i]);
	drop_gone(s);
}

/* Waits for something to do that the budget has room for. Returns whether there is. */
static bool wait_for(struct qmp_server *s, struct round *r)
{
	int wait = budget_wait_ms(&s->budget, monotonic_ns());
	eventfd_t value;
	int n;

	/* While it is overdrawn, only who ends the server is heard. */
	n = poll(r->fd, wait ? 1 : r->nr, wait ? wait : r->more ? 0 : -1);
	if (n > 0 && r->fd[0].revents)
		eventfd_read(s->wake_fd, &value);
	return n >= 0 && !wait;
}

static void *serve(void *arg)
{
	struct qmp_server *s = arg;
	struct round round;
	int64_t began;
	bool ready;

	pthread_setname_np(pthread_self(), "qmp");
	sandbox_enter(s->config.sandbox, SANDBOX_QMP);
	budget_init(&s->budget, monotonic_ns());
	began = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	pthread_mutex_lock(&s->lock);
	while (!s->stop) {
		prepare(s, &round);
		pthread_mutex_unlock(&s->lock);
		ready = wait_for(s, &round);
		pthread_mutex_lock(&s->lock);
		if (ready) {
			int64_t now;

			work(s, &round);
			now = clock_ns(CLOCK_THREAD_CPUTIME_ID);
			budget_spend(&s->budget, now - began);
			began = now;
		}
	}
	for (unsigned int i = 0; i < s->nr; i++) {
		qmp_conn_send(s->conn[i]);
		qmp_conn_close(s->conn[i]);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void close_sockets(const struct qmp_server_config *config)
{
	for (unsigned int i = 0; i < QMP_MAX_SOCKETS; i++)
		if (config->fd[i] >= 0)
			close(config->fd[i]);
}

int qmp_server_create(const struct qmp_server_config *config, struct qmp_server **out)
{
	struct qmp_server *s = calloc(1, sizeof(*s));
	int ret = -ENOMEM;

	if (!s)
		goto err;
	s->config = *config;
	/* Its hashes' seed is read from a file, which the thread may not open any more. */
	json_object_seed(0);
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->wake_fd < 0) {
		ret = -errno;
		goto err_free;
	}
	ret = -pthread_mutex_init(&s->lock, NULL);
	if (ret)
		goto err_wake;
	sandbox_expect(config->sandbox);
	ret = thread_start(&s->thread, NULL, serve, s);
	if (ret)
		goto err_lock;
	*out = s;
	return 0;

err_lock:
	pthread_mutex_destroy(&s->lock);
err_wake:
	close(s->wake_fd);
err_free:
	free(s);
err:
	close_sockets(config);
	return ret;
}

void qmp_server_destroy(struct qmp_server *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_mutex_unlock(&s->lock);
	eventfd_write(s->wake_fd, 1);
	pthread_join(s->thread, NULL);
	pthread_mutex_destroy(&s->lock);
	close(s->wake_fd);
	close_sockets(&s->config);
	free(s);
}

void qmp_server_lock(struct qmp_server *s)
{
	pthread_mutex_lock(&s->lock);
}

void qmp_server_unlock(struct qmp_server *s)
{
	pthread_mutex_unlock(&s->lock);
}

void qmp_server_event(struct qmp_server *s, const char *name, json_t *data)
{
	json_t *message = qmp_event_new(name, data);

	for (unsigned int i = 0; i < s->nr; i++)
		qmp_conn_event(s->conn[i], message);
	json_decref(message);
	/* Whoever calls from another thread has to have it sent. */
	eventfd_write(s->wake_fd, 1);
}
