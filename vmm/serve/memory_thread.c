/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread of a memory service: its client, its requests, and what goes back to the host. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "virtio/ivshmem/ivshmem.h"
#include "virtio/kmem/kmem.h"
#include "vmm/sandbox/sandbox.h"
#include "vmm/serve/memory_priv.h"

/* Places of what is polled; behind them what tells of the host's pressure. */
enum {
	AT_WAKE,
	AT_BELL,
	AT_SOCKET,
	AT_CLIENT,
	AT_PRESSURE
};

static void count(_Atomic uint64_t *counter, uint64_t n)
{
	/* Relaxed: statistics. */
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t requests(const struct served_memory *m)
{
	struct ivshmem_stats stats;

	ivshmem_get_stats(m->ivs, &stats);
	return stats.requests + stats.resets;
}

static void press(struct served_memory *m, uint64_t level)
{
	count(&m->counts.pressures, level != 0);
	kmem_dev_post_event(m->dev, VIRTIO_KMEM_EVENT_PRESSURE, level);
}

/* Gives back what the machine touched unasked. Returns whether there was any. */
static bool sweep(struct served_memory *m)
{
	struct mm_stats stats = {0};
	uint64_t strays;

	count(&m->counts.sweeps, 1);
	strays = mm_strays(m->mem.heap);
	if (strays) {
		mm_stats(m->mem.heap, 0, &stats);
		/* Beyond what the machine may have it is told, before the host takes it. */
		if (strays + stats.frames_backed * MM_FRAME_SIZE > m->config->max) {
			press(m, PRESSURE_CRITICAL);
			m->pressed = true;
		}
		strays = mm_strays_punch(m->mem.heap) / MM_FRAME_SIZE;
		count(&m->counts.strays, strays);
	}
	if (strays)
		log_limit_note(
			&m->log,
			"the machine touched %llu pages that it was not given: they went back",
			(unsigned long long)strays);
	if (!strays && m->pressed) {
		press(m, PRESSURE_NONE);
		m->pressed = false;
	}
	return strays;
}

/* Once a second while there is something to look at. */
static void look_back(struct served_memory *m, int64_t now)
{
	uint64_t asked = requests(m);
	bool any;

	if (asked != m->seen && !m->look_ms)
		m->look_ms = now + MEMORY_RECLAIM_MS;
	if (!m->look_ms || now < m->look_ms)
		return;
	any = asked != m->seen;
	m->seen = asked;
	any |= mm_reclaim_expired(m->mem.heap) != 0;
	any |= sweep(m);
	m->quiet = any ? 0 : m->quiet + 1;
	m->look_ms = m->quiet < MEMORY_QUIET_LOOKS ? now + MEMORY_RECLAIM_MS : 0;
}

/* The host is short of memory, or is no more. */
static void take_pressure(struct served_memory *m, const struct pollfd *fds, unsigned int nr,
			  int64_t now)
{
	enum pressure_level level;

	if (!pressure_take(&m->pressure, fds, nr, now, &level))
		return;
	press(m, level);
	if (level == PRESSURE_NONE)
		return;
	(void)mm_reclaim(m->mem.heap);
	(void)sweep(m);
	/* What the machine frees of it follows. */
	m->quiet = 0;
	m->look_ms = now + MEMORY_RECLAIM_MS;
}

static void end_client(struct served_memory *m)
{
	close(m->client);
	m->client = -1;
	/* Whatever it has kept of the window, it has no memory there. */
	m->dev->ops->reset(m->dev);
	(void)mm_strays_punch(m->mem.heap);
	m->look_ms = 0;
	atomic_store(&m->over, true);
	eventfd_write(m->over_fd, 1);
}

void served_memory_take(struct served_memory *m, int fd)
{
	int ret;

	if (m->had_client) {
		count(&m->counts.turned_away, 1);
		log_limit_note(&m->log, "a second client is refused: %s",
			       m->client >= 0 ? "there is one"
					      : "the first may have kept the memory; start the "
						"service anew");
		ivshmem_refuse(fd);
		close(fd);
		return;
	}
	ret = ivshmem_welcome(m->ivs, fd);
	if (ret) {
		log_limit_note(&m->log, "a client went before it had all: %s", strerror(-ret));
		close(fd);
		/* It may have the window. */
		m->had_client = ret != -EPIPE;
		return;
	}
	m->had_client = true;
	m->client = fd;
}

static void serve_socket_of(struct served_memory *m)
{
	int fd = accept4(m->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0)
		served_memory_take(m, fd);
}

/* A client has nothing to say but that it goes. */
static void serve_client(struct served_memory *m)
{
	char said[64];
	ssize_t n = read(m->client, said, sizeof(said));

	if (!n || (n < 0 && errno != EAGAIN && errno != EINTR))
		end_client(m);
}

static int sooner(int a, int b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

static int due(const struct served_memory *m, int64_t now)
{
	int look = !m->look_ms ? -1 : m->look_ms > now ? (int)(m->look_ms - now) : 0;

	return sooner(look, pressure_due_ms(&m->pressure, now));
}

/* One look at whatever there is to see. */
static void look(struct served_memory *m)
{
	const bool going = atomic_load(&m->go);
	const bool rested = !going || m->client < 0 || ivshmem_work(m->ivs);
	struct pollfd fds[AT_PRESSURE + PRESSURE_MAX_FDS] = {
		[AT_WAKE] = {.fd = m->wake_fd, .events = POLLIN},
		[AT_BELL] = {.fd = m->client < 0 ? -1 : ivshmem_bell_fd(m->ivs), .events = POLLIN},
		[AT_SOCKET] = {.fd = going ? m->socket : -1, .events = POLLIN},
		[AT_CLIENT] = {.fd = m->client, .events = POLLIN},
	};
	const unsigned int nr = pressure_poll(&m->pressure, fds + AT_PRESSURE);
	int64_t now = monotonic_ms();
	uint64_t value;

	look_back(m, now);
	if (poll(fds, AT_PRESSURE + nr, rested ? due(m, now) : 0) < 0)
		return;
	if (fds[AT_WAKE].revents && read(m->wake_fd, &value, sizeof(value)) < 0)
		return;
	take_pressure(m, fds + AT_PRESSURE, nr, monotonic_ms());
	if (fds[AT_CLIENT].revents)
		serve_client(m);
	if (fds[AT_SOCKET].revents)
		serve_socket_of(m);
}

void *served_memory_run(void *memory)
{
	struct served_memory *m = memory;

	pthread_setname_np(pthread_self(), "kmem");
	sandbox_enter(m->sandbox, SANDBOX_KMEM);
	while (!atomic_load(&m->stop))
		look(m);
	return NULL;
}
