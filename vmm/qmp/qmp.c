/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/qmp/qmp.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mm/host/thread.h"
#include "mm/util.h"
#include "vmm/base/cli.h"
#include "vmm/base/listen.h"
#include "vmm/machine/vm.h"
#include "vmm/qmp/commands.h"
#include "vmm/qmp/frame.h"
#include "vmm/qmp/target.h"
#include "vmm/sandbox/sandbox.h"

#define INPUT      4096u
#define MAX_OUTPUT (256u << 10) /* bytes waiting for the client at which events are dropped */

struct qmp {
	struct sandbox *sandbox; /* NULL: off */
	pthread_t thread;
	int listen_fd, wake_fd;

	pthread_mutex_t lock; /* what follows */
	struct qmp_target target;
	bool stop;
	int fd; /* of the client; -1: there is none */
	struct qmp_proto proto;
	struct qmp_frame frame;
	char input[INPUT]; /* [at, end) is still to be looked at */
	size_t at, end;
	char *output; /* [0, pending) is still to be sent */
	size_t pending, room;
};

static void hang_up(struct qmp *q)
{
	if (q->fd < 0)
		return;
	close(q->fd);
	q->fd = -1;
	q->at = q->end = 0;
	q->pending = 0;
	qmp_frame_fini(&q->frame);
}

/* Queues a message, which it takes over; one that cannot be sent ends the connection. */
static void queue(struct qmp *q, json_t *message)
{
	char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
	char *grown;
	size_t len = text ? strlen(text) : 0;

	json_decref(message);
	if (!text || q->fd < 0)
		goto fail;
	if (q->pending + len + 2 > q->room) {
		grown = realloc(q->output, q->pending + len + 2);
		if (!grown)
			goto fail;
		q->output = grown;
		q->room = q->pending + len + 2;
	}
	memcpy(q->output + q->pending, text, len);
	memcpy(q->output + q->pending + len, "\r\n", 2);
	q->pending += len + 2;
	free(text);
	return;
fail:
	free(text);
	hang_up(q);
}

static void send_pending(struct qmp *q)
{
	ssize_t n;

	while (q->fd >= 0 && q->pending) {
		n = send(q->fd, q->output, q->pending, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			hang_up(q);
			return;
		}
		q->pending -= (size_t)n;
		memmove(q->output, q->output + n, q->pending);
	}
}

static void send_event(struct qmp_target *target, const char *name, json_t *data)
{
	struct qmp *q = container_of(target, struct qmp, target);

	if (q->fd >= 0 && q->proto.negotiated && q->pending < MAX_OUTPUT)
		queue(q, qmp_event_new(name, data));
	else
		json_decref(data);
}

static void welcome(struct qmp *q)
{
	int fd = accept4(q->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	q->fd = fd;
	q->proto = (struct qmp_proto){.commands = qmp_commands, .opaque = &q->target};
	qmp_frame_init(&q->frame, QMP_MAX_MESSAGE);
	queue(q, qmp_greeting());
}

static void refuse_stream(struct qmp *q)
{
	queue(q, json_pack("{s:{s:s,s:s}}", "error", "class", QMP_GENERIC, "desc",
			   "JSON parse error, the message is too long or too deep"));
	send_pending(q);
	hang_up(q);
}

/* Carries out what has come, as long as the client takes the answers. */
static void work(struct qmp *q)
{
	size_t taken;
	int ret;

	send_pending(q);
	while (q->fd >= 0 && !q->pending && q->at < q->end) {
		ret = qmp_frame_feed(&q->frame, q->input + q->at, q->end - q->at, &taken);
		q->at += taken;
		if (ret < 0) {
			refuse_stream(q);
			return;
		}
		if (ret)
			queue(q, qmp_answer(&q->proto, q->frame.text, q->frame.len));
		send_pending(q);
	}
}

static void qmp_receive(struct qmp *q)
{
	ssize_t n = recv(q->fd, q->input, INPUT, MSG_DONTWAIT);

	if (n > 0) {
		q->at = 0;
		q->end = (size_t)n;
	} else if (!n || (errno != EAGAIN && errno != EINTR)) {
		hang_up(q);
	}
}

static void *qmp_serve(void *arg)
{
	struct qmp *q = arg;
	struct pollfd fds[2] = {{.fd = q->wake_fd, .events = POLLIN}};
	eventfd_t value;

	pthread_setname_np(pthread_self(), "qmp");
	sandbox_enter(q->sandbox, SANDBOX_QMP);
	pthread_mutex_lock(&q->lock);
	while (!q->stop) {
		fds[1].fd = q->fd < 0 ? q->listen_fd : q->fd;
		fds[1].events = q->fd >= 0 && q->pending ? POLLOUT : POLLIN;
		fds[1].revents = 0;
		pthread_mutex_unlock(&q->lock);
		if (poll(fds, 2, -1) < 0)
			fds[0].revents = fds[1].revents = 0;
		if (fds[0].revents)
			eventfd_read(q->wake_fd, &value);
		pthread_mutex_lock(&q->lock);
		if (q->fd < 0 && fds[1].revents)
			welcome(q);
		else if (q->fd >= 0 && fds[1].revents && !q->pending)
			qmp_receive(q);
		work(q);
	}
	send_pending(q);
	hang_up(q);
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

enum exit_status qmp_create(const char *path, struct sandbox *sandbox, struct qmp **out)
{
	static const struct listen_access who = {.mode = 0600, .group = LISTEN_OWN_GROUP};
	struct qmp *q = calloc(1, sizeof(*q));
	int ret = -ENOMEM;

	if (!q)
		goto err;
	q->sandbox = sandbox;
	q->fd = -1;
	/* Its hashes' seed is read from a file, which the thread may not open any more. */
	json_object_seed(0);
	q->target.event = send_event;
	q->listen_fd = listen_unix(path, &who);
	if (q->listen_fd < 0) {
		ret = q->listen_fd;
		goto err_free;
	}
	q->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->wake_fd < 0) {
		ret = -errno;
		goto err_socket;
	}
	ret = -pthread_mutex_init(&q->lock, NULL);
	if (ret)
		goto err_wake;
	sandbox_expect(q->sandbox);
	ret = thread_start(&q->thread, NULL, qmp_serve, q);
	if (ret)
		goto err_lock;
	*out = q;
	return 0;

err_lock:
	pthread_mutex_destroy(&q->lock);
err_wake:
	close(q->wake_fd);
err_socket:
	close(q->listen_fd);
err_free:
	free(q);
err:
	return cli_fail(STATUS_HOST_ERROR, "--qmp unix:%s: no socket can be made there: %s", path,
			ret == -EADDRINUSE
				? "something else is there: a file, or a program that listens"
				: strerror(-ret));
}

void qmp_destroy(struct qmp *q)
{
	if (!q)
		return;
	pthread_mutex_lock(&q->lock);
	q->stop = true;
	pthread_mutex_unlock(&q->lock);
	eventfd_write(q->wake_fd, 1);
	pthread_join(q->thread, NULL);
	pthread_mutex_destroy(&q->lock);
	close(q->wake_fd);
	close(q->listen_fd);
	free(q->output);
	free(q);
}

void qmp_attach(struct qmp *q, struct vm *vm)
{
	if (!q)
		return;
	pthread_mutex_lock(&q->lock);
	q->target.vm = vm;
	pthread_mutex_unlock(&q->lock);
}

/* Why the guest has ended, as QEMU's ShutdownCause. */
static const char *reason(const struct qmp_target *target)
{
	int status = target->vm->status;

	if (target->quit)
		return "host-qmp-quit";
	if (status == VM_REBOOT)
		return "guest-reset";
	if (status == STATUS_GUEST_FAULT || status == STATUS_GUEST_BUG)
		return "guest-panic";
	if (status <= STATUS_GUEST_MAX)
		return "guest-shutdown";
	return status > STATUS_SIGNAL ? "host-signal" : "host-error";
}

void qmp_detach(struct qmp *q)
{
	const char *why;

	if (!q)
		return;
	pthread_mutex_lock(&q->lock);
	why = reason(&q->target);
	send_event(&q->target, q->target.vm->status == VM_REBOOT ? "RESET" : "SHUTDOWN",
		   json_pack("{s:b,s:s}", "guest", !strncmp(why, "guest-", 6), "reason", why));
	q->target.vm = NULL;
	pthread_mutex_unlock(&q->lock);
	eventfd_write(q->wake_fd, 1);
}
