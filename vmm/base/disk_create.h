/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_BASE_DISK_CREATE_H
#define VMM_BASE_DISK_CREATE_H

#include "virtio/blk/blk.h"

/*
 * As blk_dev_create(), but waits a few seconds for an image that is locked: a process that was
 * killed has its files until the kernel is done with its I/O and has taken its ring down, and till
 * then a write of before could overtake one of ours. Who starts the next one need not know.
 */
int disk_create(const struct blk_dev_config *config, struct io_engine *engine,
		struct virtio_device **dev);

#endif
