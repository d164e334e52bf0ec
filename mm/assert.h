/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What comments promise, checked: in builds with sanitizers and in those with CHECK=1, which define
 * MM_CHECK. What is shipped has none of it: there a failed assertion would be a guest's way to end
 * the monitor, and every check costs time.
 */
#ifndef MM_ASSERT_H
#define MM_ASSERT_H

#ifdef MM_CHECK
#include <stdio.h>
#include <stdlib.h>

#define MM_ASSERT(right) ((right) ? (void)0 : mm_assert_failed(__FILE__, __LINE__, #right))

static inline _Noreturn void mm_assert_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	abort();
}
#else
/* What it looks at counts as used, and is not evaluated. */
#define MM_ASSERT(right) ((void)sizeof((right) ? 1 : 0))
#endif

#endif
