/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The option --disk: path=FILE and, separated by commas, direct=on|off (on),
 * readonly=on|off (off), serial=S, queues=N (one a vCPU), packed=on|off (on), format=raw (the
 * file's bytes are the disk, whatever they look like), block-size=512|4096 (of sectors). A comma of
 * a value is written twice.
 */
#ifndef VMM_CONFIG_DISKS_H
#define VMM_CONFIG_DISKS_H

#include "virtio/blk/blk.h"
#include "vmm/config/options.h"

/* As apply and forget of struct run_option. */
int disk_option_apply(struct run_config *config, const char *value, char *why);
void disk_option_forget(struct run_config *config);

/* What disk_option_apply() would take, for the caller to free; NULL: out of memory. */
char *disk_option_format(const struct run_disk *disk);

/* Values that disks of `run` and of `serve` have alike. */

/*
 * Reads a disk's format as a user gives it: `raw` sets *raw, any other is refused.
 * Returns 0, or -EINVAL with what would be right in why, room bytes.
 */
int disk_format(const char *value, bool *raw, char *why, size_t room);

/* Reads the size of sectors, in bytes, as a user gives it. As disk_format(). */
int disk_block_size(const char *value, uint32_t *size, char *why, size_t room);

#endif
