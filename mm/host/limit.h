/* SPDX-License-Identifier: BSD-2-Clause */
/* What the host can give, asked before anything is promised to a guest. */
#ifndef MM_HOST_LIMIT_H
#define MM_HOST_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/mm.h"

/*
 * Formats a text that lives until this thread's next call, for the `why` of
 * mm_heap_create.
 */
const char *limit_why(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A size for such a text, in GiB or MiB. Returns text. */
const char *limit_size(char text[24], uint64_t bytes);

/* The number in a file that holds one; UINT64_MAX for "max", none or no file. */
uint64_t limit_read(const char *path);

/* Limits from here on are none: what version 1 says when there is none. */
#define LIMIT_NONE (1ull << 62)

/* Files of a control group, in one of the two versions. */
struct limit_files {
	const char *most;              /* what it may have at most */
	const char *used;              /* what it has; NULL: that does not count */
	const char *active, *inactive; /* in memory.stat: file pages, or NULL */
};

/*
 * Splits a line of /proc/PID/cgroup (cgroups(7)), ID:CONTROLLERS:PATH, which it cuts. Of version 2
 * *controllers is "". Returns false if it is no such line.
 */
bool limit_split_cgroup(char *line, const char **controllers, const char **path);

/*
 * The least that this process's group of a controller and those above it may have; with
 * .used, may have more than they have. LIMIT_NONE or more: there is no limit.
 */
uint64_t limit_cgroup(const char *controller, const struct limit_files *v2,
		      const struct limit_files *v1);

/*
 * Bytes of ordinary memory that this process may come to: what the host has in all, or what a
 * control group of its own, or one above, may have if that is less. *whose (NULL: not asked for)
 * says which, for "%s is 2.0 GiB".
 */
uint64_t limit_memory(const char **whose);

#endif
