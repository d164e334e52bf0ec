/* SPDX-License-Identifier: BSD-2-Clause */
/* Guest memory of the fuzzers of single rings, and where the device's and the driver's part lie. */
#ifndef RING_GUEST_H
#define RING_GUEST_H

#include <stdlib.h>

#include "tests/fuzz/must.h"
#include "virtio/ring/vring.h"

#define RAM_SIZE 0x4000u
#define AVAIL    0x1000u
#define USED     0x1800u

static uint8_t *ram; /* an allocation, so that a step over its edge is seen */

static void *host_ptr(void *opaque, uint64_t gpa, uint64_t len)
{
	(void)opaque;
	return len && gpa < RAM_SIZE && len <= RAM_SIZE - gpa ? ram + gpa : NULL;
}

static const struct virtio_guest_mem mem = {.host_ptr = host_ptr};

#endif
