/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The option --disk: path=FILE and, separated by commas, direct=on|off (on),
 * readonly=on|off (off), serial=S, queues=N (one a vCPU), packed=on|off (on), format=raw (the
 * file's bytes are the disk, whatever they look like). A comma of a value is written twice.
 */
#ifndef VMM_DISK_OPTIONS_H
#define VMM_DISK_OPTIONS_H

#include "virtio/blk_dev.h"
#include "vmm/options.h"

/* As apply and forget of struct run_option. */
int disk_option_apply(struct run_config *config, const char *value, char *why);
void disk_option_forget(struct run_config *config);

/* What disk_option_apply() would take, for the caller to free; NULL: out of memory. */
char *disk_option_format(const struct run_disk *disk);

#endif
