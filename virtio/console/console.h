/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-console with several ports (virtio 1.2, section 5.3), for any transport. Each
 * port is a stream socket that the device listens at, for one client at a time: what the
 * guest writes to the port goes to the client and the other way round. Without a
 * client what the guest writes is dropped; what a client writes waits till the guest
 * opens the port. A thread of the device's does all of it; a notification wakes it.
 */
#ifndef VIRTIO_CONSOLE_CONSOLE_H
#define VIRTIO_CONSOLE_CONSOLE_H

#include "virtio/device.h"

#define CONSOLE_MAX_PORTS  8
#define CONSOLE_QUEUE_SIZE 64
#define CONSOLE_NAME_MAX   63

struct console_port_config {
	const char *name; /* at most CONSOLE_NAME_MAX bytes; as Linux's udev has it */
	bool console;     /* a console (hvc) rather than a named port */
	int listen_fd;    /* a listening socket, the caller's; outlives the device */
};

/* settle is called with opaque on the device's thread, before that serves anything (NULL: nothing
 * is). Returns 0,
 * -EINVAL or another negative errno. virtio_device_destroy() frees it. */
int console_dev_create(const struct console_port_config *port, unsigned int ports,
		       void (*settle)(void *opaque), void *opaque, struct virtio_device **dev);

#endif
