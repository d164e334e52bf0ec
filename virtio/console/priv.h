/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of virtio-console share; nobody else includes this.
 *
 * The device's lock covers all of struct console_dev but wake_fd. The thread holds it
 * while it works and takes the queues' locks within; a notification, which comes with a
 * queue's lock, only wakes the thread.
 */
#ifndef VIRTIO_CONSOLE_PRIV_H
#define VIRTIO_CONSOLE_PRIV_H

#include <linux/virtio_console.h>

#include "virtio/console/console.h"

#define CONSOLE_CONTROL_RX 2
#define CONSOLE_CONTROL_TX 3

/* What the guest is still to be told of a port. */
#define CONSOLE_TELL_ADD     (1u << 0)
#define CONSOLE_TELL_CONSOLE (1u << 1)
#define CONSOLE_TELL_NAME    (1u << 2)
#define CONSOLE_TELL_OPEN    (1u << 3)

struct console_port {
	char name[CONSOLE_NAME_MAX + 1];
	bool console;
	int listen_fd;
	int client; /* -1: none */
	bool ready; /* the guest knows the port */
	bool open;  /* ... and has it open */
	unsigned int tell;
	/* A chain of the guest's that the client takes no more of for now. */
	bool holds;
	bool full; /* ... because its socket is full */
	struct vring_chain out;
	uint32_t sent; /* bytes of it */
	struct iovec seg[VRING_MAX_SEGS];
};

struct console_dev {
	struct virtio_device dev;
	_Alignas(8) uint8_t config[16];
	pthread_mutex_t lock;
	pthread_t thread;
	void (*settle)(void *opaque);
	void *settle_opaque;
	int wake_fd;
	bool ending;
	unsigned int ports;
	struct iovec scratch[VRING_MAX_SEGS];
	struct console_port port[CONSOLE_MAX_PORTS];
};

static inline unsigned int console_rx_queue(unsigned int port)
{
	return port ? 2 + 2 * port : 0;
}

static inline unsigned int console_tx_queue(unsigned int port)
{
	return console_rx_queue(port) + 1;
}

/* Tells whether the driver speaks of several ports; one that does not has port 0 open. */
static inline bool console_multiport(const struct console_dev *c)
{
	return c->dev.features >> VIRTIO_CONSOLE_F_MULTIPORT & 1;
}

/* control.c: takes the guest's messages, and sends those that are due. The
 * device's lock is held. Returns whether there is more to do. */
bool console_control(struct console_dev *c);

#endif
