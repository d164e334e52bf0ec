/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/qmp/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a buffer keeps when all of it was sent: a large answer is not paid for until the end. */
#define KEEP (16u << 10)

static void hang_up(struct qmp_conn *c)
{
	if (c->fd < 0)
		return;
	close(c->fd);
	c->fd = -1;
	c->at = c->end = 0;
	c->sent = c->pending = 0;
}

/* Queues a message; one that cannot be sent ends the connection. */
static void queue(struct qmp_conn *c, const json_t *message)
{
	char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) : 0;
	size_t end = c->pending + len + 2;
	char *grown;

	if (!text || c->fd < 0)
		goto fail;
	if (end > c->room) {
		grown = realloc(c->output, end);
		if (!grown)
			goto fail;
		c->output = grown;
		c->room = end;
	}
	memcpy(c->output + c->pending, text, len);
	memcpy(c->output + c->pending + len, "\r\n", 2);
	c->pending = end;
	free(text);
	return;
fail:
	free(text);
	hang_up(c);
}

/* ... which it takes over. */
static void queue_new(struct qmp_conn *c, json_t *message)
{
	queue(c, message);
	json_decref(message);
}

struct qmp_conn *qmp_conn_open(int fd, const struct qmp_command *commands, void *opaque)
{
	struct qmp_conn *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return NULL;
	}
	c->fd = fd;
	c->proto = (struct qmp_proto){.commands = commands, .opaque = opaque};
	qmp_frame_init(&c->frame, QMP_MAX_MESSAGE);
	queue_new(c, qmp_greeting());
	return c;
}

void qmp_conn_close(struct qmp_conn *c)
{
	hang_up(c);
	qmp_frame_fini(&c->frame);
	free(c->output);
	free(c);
}

void qmp_conn_receive(struct qmp_conn *c)
{
	ssize_t n;

	if (c->fd < 0 || qmp_conn_has_input(c) || qmp_conn_is_pending(c))
		return;
	n = recv(c->fd, c->input, sizeof(c->input), MSG_DONTWAIT);
	if (n > 0) {
		c->at = 0;
		c->end = (size_t)n;
	} else if (!n || (errno != EAGAIN && errno != EINTR)) {
		hang_up(c);
	}
}

static void refuse_stream(struct qmp_conn *c)
{
	queue_new(c, json_pack("{s:{s:s,s:s}}", "error", "class", QMP_GENERIC, "desc",
			       "JSON parse error, the message is too long or too deep"));
	qmp_conn_send(c);
	hang_up(c);
}

bool qmp_conn_step(struct qmp_conn *c)
{
	size_t taken;
	int ret;

	if (c->fd < 0 || qmp_conn_is_pending(c) || !qmp_conn_has_input(c))
		return false;
	ret = qmp_frame_feed(&c->frame, c->input + c->at, c->end - c->at, &taken);
	c->at += taken;
	if (ret < 0)
		refuse_stream(c);
	else if (ret)
		queue_new(c, qmp_answer(&c->proto, c->frame.text, c->frame.len));
	return ret > 0;
}

void qmp_conn_send(struct qmp_conn *c)
{
	ssize_t n;

	while (c->fd >= 0 && qmp_conn_is_pending(c)) {
		n = send(c->fd, c->output + c->sent, c->pending - c->sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			hang_up(c);
			return;
		}
		c->sent += (size_t)n;
	}
	c->sent = c->pending = 0;
	if (c->room > KEEP) {
		free(c->output);
		c->output = NULL;
		c->room = 0;
	}
}

void qmp_conn_event(struct qmp_conn *c, const json_t *message)
{
	if (c->fd < 0 || !c->proto.negotiated || c->pending >= QMP_CONN_EVENTS)
		return;
	queue(c, message);
}
