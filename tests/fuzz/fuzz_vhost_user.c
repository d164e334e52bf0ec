/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: a front end of vhost-user. The input is a list of steps: messages with
 * descriptors of all kinds, stores to the memory that is shared, requests that the device
 * takes and answers, files that shrink, sessions that end and begin. Its first byte says
 * whether an honest front end has brought the device up before.
 *
 * Whatever it does, an honest session is served at the end, and no descriptor is left open.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/must.h"
#include "virtio/vhost_user/guard.h"
#include "virtio/vhost_user/vhost_user.h"

#define QUEUES    2u
#define SLOTS     16u
#define MEMORY    0x10000u
#define GUEST     0x100000u  /* where it is for the guest */
#define USER      0x7000000u /* ... and for the front end */
#define RING(i)   ((i)*0x2000u)
#define AVAIL     0x800u
#define USED      0x1000u
#define TABLE     0x8000u
#define MOST_FDS  10u
#define MOST_HELD 8u

#define F_VERSION_1 (1ull << 32)
#define FEATURES                                                                 \
	(F_VERSION_1 | VHOST_USER_F_PROTOCOL_FEATURES | VRING_FEATURE_INDIRECT | \
	 VRING_FEATURE_EVENT_IDX)

/* What the first byte asks for. */
#define IN_UP     1u
#define IN_PACKED 2u

/* The device: it holds a few chains, and touches all of each. */
struct device {
	struct virtio_device dev;
	struct {
		struct vring_chain chain[MOST_HELD];
		struct iovec seg[MOST_HELD][VRING_MAX_SEGS];
		unsigned int nr;
	} held[QUEUES];
	_Alignas(8) uint8_t config[64];
};

static struct device d;
static struct vhost_user *vu;
static int peer = -1;
static int mem_fd, extra_fd, event_fd, pipes[2], account_fd = -1;
static uint8_t *ram;

static void touch(const struct vring_chain *chain)
{
	unsigned int n = chain->nr_readable + chain->nr_writable;
	uint8_t byte = 0;

	for (unsigned int i = 0; i < n; i++) {
		volatile uint8_t *base = chain->seg[i].iov_base;
		size_t len = chain->seg[i].iov_len;

		byte ^= base[0] ^ base[len - 1];
		if (i >= chain->nr_readable)
			base[0] = base[len - 1] = byte;
	}
}

static void give_back(unsigned int queue, unsigned int which)
{
	struct vring_chain *chain = d.held[queue].chain;
	unsigned int last;

	if (!d.held[queue].nr)
		return;
	which %= d.held[queue].nr;
	touch(&chain[which]);
	vring_push(&d.dev.queue[queue].ring, &chain[which], 1);
	last = --d.held[queue].nr;
	memcpy(d.held[queue].seg[which], d.held[queue].seg[last], sizeof(d.held[queue].seg[0]));
	chain[which] = chain[last];
	chain[which].seg = d.held[queue].seg[which];
}

static bool notify(struct virtio_device *dev, unsigned int queue, unsigned int cpu)
{
	struct vring_chain *chain;
	unsigned int nr = d.held[queue].nr;

	(void)cpu;
	if (nr == MOST_HELD) {
		give_back(queue, 0);
		virtio_queue_signal(dev, queue);
		return true;
	}
	chain = &d.held[queue].chain[nr];
	chain->seg = d.held[queue].seg[nr];
	chain->max_seg = VRING_MAX_SEGS;
	if (!virtio_queue_pop(dev, queue, chain))
		return false;
	touch(chain);
	d.held[queue].nr++;
	return true;
}

static void answer_all(unsigned int queue)
{
	while (d.held[queue].nr)
		give_back(queue, 0);
}

static void queue_stop(struct virtio_device *dev, unsigned int queue)
{
	virtio_queue_lock(dev, queue);
	answer_all(queue);
	virtio_queue_unlock(dev, queue);
}

static const struct virtio_device_ops device_ops = {.notify = notify, .queue_stop = queue_stop};

static int watch(void *opaque, unsigned int queue, int fd)
{
	(void)opaque;
	(void)queue;
	return fcntl(fd, F_GETFD) < 0 ? -errno : 0;
}

static void unwatch(void *opaque, unsigned int queue)
{
	(void)opaque;
	(void)queue;
}

static void quiesce(void *opaque)
{
	(void)opaque;
	for (unsigned int i = 0; i < QUEUES; i++)
		queue_stop(&d.dev, i);
}

static void resume(void *opaque)
{
	(void)opaque;
}

static int add_memory(void *opaque, void *host, uint64_t size, uint64_t page,
		      const struct vhost_user_file *file)
{
	(void)file;
	(void)page;
	(void)opaque;
	must(host && size);
	return 0;
}

static void remove_memory(void *opaque, void *host)
{
	(void)opaque;
	must(host != NULL);
}

static const struct vhost_user_host_ops host_ops = {
	.watch = watch,
	.unwatch = unwatch,
	.quiesce = quiesce,
	.resume = resume,
	.add_memory = add_memory,
	.remove_memory = remove_memory,
};

static void hang_up(void)
{
	vhost_user_end(vu);
	if (peer >= 0)
		close(peer);
	peer = -1;
}

static void begin(void)
{
	int pair[2];

	hang_up();
	must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair));
	must(!vhost_user_begin(vu, pair[1]));
	peer = pair[0];
}

/* Takes what was answered. The last descriptor is kept: an account, which is then another
 * session's, too. */
static void drain(void)
{
	char answer[512];
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {answer, sizeof(answer)};

	for (;;) {
		struct msghdr hdr = {.msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = &control,
				     .msg_controllen = sizeof(control)};
		struct cmsghdr *c;

		if (recvmsg(peer, &hdr, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0)
			break;
		c = CMSG_FIRSTHDR(&hdr);
		if (!c)
			continue;
		if (account_fd >= 0)
			close(account_fd);
		memcpy(&account_fd, CMSG_DATA(c), sizeof(account_fd));
	}
}

static void send_message(uint32_t request, uint32_t flags, uint32_t said, const void *payload,
			 uint32_t size, const int *fds, unsigned int nr)
{
	struct vhost_user_header header = {request, flags, said};
	struct iovec iov[2] = {{&header, sizeof(header)}, {(void *)payload, size}};
	struct msghdr hdr = {.msg_iov = iov, .msg_iovlen = size ? 2 : 1};
	union {
		char space[CMSG_SPACE(MOST_FDS * sizeof(int))];
		struct cmsghdr align;
	} control = {0};

	if (nr) {
		hdr.msg_control = &control;
		hdr.msg_controllen = CMSG_SPACE(nr * sizeof(int));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(nr * sizeof(int));
		memcpy(CMSG_DATA(&control.align), fds, nr * sizeof(int));
	}
	if (sendmsg(peer, &hdr, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
	vhost_user_serve(vu);
	drain();
}

static void tell(uint32_t request, const void *payload, uint32_t size, int fd)
{
	send_message(request, VHOST_USER_VERSION, size, payload, size, &fd, fd >= 0);
}

static void tell_u64(uint32_t request, uint64_t value, int fd)
{
	tell(request, &value, sizeof(value), fd);
}

/* As an honest front end begins. Of an account only if there is none. */
static void bring_up(bool packed, bool with_account)
{
	struct vhost_user_table table = {.nr = 1, .region = {{GUEST, MEMORY, USER, 0}}};
	struct vhost_user_inflight_area area = {.num_queues = QUEUES, .queue_size = SLOTS};
	uint64_t all = VHOST_USER_PF_MQ | VHOST_USER_PF_LOG_SHMFD | VHOST_USER_PF_BACKEND_REQ |
		       VHOST_USER_PF_CONFIG | VHOST_USER_PF_INFLIGHT_SHMFD |
		       VHOST_USER_PF_RESET_DEVICE | VHOST_USER_PF_CONFIGURE_MEM_SLOTS |
		       VHOST_USER_PF_REPLY_ACK;

	tell_u64(VHOST_USER_SET_PROTOCOL_FEATURES, all, -1);
	tell_u64(VHOST_USER_SET_FEATURES, FEATURES | (packed ? VRING_FEATURE_PACKED : 0), -1);
	tell(VHOST_USER_SET_MEM_TABLE, &table, 8 + sizeof(table.region[0]), mem_fd);
	if (with_account) {
		if (account_fd < 0)
			tell(VHOST_USER_GET_INFLIGHT_FD, &area, VHOST_USER_INFLIGHT_SIZE, -1);
		area.mmap_size = 4096;
		if (account_fd >= 0)
			tell(VHOST_USER_SET_INFLIGHT_FD, &area, VHOST_USER_INFLIGHT_SIZE,
			     account_fd);
	}
	for (uint32_t i = 0; i < QUEUES; i++) {
		struct vhost_user_ring_state num = {i, SLOTS};
		struct vhost_user_ring_state on = {i, 1};
		struct vhost_user_ring_addr addr = {.index = i,
						    .desc = USER + RING(i),
						    .avail = USER + RING(i) + AVAIL,
						    .used = USER + RING(i) + USED};

		tell(VHOST_USER_SET_VRING_NUM, &num, sizeof(num), -1);
		tell(VHOST_USER_SET_VRING_ADDR, &addr, sizeof(addr), -1);
		tell_u64(VHOST_USER_SET_VRING_CALL, i, event_fd);
		tell_u64(VHOST_USER_SET_VRING_KICK, i, event_fd);
		tell(VHOST_USER_SET_VRING_ENABLE, &on, sizeof(on), -1);
	}
}

struct input {
	const uint8_t *at;
	size_t left;
};

static uint8_t next(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

static int kind_of_fd(unsigned int kind)
{
	switch (kind % 8) {
	case 0:
	case 1:
		return mem_fd;
	case 2:
	case 3:
		return event_fd;
	case 4:
		return extra_fd;
	case 5:
		return pipes[0];
	case 6:
		return peer;
	default:
		return account_fd >= 0 ? account_fd : mem_fd;
	}
}

static void message(struct input *in, uint32_t request)
{
	uint32_t flags = next(in);
	uint32_t how = next(in);
	uint32_t size = next(in);
	uint32_t said = size;
	uint8_t payload[sizeof(union vhost_user_payload)] = {0};
	unsigned int nr = how & 7;
	int fds[MOST_FDS];

	if (size > in->left)
		size = (uint32_t)in->left;
	if (size > sizeof(payload))
		size = sizeof(payload);
	memcpy(payload, in->at, size);
	in->at += size;
	in->left -= size;
	/* A table of eight is longer than a byte can say. */
	if (how & 8)
		size = sizeof(struct vhost_user_table);
	/* Rarely is the size not what it says. */
	said = (flags & 0xf0) == 0x70 ? said : size;
	flags = flags & 4 ? flags : (flags & 8) | VHOST_USER_VERSION;
	if (nr == 7)
		nr = MOST_FDS;
	for (uint32_t i = 0; i < nr; i++)
		fds[i] = kind_of_fd((how >> 4) + i);
	send_message(request, flags, said, payload, size, fds, nr);
}

static void step(struct input *in)
{
	uint8_t op = next(in);
	unsigned int queue = op & 1;
	uint16_t at;

	switch (op >> 4) {
	case 8: /* stores of the driver */
		at = (uint16_t)(next(in) | next(in) << 8);
		for (unsigned int i = 0; i <= (op & 15u); i++)
			ram[(at + i) % MEMORY] = next(in);
		break;
	case 9:
		virtio_queue_lock(&d.dev, queue);
		if (virtio_queue_live(&d.dev, queue))
			notify(&d.dev, queue, 0);
		virtio_queue_unlock(&d.dev, queue);
		break;
	case 10:
		virtio_queue_lock(&d.dev, queue);
		give_back(queue, op >> 1 & 7);
		virtio_queue_signal(&d.dev, queue);
		virtio_queue_unlock(&d.dev, queue);
		break;
	case 11:
		must(!ftruncate(extra_fd, op & 1 ? MEMORY : 0));
		vhost_user_serve(vu);
		break;
	case 12:
		begin();
		if (op & 1)
			bring_up(op & 2, op & 4);
		break;
	case 13:
		virtio_device_set_config64(&d.dev, 0, op);
		break;
	case 14: /* bytes that are no message */
		at = next(in) % 16;
		if (at > in->left)
			at = (uint16_t)in->left;
		if (at && send(peer, in->at, at, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
			vhost_user_serve(vu);
		in->at += at;
		in->left -= at;
		break;
	default:
		message(in, op & 63);
	}
}

/* An honest session, with one request. */
static void check(void)
{
	const struct vring_desc desc = {GUEST + TABLE, 16, VRING_F_WRITE, 0};
	const uint16_t avail[] = {0, 1, 0};
	uint16_t idx;

	must(!ftruncate(extra_fd, MEMORY));
	begin();
	if (account_fd >= 0)
		close(account_fd);
	account_fd = -1;
	memset(ram, 0, MEMORY);
	memcpy(ram + RING(0), &desc, sizeof(desc));
	memcpy(ram + RING(0) + AVAIL, avail, sizeof(avail));
	bring_up(false, false);
	must(vhost_user_is_active(vu) && d.held[0].nr == 1);
	queue_stop(&d.dev, 0);
	memcpy(&idx, ram + RING(0) + USED + 2, sizeof(idx));
	must(idx == 1);
}

static void set_up(void)
{
	static const uint16_t sizes[QUEUES] = {SLOTS, SLOTS};
	struct vhost_user_config config = {.dev = &d.dev, .host = &host_ops};

	must(!vhost_user_guard_setup());
	mem_fd = memfd_create("memory", MFD_CLOEXEC);
	extra_fd = memfd_create("extra", MFD_CLOEXEC);
	event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(mem_fd >= 0 && extra_fd >= 0 && event_fd >= 0 && !pipe(pipes));
	must(!ftruncate(mem_fd, MEMORY) && !ftruncate(extra_fd, MEMORY));
	ram = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, mem_fd, 0);
	must(ram != MAP_FAILED);
	d.dev.ops = &device_ops;
	d.dev.offered = VRING_FEATURE_INDIRECT | VRING_FEATURE_EVENT_IDX | VRING_FEATURE_PACKED;
	d.dev.config = d.config;
	d.dev.config_size = sizeof(d.config);
	d.dev.nr_queues = QUEUES;
	must(!virtio_device_init(&d.dev, sizes));
	must(!vhost_user_create(&config, &vu));
}

static int lowest_free(void)
{
	int fd = dup(mem_fd);

	must(fd >= 0);
	close(fd);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	unsigned int steps = 200;
	uint8_t how = next(&in);
	int free_fd;

	if (!vu)
		set_up();
	free_fd = lowest_free();
	memset(ram, 0, MEMORY);
	begin();
	if (how & IN_UP)
		bring_up(how & IN_PACKED, true);
	while (in.left && steps--) {
		if (vhost_user_fd(vu) < 0)
			begin();
		step(&in);
	}
	check();
	hang_up();
	must(lowest_free() == free_fd);
	return 0;
}
