/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/vhost_user/msg.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER sizeof(struct vhost_user_header)

/* Keeps what descriptors came with some bytes; those beyond the limit are closed. */
static int take_fds(struct vhost_user_msg *msg, struct msghdr *hdr)
{
	int ret = hdr->msg_flags & MSG_CTRUNC ? -EMFILE : 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(hdr); c; c = CMSG_NXTHDR(hdr, c)) {
		size_t n;
		int fd;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
		for (size_t i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (msg->nr_fds < VHOST_USER_MAX_FDS) {
				msg->fd[msg->nr_fds++] = fd;
			} else {
				close(fd);
				ret = -EMFILE;
			}
		}
	}
	return ret;
}

static int check_header(const struct vhost_user_header *h)
{
	if ((h->flags & VHOST_USER_VERSION_MASK) != VHOST_USER_VERSION ||
	    h->flags & VHOST_USER_REPLY)
		return -EPROTO;
	return h->size > sizeof(union vhost_user_payload) ? -EMSGSIZE : 0;
}

int vhost_user_conn_read(struct vhost_user_conn *conn)
{
	struct vhost_user_msg *msg = &conn->msg;
	union {
		/* One more than allowed, to tell too many from the most. */
		char space[CMSG_SPACE((VHOST_USER_MAX_FDS + 1) * sizeof(int))];
		struct cmsghdr align;
	} control;
	int ret;

	for (;;) {
		/* Never beyond this message: the next one's descriptors are its own. */
		size_t end = conn->got < HEADER ? HEADER : HEADER + msg->header.size;
		struct iovec iov;
		struct msghdr hdr = {.msg_iov = &iov, .msg_iovlen = 1};
		ssize_t n;

		if (conn->got >= HEADER && conn->got == end)
			return 1;
		iov.iov_base = conn->got < HEADER ? (char *)&msg->header + conn->got
						  : (char *)&msg->payload + (conn->got - HEADER);
		iov.iov_len = end - conn->got;
		hdr.msg_control = &control;
		hdr.msg_controllen = sizeof(control);
		do {
			n = recvmsg(conn->fd, &hdr, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		} while (n < 0 && errno == EINTR);
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		ret = take_fds(msg, &hdr);
		if (ret)
			return ret;
		if (!n)
			return -EPIPE;
		conn->got += (size_t)n;
		if (conn->got == HEADER) {
			ret = check_header(&msg->header);
			if (ret)
				return ret;
		}
	}
}

void vhost_user_conn_next(struct vhost_user_conn *conn)
{
	for (unsigned int i = 0; i < conn->msg.nr_fds; i++)
		if (conn->msg.fd[i] >= 0)
			close(conn->msg.fd[i]);
	memset(&conn->msg, 0, sizeof(conn->msg));
	conn->got = 0;
}

int vhost_user_msg_take_fd(struct vhost_user_msg *msg, unsigned int i)
{
	int fd;

	if (i >= msg->nr_fds)
		return -1;
	fd = msg->fd[i];
	msg->fd[i] = -1;
	return fd;
}

int vhost_user_send(int socket, uint32_t request, uint32_t flags, const void *payload,
		    uint32_t size, int fd)
{
	struct vhost_user_header header = {request, flags | VHOST_USER_VERSION, size};
	struct iovec iov[2] = {{&header, sizeof(header)}, {(void *)payload, size}};
	struct msghdr hdr = {.msg_iov = iov, .msg_iovlen = size ? 2 : 1};
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	ssize_t n;

	if (fd >= 0) {
		struct cmsghdr *c = &control.align;

		hdr.msg_control = &control;
		hdr.msg_controllen = sizeof(control);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	do {
		n = sendmsg(socket, &hdr, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	/* A socket with so little room is not being read either. */
	return (size_t)n == sizeof(header) + size ? 0 : -EAGAIN;
}
