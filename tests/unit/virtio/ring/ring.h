/* SPDX-License-Identifier: BSD-2-Clause */
/* One ring by itself, for tests of the formats: its memory, its driver and its device. */
#ifndef VIRTIO_RING_H
#define VIRTIO_RING_H

#include "tests/unit/virtio/driver.h"

#define SPLIT_SIZE  16
#define PACKED_SIZE 12 /* packed queues need not be a power of two */

struct ring_fixture {
	struct guest g;
	struct drv_queue q;
	struct vring ring;
	struct iovec seg[64];
	struct vring_chain chain;
};

extern struct ring_fixture f;

/* Of a test: memory and storage for chains, without a ring; with a ring of one format that
 * runs, with indirect tables and without event index. */
int ring_setup(void **state);
int ring_setup_split(void **state);
int ring_setup_packed(void **state);
int ring_teardown(void **state);

/* Starts the ring that the driver has laid out from its beginning. */
void ring_start(bool indirect, bool event_idx);
/* vring_pop() into f.chain. */
int ring_pop(void);
/* Makes a buffer of 64 bytes to write available, at a place of this id's own. */
void ring_put(uint16_t id);
/* The same, there and back. */
void ring_turn(uint16_t id);

#endif
