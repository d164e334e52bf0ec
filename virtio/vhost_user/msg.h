/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of vhost-user on a socket, in whole, with their file descriptors. */
#ifndef VIRTIO_VHOST_USER_MSG_H
#define VIRTIO_VHOST_USER_MSG_H

#include "virtio/vhost_user/proto.h"

struct vhost_user_msg {
	struct vhost_user_header header;
	union vhost_user_payload payload; /* what header.size leaves is zero */
	int fd[VHOST_USER_MAX_FDS];       /* who takes one sets it to -1 */
	unsigned int nr_fds;
};

/* A message as it comes in. */
struct vhost_user_conn {
	int fd;
	size_t got; /* bytes of msg so far */
	struct vhost_user_msg msg;
};

/*
 * Reads on, without blocking. Returns 1 when conn->msg is whole; 0 when more is to
 * come; -EPIPE at the end of the stream; -EPROTO (wrong version, a reply), -EMSGSIZE
 * (a payload larger than any), -EMFILE (more descriptors than a message has); or what
 * the socket said. After an error the connection is good for nothing but closing.
 */
int vhost_user_conn_read(struct vhost_user_conn *conn);

/* Makes room for the next message: closes the descriptors of this one that were not taken. */
void vhost_user_conn_next(struct vhost_user_conn *conn);

/* Takes descriptor i of a message out of it; -1 if there is none. */
int vhost_user_msg_take_fd(struct vhost_user_msg *msg, unsigned int i);

/*
 * Sends a message of size bytes of payload with a descriptor (-1: none), which stays the
 * caller's. Returns 0, or a negative errno; -EAGAIN from a peer that does not read.
 */
int vhost_user_send(int socket, uint32_t request, uint32_t flags, const void *payload,
		    uint32_t size, int fd);

#endif
