/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thread that serves control sockets, whatever their commands are about. It has QMP_MAX_CLIENTS
 * clients at once, and takes from them in turns, a command of each; who comes beyond waits to be
 * accepted. It has a budget of CPU time: a burst at once, and in the long run a hundredth of a CPU.
 * So clients that ask for everything all the time are answered as fast as that allows, and what is
 * served beside them does not notice.
 *
 * Whoever may connect is trusted with what the commands do; what they send is not trusted to be
 * well-formed.
 */
#ifndef VMM_QMP_SERVER_H
#define VMM_QMP_SERVER_H

#include <jansson.h>

#include "vmm/qmp/proto.h"

#define QMP_MAX_CLIENTS 64u
#define QMP_MAX_SOCKETS 2u /* the same server at two paths */
/* Descriptors that it takes: the sockets and their clients, and one to wake it. */
#define QMP_DESCRIPTORS (QMP_MAX_CLIENTS + QMP_MAX_SOCKETS + 1)

struct qmp_server;
struct sandbox;

struct qmp_server_config {
	const struct qmp_command *commands; /* up to one without a name */
	void *opaque;                       /* of each call */
	int fd[QMP_MAX_SOCKETS];            /* listening; -1: none. The server closes them */
	struct sandbox *sandbox;            /* for the thread to enter; NULL: off */
};

/* Starts the thread. Returns 0 or a negative errno, when the sockets are closed, too. */
int qmp_server_create(const struct qmp_server_config *config, struct qmp_server **server);

/* Sends what is left to send, where clients take it, and ends (NULL: nothing). */
void qmp_server_destroy(struct qmp_server *server);

/* Between the two no command is under way. For whoever changes what commands are about. */
void qmp_server_lock(struct qmp_server *server);
void qmp_server_unlock(struct qmp_server *server);

/* Sends an event to all clients; takes data over (NULL: none). The server is locked, as it is
 * while a command is carried out. */
void qmp_server_event(struct qmp_server *server, const char *name, json_t *data);

#endif
