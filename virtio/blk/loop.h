/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that the host has as loop devices. What is mounted of such a device, or written to it, goes
 * to the same bytes as a disk on the file, through a cache of its own, and no lock tells.
 */
#ifndef VIRTIO_BLK_LOOP_H
#define VIRTIO_BLK_LOOP_H

#include <stdbool.h>
#include <sys/stat.h>

#define BLK_LOOP_NAME 32 /* bytes of a device's name, with the NUL */

/*
 * Looks for a loop device on the regular file that is st by which it can be written, in sysfs
 * (Documentation/ABI/testing/sysfs-block-loop). Returns true with the device's name, without a
 * folder, in name. false also where sysfs cannot be read or names the file by a path that leads
 * elsewhere from here.
 */
bool blk_loop_finds(const struct stat *st, char name[BLK_LOOP_NAME]);

#endif
