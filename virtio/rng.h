/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio-rng (virtio 1.2, section 5.4): the host's random numbers, for any transport. A
 * request is answered before its notification returns. */
#ifndef VIRTIO_RNG_H
#define VIRTIO_RNG_H

#include "virtio/device.h"

#define RNG_QUEUE_SIZE 64
/* Bytes that one request gets at most, however many it asks for. */
#define RNG_REQUEST_MAX 65536u

/* Returns 0 or a negative errno. virtio_device_destroy() frees it. */
int rng_dev_create(struct virtio_device **dev);

#endif
