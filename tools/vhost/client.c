/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections, messages, memory. */
#include "tools/vhost/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define VERSION_1   (1ull << 32)
#define F_INDIRECT  (1ull << 28)
#define F_EVENT_IDX (1ull << 29)
#define F_PACKED    (1ull << 34)
#define BLK_F_FLUSH (1ull << 9)
#define BLK_F_MQ    (1ull << 12)

#define ASSUMED_CONFIG 60u /* bytes of struct virtio_blk_config up to secure erase */

int client_init(struct client *c, uint64_t size)
{
	memset(c, 0, sizeof(*c));
	c->fd = -1;
	c->inflight_fd = -1;
	for (unsigned int i = 0; i < CLIENT_MAX_QUEUES; i++) {
		c->ring[i].kick = -1;
		c->ring[i].call = -1;
	}
	c->mem_size = (size + 4095) & ~4095ull;
	c->gpa = CLIENT_GPA_BASE;
	c->mem_fd = memfd_create("vhost-client", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (c->mem_fd < 0)
		return -errno;
	if (ftruncate(c->mem_fd, (off_t)c->mem_size))
		goto err;
	c->mem = mmap(NULL, c->mem_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		      c->mem_fd, 0);
	if (c->mem == MAP_FAILED)
		goto err;
	return 0;

err:
	close(c->mem_fd);
	c->mem_fd = -1;
	return -errno;
}

void client_fini(struct client *c)
{
	client_disconnect(c);
	if (c->inflight_fd >= 0)
		close(c->inflight_fd);
	for (unsigned int i = 0; i < CLIENT_MAX_QUEUES; i++) {
		if (c->ring[i].kick >= 0)
			close(c->ring[i].kick);
		if (c->ring[i].call >= 0)
			close(c->ring[i].call);
	}
	munmap(c->mem, c->mem_size);
	close(c->mem_fd);
}

int client_send(int fd, uint32_t request, uint32_t flags, const void *payload, uint32_t size,
		const int *fds, unsigned int nr_fds)
{
	struct vhost_user_header header = {request, flags | VHOST_USER_VERSION, size};
	struct iovec iov[2] = {{&header, sizeof(header)}, {(void *)payload, size}};
	struct msghdr hdr = {.msg_iov = iov, .msg_iovlen = size ? 2 : 1};
	union {
		char space[CMSG_SPACE(64 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	ssize_t n;

	if (nr_fds > 64)
		return -EINVAL;
	if (nr_fds) {
		hdr.msg_control = &control;
		hdr.msg_controllen = CMSG_SPACE(nr_fds * sizeof(int));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(nr_fds * sizeof(int));
		memcpy(CMSG_DATA(&control.align), fds, nr_fds * sizeof(int));
	}
	n = sendmsg(fd, &hdr, MSG_NOSIGNAL);
	if (n < 0)
		return -errno;
	return (size_t)n == sizeof(header) + size ? 0 : -EPIPE;
}

/* Reads exactly len bytes, and the descriptor that came with them. */
static int read_all(int fd, void *buf, size_t len, int *got_fd)
{
	size_t done = 0;

	while (done < len) {
		struct iovec iov = {(char *)buf + done, len - done};
		union {
			char space[CMSG_SPACE(sizeof(int))];
			struct cmsghdr align;
		} control;
		struct msghdr hdr = {.msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = &control,
				     .msg_controllen = sizeof(control)};
		struct cmsghdr *cmsg;
		ssize_t n = recvmsg(fd, &hdr, MSG_CMSG_CLOEXEC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EPIPE;
		cmsg = CMSG_FIRSTHDR(&hdr);
		if (cmsg && cmsg->cmsg_type == SCM_RIGHTS) {
			int received;

			memcpy(&received, CMSG_DATA(cmsg), sizeof(received));
			if (got_fd && *got_fd < 0)
				*got_fd = received;
			else
				close(received);
		}
		done += (size_t)n;
	}
	return 0;
}

int client_receive(int fd, struct vhost_user_header *header, void *payload, uint32_t room,
		   int *got_fd)
{
	int ret;

	if (got_fd)
		*got_fd = -1;
	ret = read_all(fd, header, sizeof(*header), got_fd);
	if (ret)
		return ret;
	if (header->size > room)
		return -EMSGSIZE;
	return header->size ? read_all(fd, payload, header->size, got_fd) : 0;
}

int client_ask(struct client *c, uint32_t request, const void *payload, uint32_t size, void *answer,
	       uint32_t answer_size)
{
	struct vhost_user_header header;
	int ret;

	ret = client_send(c->fd, request, 0, payload, size, NULL, 0);
	if (!ret)
		ret = client_receive(c->fd, &header, answer, answer_size, NULL);
	if (ret)
		return ret;
	if (header.request != request || !(header.flags & VHOST_USER_REPLY) ||
	    header.size != answer_size)
		return -EPROTO;
	return 0;
}

int client_tell(struct client *c, uint32_t request, const void *payload, uint32_t size,
		const int *fds, unsigned int nr_fds)
{
	bool ack = c->protocol & VHOST_USER_PF_REPLY_ACK;
	struct vhost_user_header header;
	uint64_t answer;
	int ret;

	ret = client_send(c->fd, request, ack ? VHOST_USER_NEED_REPLY : 0, payload, size, fds,
			  nr_fds);
	if (ret || !ack)
		return ret;
	ret = client_receive(c->fd, &header, &answer, sizeof(answer), NULL);
	if (ret)
		return ret;
	return header.request == request && header.size == sizeof(answer) && !answer ? 0 : -EPROTO;
}

static int tell_u64(struct client *c, uint32_t request, uint64_t value)
{
	return client_tell(c, request, &value, sizeof(value), NULL, 0);
}

static int negotiate(struct client *c)
{
	const uint64_t ours = VHOST_USER_PF_MQ | VHOST_USER_PF_REPLY_ACK | VHOST_USER_PF_CONFIG |
			      VHOST_USER_PF_INFLIGHT_SHMFD | VHOST_USER_PF_CONFIGURE_MEM_SLOTS |
			      VHOST_USER_PF_LOG_SHMFD | VHOST_USER_PF_RESET_DEVICE;
	uint64_t wanted = VERSION_1 | BLK_F_FLUSH | BLK_F_MQ | VHOST_USER_F_PROTOCOL_FEATURES;
	struct vhost_user_config_space config = {.size = ASSUMED_CONFIG};
	uint64_t features;
	uint64_t protocol;
	uint64_t queues = 1;
	int ret;

	c->protocol = 0;
	if (!c->plain)
		wanted |= F_INDIRECT;
	if (!c->no_event_idx)
		wanted |= F_EVENT_IDX;
	if (c->wants_packed)
		wanted |= F_PACKED;
	ret = client_ask(c, VHOST_USER_GET_FEATURES, NULL, 0, &features, sizeof(features));
	if (ret)
		return ret;
	if (!(features & VHOST_USER_F_PROTOCOL_FEATURES) || !(features & VERSION_1) ||
	    (c->wants_packed && !(features & F_PACKED)))
		return -EOPNOTSUPP;
	c->features = features & wanted;
	ret = client_ask(c, VHOST_USER_GET_PROTOCOL_FEATURES, NULL, 0, &protocol, sizeof(protocol));
	if (ret)
		return ret;
	protocol &= ours;
	ret = client_send(c->fd, VHOST_USER_SET_PROTOCOL_FEATURES, 0, &protocol, sizeof(protocol),
			  NULL, 0);
	if (ret)
		return ret;
	c->protocol = protocol;
	if (protocol & VHOST_USER_PF_MQ) {
		ret = client_ask(c, VHOST_USER_GET_QUEUE_NUM, NULL, 0, &queues, sizeof(queues));
		if (ret)
			return ret;
	}
	c->max_queues = (unsigned int)queues;
	ret = client_tell(c, VHOST_USER_SET_OWNER, NULL, 0, NULL, 0);
	if (ret)
		return ret;
	if (protocol & VHOST_USER_PF_CONFIG) {
		ret = client_ask(c, VHOST_USER_GET_CONFIG, &config,
				 VHOST_USER_CONFIG_HEADER + config.size, &config,
				 VHOST_USER_CONFIG_HEADER + config.size);
		if (ret)
			return ret;
		memcpy(c->config, config.data, ASSUMED_CONFIG);
	}
	return tell_u64(c, VHOST_USER_SET_FEATURES, c->features);
}

int client_attach(struct client *c, int fd)
{
	struct ucred peer;
	const struct timeval limit = {.tv_sec = c->timeout_ms / 1000,
				      .tv_usec = c->timeout_ms % 1000 * 1000};
	socklen_t len = sizeof(peer);
	int ret;

	c->fd = fd;
	if (c->timeout_ms && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit))) {
		client_disconnect(c);
		return -errno;
	}
	c->pid = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) ? 0 : peer.pid;
	ret = negotiate(c);
	if (ret)
		client_disconnect(c);
	return ret;
}

static int try_connect(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd;
	int ret;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

int client_connect(struct client *c, const char *path, unsigned int wait_ms)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	unsigned int waited = 0;
	int ret;

	for (;; waited += 10) {
		ret = try_connect(path);
		if (ret >= 0)
			ret = client_attach(c, ret);
		/* Nobody there, or somebody who was just killed. */
		if (ret != -ENOENT && ret != -ECONNREFUSED && ret != -EPIPE && ret != -ECONNRESET)
			return ret;
		if (waited >= wait_ms)
			return ret;
		nanosleep(&pause, NULL);
	}
}

void client_disconnect(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

int client_share(struct client *c)
{
	struct vhost_user_table table = {.nr = 1};

	table.region[0] = (struct vhost_user_region){
		.guest_addr = c->gpa,
		.size = c->mem_size,
		.user_addr = (uintptr_t)c->mem,
	};
	return client_tell(c, VHOST_USER_SET_MEM_TABLE, &table, 8 + sizeof(table.region[0]),
			   &c->mem_fd, 1);
}

int client_share_inflight(struct client *c, uint16_t queues, uint16_t queue_size)
{
	struct vhost_user_header header;
	int ret;

	if (!(c->protocol & VHOST_USER_PF_INFLIGHT_SHMFD))
		return 0;
	if (c->inflight_fd < 0) {
		c->inflight = (struct vhost_user_inflight_area){.num_queues = queues,
								.queue_size = queue_size};
		ret = client_send(c->fd, VHOST_USER_GET_INFLIGHT_FD, 0, &c->inflight,
				  VHOST_USER_INFLIGHT_SIZE, NULL, 0);
		if (!ret)
			ret = client_receive(c->fd, &header, &c->inflight, sizeof(c->inflight),
					     &c->inflight_fd);
		if (ret)
			return ret;
		if (c->inflight_fd < 0)
			return -EPROTO;
	}
	return client_tell(c, VHOST_USER_SET_INFLIGHT_FD, &c->inflight, VHOST_USER_INFLIGHT_SIZE,
			   &c->inflight_fd, 1);
}

static int tell_event(struct client *c, uint32_t request, unsigned int i, int fd)
{
	uint64_t value = i;

	return client_tell(c, request, &value, sizeof(value), &fd, 1);
}

/* Where the back end is to go on: what a driver can know of a device that is gone. */
static uint32_t base_of(const struct client_ring *r)
{
	if (r->packed)
		return (r->next_used | (r->used_wrap ? 0x8000u : 0)) * 0x10001u;
	/* used.idx */
	return __atomic_load_n((const uint16_t *)r->used + 1, __ATOMIC_ACQUIRE);
}

int client_ring_start(struct client *c, unsigned int i)
{
	struct client_ring *r = &c->ring[i];
	struct vhost_user_ring_state num = {i, r->size};
	struct vhost_user_ring_state base = {i, base_of(r)};
	struct vhost_user_ring_state on = {i, 1};
	struct vhost_user_ring_addr addr = {
		.index = i,
		.desc = (uintptr_t)r->desc,
		.avail = (uintptr_t)r->avail,
		.used = (uintptr_t)r->used,
	};
	int ret;

	ret = client_tell(c, VHOST_USER_SET_VRING_NUM, &num, sizeof(num), NULL, 0);
	if (!ret)
		ret = client_tell(c, VHOST_USER_SET_VRING_BASE, &base, sizeof(base), NULL, 0);
	if (!ret)
		ret = client_tell(c, VHOST_USER_SET_VRING_ADDR, &addr, sizeof(addr), NULL, 0);
	if (!ret)
		ret = tell_event(c, VHOST_USER_SET_VRING_KICK, i, r->kick);
	if (!ret)
		ret = tell_event(c, VHOST_USER_SET_VRING_CALL, i, r->call);
	if (!ret)
		ret = client_tell(c, VHOST_USER_SET_VRING_ENABLE, &on, sizeof(on), NULL, 0);
	return ret;
}

int client_ring_stop(struct client *c, unsigned int i, uint32_t *base)
{
	struct vhost_user_ring_state state = {i, 0};
	int ret;

	ret = client_ask(c, VHOST_USER_GET_VRING_BASE, &state, sizeof(state), &state,
			 sizeof(state));
	*base = state.num;
	return ret;
}
