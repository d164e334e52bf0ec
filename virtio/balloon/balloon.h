/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-balloon (virtio 1.2, section 5.5) for free page reporting: a Linux guest tells
 * of memory that it does not use, which goes back to the host, and is zero when the guest
 * touches it again. The balloon itself is never asked to grow; pages that a
 * driver puts into it go back as well. A request is answered before its notification
 * returns, or, where disks may have registered such memory, when they have let go of it: the
 * vCPU does not wait for that.
 */
#ifndef VIRTIO_BALLOON_BALLOON_H
#define VIRTIO_BALLOON_BALLOON_H

#include "virtio/device.h"

struct io_engine;

#define BALLOON_QUEUE_SIZE 64
/* Bytes that are given back in one step. A request may name all of RAM, many times over, up to 4
 * GiB; others have their turn between its steps. Linux reports up to 128 MiB at once. */
#define BALLOON_STEP (256ull << 20)

struct balloon_dev_config {
	/* Whose I/O may go to the guest's RAM; it outlives the device's transport. NULL: nobody's. */
	struct io_engine *engine;
	/* Gives n ranges of this process's memory back, each whole frames of the guest's RAM, of
	 * BALLOON_STEP bytes together at most: a request takes as many calls. No call overlaps
	 * another of the same device's queue. On a vCPU's thread or the engine's. NULL: RAM is the
	 * guest's for good; reporting is not offered, and what a driver gives nonetheless stays. */
	void (*discard)(void *opaque, const struct iovec *range, unsigned int n);
	/* Where [gpa, gpa + len) of RAM lies, or NULL; as of struct virtio_guest_mem. */
	void *(*host_ptr)(void *opaque, uint64_t gpa, uint64_t len);
	void *opaque;
};

/* Returns 0 or a negative errno. virtio_device_destroy() frees it. */
int balloon_dev_create(const struct balloon_dev_config *config, struct virtio_device **dev);

#endif
