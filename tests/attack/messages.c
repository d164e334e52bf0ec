/* SPDX-License-Identifier: BSD-2-Clause */
/* Sessions of front ends that mean harm, and the files that they have. */
#include "tests/attack/messages.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ACCOUNT_BYTES 8192u

const char *const front_count_names[FRONT_COUNTS] = {
	"whole",       "left_out", "twice",  "swapped", "wrong_size", "wrong_files",
	"wrong_bytes", "in_parts", "floods", "random",  "shrunk",     "partial",
};

static int memory_file(off_t size)
{
	int fd = memfd_create("front", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	must(fd >= 0 && !ftruncate(fd, size), "a memory file: %s", strerror(errno));
	return fd;
}

void front_init(struct front *f)
{
	char path[40];
	int pair[2];

	f->fd = -1;
	f->file[FILE_MEMORY] = memory_file(FRONT_MEMORY);
	f->file[FILE_SHRINKS] = memory_file(FRONT_MEMORY);
	f->file[FILE_EMPTY] = memory_file(0);
	f->file[FILE_SPARSE] = memory_file((off_t)8 << 40);
	f->file[FILE_SEALED] = memory_file(FRONT_MEMORY);
	must(!fcntl(f->file[FILE_SEALED], F_ADD_SEALS, F_SEAL_WRITE), "seals");
	f->file[FILE_ACCOUNT] = memory_file(ACCOUNT_BYTES);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", f->file[FILE_MEMORY]);
	f->file[FILE_READONLY] = open(path, O_RDONLY | O_CLOEXEC);
	f->file[FILE_EVENT] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	f->file[FILE_EPOLL] = epoll_create1(EPOLL_CLOEXEC);
	f->file[FILE_NULL] = open("/dev/null", O_RDWR | O_CLOEXEC);
	f->file[FILE_FOLDER] = open("/", O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	f->file[FILE_OF_PROC] = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	must(!pipe2(pair, O_CLOEXEC), "a pipe");
	f->file[FILE_PIPE] = pair[1];
	close(pair[0]);
	must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), "sockets");
	f->file[FILE_SOCKET] = pair[0];
	/* The other end is there, and nobody reads it. */
	f->file[FILE_OTHER_END] = pair[1];
	f->mem = mmap(NULL, FRONT_MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, f->file[FILE_MEMORY],
		      0);
	must(f->mem != MAP_FAILED, "memory");
}

void front_fini(struct front *f)
{
	munmap(f->mem, FRONT_MEMORY);
	for (unsigned int i = 0; i < FRONT_FILES; i++)
		close(f->file[i]);
}

static void dial(struct front *f)
{
	const struct timeval limit = {.tv_sec = 60};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	must(strlen(f->socket) < sizeof(addr.sun_path), "%s: too long", f->socket);
	strcpy(addr.sun_path, f->socket);
	f->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(f->fd >= 0 && !connect(f->fd, (struct sockaddr *)&addr, sizeof(addr)),
	     "the service is gone: %s", strerror(errno));
	must(!setsockopt(f->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)), "a limit");
}

/* Takes answers that are there, or waits for one; keeps an account that comes with it. */
static void drain(struct front *f, int wait_ms)
{
	struct pollfd ready = {.fd = f->fd, .events = POLLIN};
	char answer[512];
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {answer, sizeof(answer)};

	must(poll(&ready, 1, wait_ms) >= 0, "poll");
	for (;;) {
		struct msghdr hdr = {.msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = &control,
				     .msg_controllen = sizeof(control)};
		struct cmsghdr *c;
		int fd;

		if (recvmsg(f->fd, &hdr, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0)
			return;
		c = CMSG_FIRSTHDR(&hdr);
		if (!c)
			continue;
		/* Under the same number, which a message may have already. */
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
		must(dup3(fd, f->file[FILE_ACCOUNT], O_CLOEXEC) >= 0, "%s", strerror(errno));
		close(fd);
	}
}

/* Sends bytes, with the descriptors. False: the other side has hung up. */
static bool put(struct front *f, const void *bytes, size_t len, const int *fds, unsigned int nr)
{
	struct iovec iov = {(void *)bytes, len};
	struct msghdr hdr = {.msg_iov = &iov, .msg_iovlen = 1};
	union {
		char space[CMSG_SPACE(FRONT_MOST_FDS * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	ssize_t n;

	if (!len)
		return true;
	if (nr) {
		hdr.msg_control = &control;
		hdr.msg_controllen = CMSG_SPACE(nr * sizeof(int));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(nr * sizeof(int));
		memcpy(CMSG_DATA(&control.align), fds, nr * sizeof(int));
	}
	n = sendmsg(f->fd, &hdr, MSG_NOSIGNAL);
	must(n >= 0 || errno == EPIPE || errno == ECONNRESET || errno == ETOOMANYREFS,
	     "the service does not read: %s", strerror(errno));
	return n == (ssize_t)len;
}

static bool transmit(struct front *f, const struct front_message *m)
{
	uint8_t bytes[sizeof(m->header) + sizeof(m->payload)];
	uint32_t len = (uint32_t)sizeof(m->header) + m->size;
	uint32_t at = 0;
	uint32_t with;

	memcpy(bytes, &m->header, sizeof(m->header));
	memcpy(bytes + sizeof(m->header), &m->payload, m->size);
	if (rng_one_in(&f->rng, 60)) {
		f->count[PARTIAL]++;
		f->partial = true;
		len = 1 + rng_below(&f->rng, len - 1);
	}
	if (!rng_one_in(&f->rng, 8) && !f->partial)
		return put(f, bytes, len, m->fds, m->nr_fds);
	f->count[IN_PARTS]++;
	with = rng_below(&f->rng, len);
	while (at < len) {
		uint32_t n = 1 + rng_below(&f->rng, len - at);
		bool here = with >= at && with < at + n;

		if (!put(f, bytes + at, n, m->fds, here ? m->nr_fds : 0))
			return false;
		at += n;
	}
	return !f->partial;
}

static void wrong_size(struct front *f, struct front_message *m)
{
	f->count[WRONG_SIZE]++;
	switch (rng_below(&f->rng, 4)) {
	case 0: /* what it says is not what it is */
		m->header.size = (uint32_t)rng_edge(&f->rng);
		break;
	case 1:
		m->size = rng_below(&f->rng, sizeof(m->payload) + 1);
		m->header.size = m->size;
		break;
	case 2:
		m->header.size = m->size = m->size ? m->size - 1 : 1;
		break;
	default:
		m->header.flags = (uint32_t)rng_edge(&f->rng);
	}
}

static void wrong_files(struct front *f, struct front_message *m)
{
	unsigned int n = rng_one_in(&f->rng, 4) ? rng_below(&f->rng, FRONT_MOST_FDS)
						: m->nr_fds + rng_below(&f->rng, 2);

	f->count[WRONG_FILES]++;
	if (rng_one_in(&f->rng, 8))
		n = 0;
	m->nr_fds = n;
	for (unsigned int i = 0; i < n; i++)
		m->fds[i] = f->file[rng_below(&f->rng, FRONT_FILES)];
}

static void wrong_bytes(struct front *f, struct front_message *m)
{
	uint64_t value = rng_edge(&f->rng);
	uint32_t at = 4 * rng_below(&f->rng, m->size / 4 + 1);

	f->count[WRONG_BYTES]++;
	memcpy((uint8_t *)&m->payload + at, &value, rng_one_in(&f->rng, 2) ? 4 : 8);
}

static bool flood(struct front *f, const struct front_message *m)
{
	uint8_t bytes[sizeof(m->header) + sizeof(m->payload)];
	bool read = rng_one_in(&f->rng, 2);

	memcpy(bytes, &m->header, sizeof(m->header));
	memcpy(bytes + sizeof(m->header), &m->payload, m->size);
	f->count[FLOODS]++;
	for (unsigned int i = 0; i < 200; i++) {
		if (!put(f, bytes, sizeof(m->header) + m->size, m->fds, m->nr_fds))
			return false;
		if (read)
			drain(f, 0);
	}
	return true;
}

/* The account is as a device left it, or no account at all. */
static void scribble(struct front *f)
{
	uint64_t value[8];
	off_t at = 16 * (off_t)rng_below(&f->rng, 64);

	for (unsigned int i = 0; i < 8; i++)
		value[i] = rng_one_in(&f->rng, 2) ? rng_edge(&f->rng) : rng_below(&f->rng, 2);
	must(pwrite(f->file[FILE_ACCOUNT], value, sizeof(value), at) == sizeof(value),
	     "the account: %s", strerror(errno));
}

static void cut(struct front *f, bool off)
{
	must(!ftruncate(f->file[FILE_SHRINKS], off ? 0 : (off_t)FRONT_MEMORY), "ftruncate");
}

/* A step is sent, perhaps not as it should be. False: the session is over. */
static bool say(struct front *f, struct front_message *m, unsigned int harm)
{
	if (harm && rng_one_in(&f->rng, harm)) {
		switch (rng_below(&f->rng, 5)) {
		case 0:
			wrong_size(f, m);
			break;
		case 1:
			wrong_files(f, m);
			break;
		case 2:
			f->count[RANDOM]++;
			front_random(f, m);
			break;
		case 3:
			if (rng_one_in(&f->rng, 10))
				return flood(f, m);
			break;
		default:
			wrong_bytes(f, m);
		}
	}
	return transmit(f, m);
}

void front_session(struct front *f)
{
	/* One step in so many is wrong; 0: none. */
	static const unsigned int harms[] = {0, 40, 20, 10, 4, 2};
	unsigned int harm = harms[rng_below(&f->rng, 6)];
	unsigned int stop = rng_one_in(&f->rng, 2) ? rng_below(&f->rng, 40) : 1000;
	const uint64_t one = 1;
	struct front_message m;
	bool going = true;

	f->packed = rng_one_in(&f->rng, 3);
	f->partial = false;
	cut(f, false);
	front_fill_rings(f);
	if (rng_one_in(&f->rng, 2))
		scribble(f);
	dial(f);
	for (unsigned int i = 0; going && i < stop && front_step(f, i, &m); i++) {
		if (harm && rng_one_in(&f->rng, harm * 2)) {
			f->count[LEFT_OUT]++;
			continue;
		}
		if (harm && rng_one_in(&f->rng, harm * 2)) {
			f->count[SWAPPED]++;
			front_step(f, i + 1, &m);
			going = say(f, &m, harm);
			front_step(f, i, &m);
		}
		if (harm && rng_one_in(&f->rng, harm * 2)) {
			f->count[TWICE]++;
			going = going && say(f, &m, harm);
		}
		going = going && say(f, &m, harm);
		/* The account comes back by the time that it is to be shared. If what was said
		 * before was wrong, there may be no answer. */
		if (!going || m.header.request != VHOST_USER_GET_INFLIGHT_FD)
			drain(f, 0);
		else
			drain(f, harm ? 20 : 60000);
		if (m.header.request != VHOST_USER_SET_VRING_ENABLE)
			continue;
		must(write(f->file[FILE_EVENT], &one, sizeof(one)) == sizeof(one), "a kick");
		if (rng_one_in(&f->rng, 4)) {
			cut(f, true);
			f->count[SHRUNK]++;
		}
	}
	if (!harm && going && stop == 1000)
		f->count[WHOLE]++;
	if (rng_one_in(&f->rng, 2))
		shutdown(f->fd, SHUT_WR);
	close(f->fd);
	f->fd = -1;
}
