/* SPDX-License-Identifier: BSD-2-Clause */
/* The handshake: what ivshmem-server says to a client, whose peer this server is. A message is 64
 * bits, little-endian, some with a descriptor. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "virtio/ivshmem/priv.h"

#define PROTOCOL_VERSION 0
#define SHARED_MEMORY    (-1)
#define NO_FD            (-1)

static int say(int socket, int64_t value, int fd)
{
	char room[CMSG_SPACE(sizeof(fd))] = {0};
	struct iovec iov = {&value, sizeof(value)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *header;
	ssize_t ret;

	if (fd != NO_FD) {
		msg.msg_control = room;
		msg.msg_controllen = sizeof(room);
		header = CMSG_FIRSTHDR(&msg);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	}
	/* All of it fits a socket that nobody has written to. */
	ret = sendmsg(socket, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (ret < 0)
		return -errno;
	return ret == (ssize_t)sizeof(value) ? 0 : -EPIPE;
}

int ivshmem_welcome(struct ivshmem *ivs, int fd)
{
	const unsigned int vectors = ivs->config.queues + 1;
	int ret = say(fd, PROTOCOL_VERSION, NO_FD);

	if (!ret)
		ret = say(fd, IVSHMEM_KMEM_GUEST, NO_FD);
	if (!ret)
		ret = say(fd, SHARED_MEMORY, mm_heap_fd(ivs->config.heap));
	/* By their number the client knows the vectors. */
	for (unsigned int i = 0; i < vectors && !ret; i++)
		ret = say(fd, IVSHMEM_KMEM_SERVER, ivs->bell);
	for (unsigned int i = 0; i < vectors && !ret; i++)
		ret = say(fd, IVSHMEM_KMEM_GUEST, ivs->irq[i]);
	return ret;
}

void ivshmem_refuse(int fd)
{
	(void)say(fd, -1, NO_FD);
}
