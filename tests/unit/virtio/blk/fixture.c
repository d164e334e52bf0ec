/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/virtio/blk/fixture.h"

struct disk_guest d;

int disk_setup(void **state)
{
	(void)state;
	disk_init(&d);
	return 0;
}

int disk_teardown(void **state)
{
	(void)state;
	disk_stop(&d);
	return 0;
}
