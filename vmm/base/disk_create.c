/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/base/disk_create.h"

#include <errno.h>
#include <time.h>

#define PAUSE_MS    20
#define PATIENCE_MS 3000

int disk_create(const struct blk_dev_config *config, struct io_engine *engine,
		struct virtio_device **dev)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000};
	int ret;

	for (unsigned int waited = 0;; waited += PAUSE_MS) {
		ret = blk_dev_create(config, engine, dev);
		if (ret != -EBUSY || waited >= PATIENCE_MS)
			return ret;
		nanosleep(&pause, NULL);
	}
}
