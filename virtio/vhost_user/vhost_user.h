/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vhost-user, the back end's side: a transport by which a device serves a front end (a
 * QEMU machine, say) over a Unix socket, on the front end's memory.
 *
 * One thread calls the functions here, the control thread. It reads messages, and starts and
 * stops rings. The rings are served by whatever thread the device has. One front end
 * at a time; when it goes, the device is as new.
 *
 * The front end is hostile. Each file descriptor it sends is checked and bounded in
 * number, each region against the size of its file; what makes no sense ends the
 * session with a line that says what was wrong. A front end that shrinks a file whose
 * memory is in use would kill us by SIGBUS: the pages are replaced
 * (guard.h) and the session ends.
 *
 * Addresses of rings are the front end's virtual ones, those in descriptors
 * guest-physical: each has its own checked translation. A ring and an indirect table lie in
 * one region each; a buffer may go on in the region that begins where the first ends.
 *
 * What a front end can do with descriptors that it shares, it does to its own process: it can
 * make an eventfd block again and fill it, or put its memory on a file system that never
 * answers. Front ends that do not trust each other are given a process each. One that sends its
 * own end of the connection, as a channel or with half a message, keeps its session for as long
 * as that is held here: it is never seen to go, and its disk is served to no other front end
 * until the process is started anew.
 */
#ifndef VIRTIO_VHOST_USER_VHOST_USER_H
#define VIRTIO_VHOST_USER_VHOST_USER_H

#include <sys/types.h>

#include "virtio/device.h"
#include "virtio/vhost_user/proto.h"

struct vhost_user;

/* Regions of memory that a front end may share at once. */
#define VHOST_USER_MAX_REGIONS 64u

/* All regions together, bytes, unless the config says less: what an honest machine stays below. */
#define VHOST_USER_MAX_MEMORY (16ull << 40)

/* Which file a region is of, and where in it. */
struct vhost_user_file {
	dev_t dev;
	ino_t ino;
	uint64_t offset;
};

/* What serves the device, as far as the transport has to do with it. All are called on the
 * control thread with no lock held. */
struct vhost_user_host_ops {
	/* Calls virtio_device_ops.notify, or does what it would, whenever fd (an eventfd,
	 * non-blocking, the caller's) is signalled; it is read then. Returns 0 or a
	 * negative errno. unwatch ends it, and returns when fd is not used any more. */
	int (*watch)(void *opaque, unsigned int queue, int fd);
	void (*unwatch)(void *opaque, unsigned int queue);
	/* Takes no request and returns when those taken are answered; and on again. */
	void (*quiesce)(void *opaque);
	void (*resume)(void *opaque);
	/* Memory that requests may lie in, new and gone; quiesced when it goes. page: bytes of
	 * its pages, as its file says. Returns 0 or a negative errno. */
	int (*add_memory)(void *opaque, void *host, uint64_t size, uint64_t page,
			  const struct vhost_user_file *file);
	void (*remove_memory)(void *opaque, void *host);
};

struct vhost_user_config {
	struct virtio_device *dev; /* borrowed, on no other transport */
	uint64_t hide;             /* features of the device not to offer */
	uint64_t max_memory;       /* bytes of all regions together; 0: VHOST_USER_MAX_MEMORY */
	const struct vhost_user_host_ops *host;
	void *host_opaque;
	/* A line for the user, without newline, of what went wrong. Any thread. NULL: dropped. */
	void (*say)(void *opaque, const char *text);
	/* The same of what goes on: a machine uses the device, and has gone. */
	void (*tell)(void *opaque, const char *text);
	void *say_opaque;
};

/* What a transport has counted since it was made. */
struct vhost_user_stats {
	uint64_t sessions, messages, refusals;
	uint64_t signals;     /* of call eventfds */
	uint64_t resubmitted; /* requests taken again from an inflight region */
	uint64_t recovered;   /* ... found answered already */
	uint64_t log_misses;  /* dirty pages beyond the log */
};

/* Returns 0, -EINVAL or -ENOMEM. */
int vhost_user_create(const struct vhost_user_config *config, struct vhost_user **vu);

/* Ends the session if there is one, and frees the transport (NULL: nothing). */
void vhost_user_destroy(struct vhost_user *vu);

/* Begins a session on a connected stream socket, which becomes the transport's, and
 * non-blocking. Returns 0, or a negative errno with the socket closed. */
int vhost_user_begin(struct vhost_user *vu, int fd);

/* Answers the requests taken, but for those of many steps, which end after the one that is under
 * way; stops all rings, forgets the front end. */
void vhost_user_end(struct vhost_user *vu);

/* The socket, to be polled for POLLIN; -1 without a session. */
int vhost_user_fd(const struct vhost_user *vu);

/* An eventfd that is readable when the session is to be ended for what another thread
 * found: call vhost_user_serve() then. Lasts as long as the transport. */
int vhost_user_alarm_fd(const struct vhost_user *vu);

/* Serves what the socket has. Does not block but for requests under way. Returns
 * whether the session goes on; it is ended if not. */
bool vhost_user_serve(struct vhost_user *vu);

/* A ring of the session is running. */
bool vhost_user_is_active(const struct vhost_user *vu);

void vhost_user_get_stats(const struct vhost_user *vu, struct vhost_user_stats *stats);

#endif
