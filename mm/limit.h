/* SPDX-License-Identifier: BSD-2-Clause */
/* What the host can give, asked before anything is promised to a guest. */
#ifndef MM_LIMIT_H
#define MM_LIMIT_H

#include <stdint.h>

#include "mm/mm.h"

/*
 * Formats a text that lives until this thread's next call, for the `why` of
 * mm_heap_create.
 */
const char *limit_why(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Checks that the host can give size bytes of the backing: against its memory and
 * the memory limits of this process's cgroup and of those above it, or against the
 * free pages of the hugetlb pool. Returns 0, or -ENOMEM with *why set.
 */
int limit_check(enum mm_backing backing, uint64_t size, const char **why);

#endif
