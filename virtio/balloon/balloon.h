/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-balloon (virtio 1.2, section 5.5). A Linux guest tells of memory that it does not use,
 * by free page reporting, and fills the balloon as far as it is asked to: both go back to the host,
 * and are zero when the guest touches them again. A guest that is short of memory takes from the
 * balloon before it ends a process (DEFLATE_ON_OOM). A request is answered before its notification
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
	uint64_t ram; /* bytes of the guest's RAM, whole frames, less than 2^44 */
};

/* Returns 0 or a negative errno. virtio_device_destroy() frees it. */
int balloon_dev_create(const struct balloon_dev_config *config, struct virtio_device **dev);

/*
 * Asks the driver, now or when there is one, to leave the guest so many bytes of its RAM: as many
 * frames as that takes, all of them if it is more. It does so as it can; a reset of the device
 * does not forget it. Any thread. Returns 0, -EINVAL (0 bytes), or -EOPNOTSUPP (RAM is the guest's
 * for good).
 */
int balloon_dev_set_target(struct virtio_device *dev, uint64_t bytes);

/* Bytes of RAM that are not in the balloon by the driver's word: none to all, none of which need be
 * true. Any thread. */
uint64_t balloon_dev_actual(struct virtio_device *dev);

#endif
