/* SPDX-License-Identifier: BSD-2-Clause */
/* A vhost-user device that an I/O thread serves: kicks arrive in its ring, and the front
 * end's memory is registered with it. Of that a part may be the heap of a memory service which is
 * in this process as well. */
#ifndef VIRTIO_VHOST_USER_ENGINE_H
#define VIRTIO_VHOST_USER_ENGINE_H

#include "virtio/io/engine.h"
#include "virtio/vhost_user/vhost_user.h"

/* Queues of one device at most. */
#define VHOST_USER_ENGINE_QUEUES 16

struct vhost_user_engine {
	struct io_engine *engine; /* the device's own, for as long as the transport is there */
	struct io_watch watch[VHOST_USER_ENGINE_QUEUES];
	/* A heap whose memfd front ends map, too, and which file that is; NULL: there is none. I/O
	 * that lies there pins its frames. */
	struct mm_heap *heap;
	dev_t heap_dev;
	ino_t heap_ino;
};

/* Has it know a heap with a memfd, before there is a front end. Returns 0 or a negative errno. */
int vhost_user_engine_know(struct vhost_user_engine *engine, struct mm_heap *heap);

/* For struct vhost_user_config; the opaque is a struct vhost_user_engine, zero but for
 * engine. */
extern const struct vhost_user_host_ops vhost_user_engine_ops;

#endif
