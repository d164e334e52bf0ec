/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest that most tests of disks have. */
#ifndef BLK_FIXTURE_H
#define BLK_FIXTURE_H

#include "tests/unit/virtio/blk/driver.h"

extern struct disk_guest d;

/* disk_init(&d) and disk_stop(&d), as cmocka calls them. */
int disk_setup(void **state);
int disk_teardown(void **state);

#endif
