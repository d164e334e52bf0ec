/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of a disk's file, by `run` and `serve` alike: each has its own way to name an
 * option. */
#ifndef VMM_BASE_DISK_WORDS_H
#define VMM_BASE_DISK_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio/blk/file.h"
#include "vmm/base/cli.h"

struct disk_words {
	const char *option;     /* what stands before the path that the user gave, "" for nothing */
	const char *raw;        /* how the user says that the file's bytes are the disk */
	const char *block_size; /* ... what sectors the guest is to see, up to the number */
};

/* A disk as a user gave it. */
struct disk_place {
	const char *path;
	bool readonly;
};

/* Reports that the disk cannot be opened: error and why are those of blk_file_open(). Returns the
 * exit status. */
enum exit_status disk_refuse(const struct disk_words *words, const char *path, int error,
			     const char *why);

/*
 * Says what of a disk that is open is otherwise than its user may think: that nothing guards it,
 * that bytes at its end are out of reach, how direct I/O and sectors are taken. config: what it was
 * opened by.
 */
void disk_note(const struct disk_words *words, const struct blk_file_config *config,
	       const struct blk_file *file);

/* Says what of its end the guest cannot reach, if there is such. */
void disk_note_tail(const struct disk_words *words, const char *path, const struct blk_file *file);

/* Refuses two disks that are one file by whatever names, unless both are read-only. Returns 0 or
 * the exit status, the error having been reported. */
enum exit_status disk_check_distinct(const struct disk_words *words, const struct disk_place *place,
				     unsigned int count);

#endif
