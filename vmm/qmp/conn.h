/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One client of a control socket: what has come from it, and what is to go there. Nothing here
 * blocks. A client that does not read its answers is not read from either; events that it has no
 * room for are dropped.
 */
#ifndef VMM_QMP_CONN_H
#define VMM_QMP_CONN_H

#include <stdbool.h>
#include <stddef.h>

#include "vmm/qmp/frame.h"
#include "vmm/qmp/proto.h"

#define QMP_CONN_INPUT  4096u
#define QMP_CONN_EVENTS (64u << 10) /* bytes waiting for the client at which events are dropped */

struct qmp_conn {
	int fd; /* -1: it has hung up, or was hung up on */
	struct qmp_proto proto;
	struct qmp_frame frame;
	char input[QMP_CONN_INPUT]; /* [at, end) is still to be looked at */
	size_t at, end;
	char *output; /* [sent, pending) is still to be sent */
	size_t sent, pending, room;
};

/* Takes over a socket that does not block, and greets. Returns the connection, for qmp_conn_close()
 * to free, or NULL: out of memory, and the socket is closed. */
struct qmp_conn *qmp_conn_open(int fd, const struct qmp_command *commands, void *opaque);
void qmp_conn_close(struct qmp_conn *conn);

/* Tells whether it waits for its client to take something; whether bytes of it are still to be
 * looked at. */
static inline bool qmp_conn_is_pending(const struct qmp_conn *conn)
{
	return conn->sent < conn->pending;
}

static inline bool qmp_conn_has_input(const struct qmp_conn *conn)
{
	return conn->at < conn->end;
}

/* Reads what has come, if all of before was looked at. */
void qmp_conn_receive(struct qmp_conn *conn);

/* Carries out the next command that is whole, if the client has taken the answer to the one before.
 * Returns whether it did. */
bool qmp_conn_step(struct qmp_conn *conn);

/* Sends what the client takes. */
void qmp_conn_send(struct qmp_conn *conn);

/* Queues an event, if the client has negotiated and has room for it. message stays the caller's. */
void qmp_conn_event(struct qmp_conn *conn, const json_t *message);

#endif
