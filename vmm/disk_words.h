/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of a disk's file, by `run` and `serve` alike: each has its own way to name an
 * option. */
#ifndef VMM_DISK_WORDS_H
#define VMM_DISK_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct disk_words {
	const char *option; /* what stands before the path that the user gave, "" for nothing */
	const char *raw;    /* how the user says that the file's bytes are the disk */
};

/* Reports that the disk cannot be opened: error and why are those of blk_file_open(). Returns the
 * exit status. */
int disk_refuse(const struct disk_words *words, const char *path, int error, const char *why);

/*
 * Reads a disk's format as a user gives it: `raw` sets *raw, any other is refused.
 * Returns 0, or -EINVAL with what would be right in why, room bytes.
 */
int disk_format(const char *value, bool *raw, char *why, size_t room);

#endif
