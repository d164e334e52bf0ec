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
struct run;

struct channels {
	struct virtio_device *rng, *balloon, *console; /* NULL: none */
};

/* Listens at the sockets that run's configuration names, for all its machines. Returns 0 or the
 * exit status, the error having been reported, and what there is left to channels_close(). */
enum exit_status channels_open(struct run *run);

/* Closes the sockets. They stay where they are, as that of qmp.h. */
void channels_close(struct run *run);

/* Makes the devices; mem is the guest's, and its disks are engine's (NULL: there are none). Returns
 * as channels_open(), and leaves what there is to channels_destroy(). */
enum exit_status channels_create(struct channels *channels, struct run *run, struct memory *mem,
				 struct io_engine *engine);

/* Frees the devices, whose transports are gone. */
void channels_destroy(struct channels *channels);

#endif
