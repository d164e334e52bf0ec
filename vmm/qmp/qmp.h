/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket: a Unix socket of mode 0600 that speaks QMP (proto.h), for one client at
 * a time; the next one is greeted when that has gone. A thread of its own serves it, so that
 * a client that does not read stalls nobody: its commands wait, and events that do not fit
 * are dropped. Whoever may connect is trusted with the guest; what he sends is not trusted
 * to be well-formed.
 *
 * The socket outlives a machine that is started anew: in between, commands about the machine are
 * answered with an error.
 */
#ifndef VMM_QMP_QMP_H
#define VMM_QMP_QMP_H

#include <jansson.h>

#include "vmm/base/cli.h"

struct qmp;
struct sandbox;
struct vm;

/*
 * Makes the socket at path and starts the thread; a socket that a monitor which was killed
 * left behind is replaced. The thread enters sandbox, which outlives it. The socket stays when the
 * monitor ends: the right to remove it would be one to its folder. Returns 0 or the exit status,
 * the error having been reported.
 */
enum exit_status qmp_create(const char *path, struct sandbox *sandbox, struct qmp **out);

/* Sends what is left to send, if the client takes it, and ends (NULL: nothing). */
void qmp_destroy(struct qmp *qmp);

/* From here on commands go to vm, whose vCPUs are started. NULL as qmp: nothing. */
void qmp_attach(struct qmp *qmp, struct vm *vm);

/* The guest has ended: says so (SHUTDOWN or RESET), and has no more to do with it when it
 * returns. */
void qmp_detach(struct qmp *qmp);

#endif
