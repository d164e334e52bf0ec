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

struct io_engine;
struct memory;

struct channels {
	struct virtio_device *rng, *balloon, *console; /* NULL: none */
	struct channel_socket {
		int fd;
		const char *path; /* the configuration's */
	} socket[RUN_MAX_PORTS];
	unsigned int count; /* of socket */
};

/* Makes the devices and the sockets that config names; mem is the guest's, and its disks are
 * engine's (NULL: there are none). Returns 0 or the exit status, the error having been reported,
 * and what there is left to channels_destroy(). */
enum exit_status channels_create(struct channels *channels, const struct run_config *config,
				 struct memory *mem, struct io_engine *engine);

/* Frees the devices, whose transports are gone, and removes the sockets. */
void channels_destroy(struct channels *channels);

#endif
