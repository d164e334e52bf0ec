/* SPDX-License-Identifier: BSD-2-Clause */
/* The ports of virtio-console: their clients, and the data between them and the guest. */
#include "virtio/console/console.h"

#include <endian.h>
#include <errno.h>
#include <linux/virtio_ids.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mm/host/thread.h"
#include "mm/util.h"
#include "virtio/console/priv.h"

/* Chains of one queue that are served at once. */
#define BATCH 64
#define CHUNK 4096

static struct console_dev *console_of(struct virtio_device *dev)
{
	return container_of(dev, struct console_dev, dev);
}

static void wake(struct console_dev *c)
{
	/* One that is full wakes as well. */
	eventfd_write(c->wake_fd, 1);
}

static void hang_up(struct console_port *p)
{
	close(p->client);
	p->client = -1;
	p->full = false;
	if (p->ready)
		p->tell |= CONSOLE_TELL_OPEN;
}

/*
 * Sends what is left of the chain that is held. Returns whether it is done with. A chain may be as
 * large as the guest's memory, and a client may take all of it: a queue that is not live any more
 * keeps what is left.
 */
static bool send_held(struct console_dev *c, unsigned int port)
{
	struct console_port *p = &c->port[port];
	struct iovec part[16];
	struct msghdr msg = {.msg_iov = part};
	uint32_t skip;
	ssize_t n;

	while (p->sent < p->out.readable && p->client >= 0) {
		if (!virtio_queue_live(&c->dev, console_tx_queue(port)))
			return false;
		skip = p->sent;
		msg.msg_iovlen = 0;
		for (unsigned int i = 0; i < p->out.nr_readable && msg.msg_iovlen < 16; i++) {
			if (skip >= p->out.seg[i].iov_len) {
				skip -= (uint32_t)p->out.seg[i].iov_len;
				continue;
			}
			part[msg.msg_iovlen].iov_base = (uint8_t *)p->out.seg[i].iov_base + skip;
			part[msg.msg_iovlen++].iov_len = p->out.seg[i].iov_len - skip;
			skip = 0;
		}
		n = sendmsg(p->client, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		/* Where the host is short of memory, the socket is full for a while. */
		if (n < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM)) {
			p->full = true;
			return false;
		}
		if (n < 0)
			hang_up(p);
		else
			p->sent += (uint32_t)n;
	}
	return true;
}

/* From the guest to the client. Returns whether there is more to do at once. */
static bool serve_tx(struct console_dev *c, unsigned int port)
{
	struct console_port *p = &c->port[port];
	const unsigned int queue = console_tx_queue(port);
	struct virtio_device *dev = &c->dev;
	unsigned int n;

	p->full = false;
	virtio_queue_lock(dev, queue);
	for (n = 0; n < BATCH; n++) {
		if (!p->holds) {
			p->out = (struct vring_chain){.seg = p->seg, .max_seg = VRING_MAX_SEGS};
			p->sent = 0;
			p->holds = virtio_queue_pop(dev, queue, &p->out);
		}
		if (!p->holds || !send_held(c, port))
			break;
		p->holds = false;
		vring_push(&dev->queue[queue].ring, &p->out, 0);
	}
	if (n)
		virtio_queue_signal(dev, queue);
	virtio_queue_unlock(dev, queue);
	return n == BATCH;
}

/* Tells whether the guest wants input, and has a buffer for it. */
static bool wants_input(struct console_dev *c, unsigned int port)
{
	const unsigned int queue = console_rx_queue(port);
	bool wants;

	virtio_queue_lock(&c->dev, queue);
	/* The features stand still only while a queue is live. */
	wants = virtio_queue_live(&c->dev, queue) &&
		(console_multiport(c) ? c->port[port].open : !port) &&
		vring_pending(&c->dev.queue[queue].ring);
	virtio_queue_unlock(&c->dev, queue);
	return wants;
}

/* From the client, which has something or has gone, to the guest. */
static void serve_rx(struct console_dev *c, unsigned int port)
{
	struct console_port *p = &c->port[port];
	const unsigned int queue = console_rx_queue(port);
	struct vring_chain chain = {.seg = c->scratch, .max_seg = VRING_MAX_SEGS};
	struct virtio_device *dev = &c->dev;
	uint8_t buf[CHUNK];
	size_t len;
	ssize_t n;

	/* A look first: a chain that was taken cannot be put back. */
	n = recv(p->client, buf, 1, MSG_DONTWAIT | MSG_PEEK);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		hang_up(p);
	if (n <= 0)
		return;
	virtio_queue_lock(dev, queue);
	if (virtio_queue_pop(dev, queue, &chain)) {
		len = chain.writable < sizeof(buf) ? chain.writable : sizeof(buf);
		n = recv(p->client, buf, len, MSG_DONTWAIT);
		len = vring_chain_write(&chain, 0, buf, n > 0 ? (size_t)n : 0);
		vring_push(&dev->queue[queue].ring, &chain, (uint32_t)len);
		virtio_queue_signal(dev, queue);
	}
	virtio_queue_unlock(dev, queue);
}

static void welcome(struct console_port *p)
{
	p->client = accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (p->client >= 0 && p->ready)
		p->tell |= CONSOLE_TELL_OPEN;
}

/* What to wait for at a port. */
static struct pollfd interest(struct console_dev *c, unsigned int port)
{
	const struct console_port *p = &c->port[port];

	if (p->client < 0)
		return (struct pollfd){.fd = p->listen_fd, .events = POLLIN};
	/* POLLHUP comes unasked, and for ever: so only when it will be heeded. */
	if (!p->full && !wants_input(c, port))
		return (struct pollfd){.fd = p->client, .events = POLLRDHUP};
	return (struct pollfd){
		.fd = p->client,
		.events = (short)((p->full ? POLLOUT : 0) | (wants_input(c, port) ? POLLIN : 0)),
	};
}

static void serve_port(struct console_dev *c, unsigned int port, short events)
{
	struct console_port *p = &c->port[port];

	if (!events)
		return;
	if (p->client < 0)
		welcome(p);
	else if (wants_input(c, port))
		serve_rx(c, port);
	else if (events & (POLLHUP | POLLERR | POLLRDHUP))
		/* It has gone, and the guest takes nothing of what it may have left. */
		hang_up(p);
}

/* Serves what is there. Returns whether there is more to do at once. */
static bool serve_queues(struct console_dev *c)
{
	bool more = console_control(c);

	for (unsigned int i = 0; i < c->ports; i++)
		more |= serve_tx(c, i);
	/* A client that hung up while it was sent to. */
	console_control(c);
	return more;
}

static void *console_main(void *arg)
{
	struct console_dev *c = arg;
	struct pollfd fds[1 + CONSOLE_MAX_PORTS];
	eventfd_t count;
	unsigned int n;
	bool more;

	pthread_setname_np(pthread_self(), "console");
	if (c->settle)
		c->settle(c->settle_opaque);
	pthread_mutex_lock(&c->lock);
	while (!c->ending) {
		more = false;
		n = 0;
		fds[n++] = (struct pollfd){.fd = c->wake_fd, .events = POLLIN};
		/* A pause takes the lock after it is set: while it is, clients wait. */
		if (!virtio_device_is_paused(&c->dev)) {
			more = serve_queues(c);
			while (n <= c->ports) {
				fds[n] = interest(c, n - 1);
				n++;
			}
		}
		pthread_mutex_unlock(&c->lock);
		if (poll(fds, n, more ? 0 : -1) < 0)
			memset(fds, 0, sizeof(fds));
		pthread_mutex_lock(&c->lock);
		if (fds[0].revents)
			eventfd_read(c->wake_fd, &count);
		for (unsigned int i = 1; i < n && !virtio_device_is_paused(&c->dev); i++)
			serve_port(c, i - 1, fds[i].revents);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

static bool notify(struct virtio_device *dev, unsigned int queue, unsigned int cpu)
{
	(void)queue;
	(void)cpu;
	wake(console_of(dev));
	return false;
}

/* The chain that is held is the ring's no more. */
static void queue_stop(struct virtio_device *dev, unsigned int queue)
{
	struct console_dev *c = console_of(dev);

	pthread_mutex_lock(&c->lock);
	for (unsigned int i = 0; i < c->ports; i++)
		if (console_tx_queue(i) == queue)
			c->port[i].holds = false;
	pthread_mutex_unlock(&c->lock);
}

/* The thread, which looks at the pause with this lock held, has seen it. */
static void pause_console(struct virtio_device *dev)
{
	struct console_dev *c = console_of(dev);

	pthread_mutex_lock(&c->lock);
	pthread_mutex_unlock(&c->lock);
}

static void resume_console(struct virtio_device *dev)
{
	wake(console_of(dev));
}

static void reset(struct virtio_device *dev)
{
	struct console_dev *c = console_of(dev);

	pthread_mutex_lock(&c->lock);
	for (unsigned int i = 0; i < c->ports; i++) {
		c->port[i].ready = false;
		c->port[i].open = false;
		c->port[i].tell = 0;
	}
	pthread_mutex_unlock(&c->lock);
}

static void destroy(struct virtio_device *dev)
{
	struct console_dev *c = console_of(dev);

	pthread_mutex_lock(&c->lock);
	c->ending = true;
	pthread_mutex_unlock(&c->lock);
	wake(c);
	pthread_join(c->thread, NULL);
	for (unsigned int i = 0; i < c->ports; i++)
		if (c->port[i].client >= 0)
			close(c->port[i].client);
	close(c->wake_fd);
	pthread_mutex_destroy(&c->lock);
	virtio_device_fini(dev);
	free(c);
}

static const struct virtio_device_ops console_ops = {
	.reset = reset,
	.queue_stop = queue_stop,
	.notify = notify,
	.pause = pause_console,
	.resume = resume_console,
	.destroy = destroy,
};

static int init_device(struct console_dev *c)
{
	uint16_t sizes[2 * (CONSOLE_MAX_PORTS + 1)];
	struct virtio_console_config config = {.max_nr_ports = htole32(c->ports)};

	memcpy(c->config, &config, sizeof(config));
	c->dev.ops = &console_ops;
	c->dev.id = VIRTIO_ID_CONSOLE;
	c->dev.offered = VRING_FEATURE_INDIRECT | VRING_FEATURE_PACKED |
			 1ull << VIRTIO_CONSOLE_F_MULTIPORT;
	c->dev.config = c->config;
	c->dev.config_size = sizeof(c->config);
	c->dev.nr_queues = 2 * (c->ports + 1);
	for (unsigned int i = 0; i < c->dev.nr_queues; i++)
		sizes[i] = CONSOLE_QUEUE_SIZE;
	return virtio_device_init(&c->dev, sizes);
}

/* Signals are for the monitor's other threads, but what this one does itself: one that took what
 * ends a process would end it before the machine is put away. */
int console_dev_create(const struct console_port_config *port, unsigned int ports,
		       void (*settle)(void *opaque), void *opaque, struct virtio_device **dev)
{
	struct console_dev *c;
	int ret;

	if (!ports || ports > CONSOLE_MAX_PORTS)
		return -EINVAL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->settle = settle;
	c->settle_opaque = opaque;
	c->ports = ports;
	for (unsigned int i = 0; i < ports; i++) {
		c->port[i].client = -1;
		c->port[i].console = port[i].console;
		c->port[i].listen_fd = port[i].listen_fd;
		memcpy(c->port[i].name, port[i].name, strnlen(port[i].name, CONSOLE_NAME_MAX));
	}
	c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->wake_fd < 0) {
		ret = -errno;
		goto fail_free;
	}
	ret = -pthread_mutex_init(&c->lock, NULL);
	if (ret)
		goto fail_wake;
	ret = init_device(c);
	if (ret)
		goto fail_lock;
	ret = thread_start(&c->thread, NULL, console_main, c);
	if (ret)
		goto fail_device;
	*dev = &c->dev;
	return 0;
fail_device:
	virtio_device_fini(&c->dev);
fail_lock:
	pthread_mutex_destroy(&c->lock);
fail_wake:
	close(c->wake_fd);
fail_free:
	free(c);
	return ret;
}
