/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A control socket as its clients see it: found by name or path, connected to, negotiated with,
 * asked. What answers there may be anything, and is not trusted. Errors are kept as a line of text,
 * since a client of several guests says them in another way than one of a single guest.
 */
#ifndef VMM_CLIENT_PEER_H
#define VMM_CLIENT_PEER_H

#include <jansson.h>
#include <stdbool.h>

#include "vmm/base/cli.h"
#include "vmm/qmp/frame.h"

#define PEER_INPUT   4096u
#define PEER_WHY_MAX 512
#define PEER_REFUSED 1 /* the exit status where a command is refused */

struct peer {
	char path[108]; /* of the socket */
	char *label;    /* what the user calls it: as given, or the name */
	int fd;         /* -1: not connected */
	struct qmp_frame frame;
	char input[PEER_INPUT];
	size_t at, end;
	unsigned int patience_ms; /* for each answer; 0: for ever */
	char why[PEER_WHY_MAX];   /* of the last error */
	bool unknown;             /* ... which is that there is no such command */
	/* Takes the events that come; NULL: they are passed over. */
	void (*event)(void *opaque, const json_t *message);
	void *opaque;
};

/*
 * Finds the socket that a user means: a path, with or without unix:, if there is a slash in it;
 * else a name of the run directory, if it has one there; else a path. Not connected yet. Returns 0
 * or the exit status, with peer->why. peer_close() in any case.
 */
enum exit_status peer_find(struct peer *peer, const char *what);

/* Connects, takes the greeting and negotiates, within so many milliseconds. Returns as
 * peer_find(). */
enum exit_status peer_open(struct peer *peer, unsigned int patience_ms);

/* Hangs up, and frees what the peer has. */
void peer_close(struct peer *peer);

/* Hangs up. It can be opened again. */
void peer_hang_up(struct peer *peer);

/*
 * Sends a command and takes its answer, past events. args: an object, or NULL; it stays the
 * caller's. *result is the caller's to release. Returns 0; PEER_REFUSED: it is an error, which
 * peer->why has; or another exit status, and the connection is of no use any more.
 */
enum exit_status peer_execute(struct peer *peer, const char *name, json_t *args, json_t **result);

/* Takes the next message, an event mostly, which is the caller's to release; waits as long as it
 * takes. Returns as peer_execute(). */
enum exit_status peer_receive(struct peer *peer, json_t **message);

/* The process that listens there, or 0: the kernel does not say. */
int peer_pid(const struct peer *peer);

#endif
