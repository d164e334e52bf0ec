/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-balloon (virtio 1.2, section 5.5) for free page reporting: a Linux guest tells
 * of memory that it does not use, which goes back to the host, and is zero when the guest
 * touches it again. The balloon itself is never asked to grow; pages that a
 * driver puts into it go back as well. A request is answered before its notification
 * returns.
 */
#ifndef BALLOON_DEV_H
#define BALLOON_DEV_H

#include "virtio/device.h"

#define BALLOON_QUEUE_SIZE 64

struct balloon_dev_config {
	/* Gives n ranges of this process's memory back, each whole frames of the guest's RAM. No
	 * call overlaps another of the same device's queue. */
	void (*discard)(void *opaque, const struct iovec *range, unsigned int n);
	/* Where [gpa, gpa + len) of RAM lies, or NULL; as of struct virtio_guest_mem. */
	void *(*host_ptr)(void *opaque, uint64_t gpa, uint64_t len);
	void *opaque;
};

/* Returns 0 or a negative errno. virtio_device_destroy() frees it. */
int balloon_dev_create(const struct balloon_dev_config *config, struct virtio_device **dev);

#endif
