/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control thread of a disk that is served: it accepts front ends, one at a time, and answers
 * their messages. Some of these wait until requests under way are answered, which lasts as long as
 * the storage lets it: so each disk has a thread of its own, and no front end waits for another's
 * disk, nor does who ends the service.
 */
#ifndef VMM_SERVE_THREAD_H
#define VMM_SERVE_THREAD_H

#include <stdbool.h>

struct io_engine;
struct sandbox;
struct serve_thread;
struct vhost_user;
struct virtio_device;

/* All of it is borrowed, for as long as the thread is there. */
struct serve_thread_config {
	struct vhost_user *vu;
	struct virtio_device *dev;
	struct io_engine *engine;
	int socket;              /* listening; -1: the one connection that there is has begun */
	struct sandbox *sandbox; /* to enter as SANDBOX_SERVE; NULL: none */
	int over_fd;             /* an eventfd to signal when the one connection is over */
};

/* Starts the thread, which enters the sandbox and waits. Returns 0 or a negative errno. */
int serve_thread_create(const struct serve_thread_config *config, struct serve_thread **thread);

/* From here on it serves. */
void serve_thread_go(struct serve_thread *thread);

/* Has it look at the disk's size again. */
void serve_thread_resize(struct serve_thread *thread);

/* Tells whether its one connection is over. */
bool serve_thread_is_over(const struct serve_thread *thread);

/* Asks it to end; the device takes no more requests, and abandons what lasts. Does not wait. */
void serve_thread_stop(struct serve_thread *thread);

/* Has it end, waits until it has, and frees it (NULL: nothing). Its session is over then. */
void serve_thread_destroy(struct serve_thread *thread);

#endif
