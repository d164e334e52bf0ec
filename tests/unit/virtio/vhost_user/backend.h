/* SPDX-License-Identifier: BSD-2-Clause */
/* A vhost-user-blk back end on a thread of the test, and an honest client for it. */
#ifndef VHOST_USER_BACKEND_H
#define VHOST_USER_BACKEND_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/vhost/client.h"
#include "virtio/blk/blk.h"
#include "virtio/vhost_user/engine.h"

#define DISK_SIZE (8u << 20)
#define QUEUES    2u
#define SLOTS     16u
/* Memory of a client: rings, a page for each slot's header, 64 KiB for its data. */
#define HEADERS     (QUEUES * CLIENT_RING_ROOM)
#define DATA        (HEADERS + QUEUES * SLOTS * 4096u)
#define DATA_ROOM   (64u << 10)
#define MEMORY_SIZE (DATA + QUEUES * SLOTS * DATA_ROOM)

struct backend {
	struct io_engine *engine;
	struct virtio_device *dev;
	struct vhost_user_engine host;
	struct vhost_user *vu;
	char path[64];
	int fd; /* of the file, for the test to look at */
	pthread_t thread;
	int next[2], stop; /* sockets to begin a session on, by a pipe; an eventfd */
	int peer;          /* the last session's other end, if it is open still */
	pthread_mutex_t lock;
	pthread_cond_t spoke;
	char said[4096]; /* all lines of the session */
	unsigned int open_fds;
};

/* pin_budget: bytes of a client's memory that are registered at most; 0 is what is shipped. */
void backend_start(struct backend *b, uint64_t pin_budget);
/* Ends it, and asserts that no descriptor was left open. */
void backend_stop(struct backend *b);

/* Fixtures: *state is a back end; which works to the end, and leaves nothing open. */
int backend_setup(void **state);
int backend_setup_cached(void **state);     /* ... on the host's page cache */
int backend_setup_registered(void **state); /* with a pin budget */
int backend_teardown(void **state);

/* Begins a session: the other end of its socket. */
int backend_connect(struct backend *b);
/* ... and negotiates, shares memory and starts rings. */
void backend_join(struct backend *b, struct client *c);
/* A new client that has joined so. */
void client_join(struct backend *b, struct client *c);
/* ... or one that has negotiated and has rings, which it has told nobody of, as of its memory. */
void client_join_bare(struct backend *b, struct client *c);
void client_leave(struct client *c);
/* Tells whether the session says a line with this in it; forgets what was said. */
bool backend_said(struct backend *b, const char *text);
/* Returns when it has said so, at the latest after 20 s, and asserts it. */
void backend_wait_said(struct backend *b, const char *text);
/* Returns when the session has ended. */
void backend_wait_end(struct backend *b, int fd);

/* A request of slot 0, waited for: its status. */
uint8_t client_do(struct client *c, unsigned int ring, uint32_t type, uint64_t sector,
		  uint32_t len);
void client_request_at(struct client_request *q, unsigned int ring, unsigned int slot,
		       uint32_t type, uint64_t sector, uint32_t len);
/* Waits for an answer; the slot. */
int client_wait(struct client *c, unsigned int ring);
/* All is well: a new session reads and writes. */
void backend_still_works(struct backend *b);

#endif
