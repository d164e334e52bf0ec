/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that comes from a disk. */
#ifndef WORDFREQ_TEXT_H
#define WORDFREQ_TEXT_H

#include <linux/types.h>

/*
 * Reads the first bytes of disk 0, by O_DIRECT-like requests into user memory that is
 * pinned once, and calls count() with pieces that end between words; the next piece is
 * read meanwhile. Returns 0, what count() returned, or -ENODEV, -ENOMEM, -EIO, -EINVAL
 * (the disk is smaller than bytes).
 */
int text_from_disk(u64 bytes, int (*count)(const char *text, size_t size));

#endif
