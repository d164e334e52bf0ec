/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a Linux guest has beside disks: virtio-rng, virtio-balloon, and the ports of virtio-console,
 * each a Unix socket on the host (--virtio-port).
 */
#ifndef VMM_MACHINE_CHANNELS_H
#define VMM_MACHINE_CHANNELS_H

#include "virtio/console/console.h"
#include "vmm/base/cli.h"
#include "vmm/config/options.h"

struct vm;

struct channels {
	struct virtio_device *rng, *balloon, *console; /* NULL: none */
	int listen_fd[RUN_MAX_PORTS];
	unsigned int count; /* of listen_fd */
};

/* Makes the devices and the sockets. Returns 0 or the exit status, the error having been
 * reported, and what there is left to channels_destroy(). */
enum exit_status channels_create(struct vm *vm);

/* Frees the devices, whose transports are gone, and removes the sockets. */
void channels_destroy(struct vm *vm);

#endif
