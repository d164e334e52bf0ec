/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last error of something that many watch, as in Linux's <linux/errseq.h>: each watcher finds
 * an error once. A word holds the error, whether anybody has seen it, and a count of errors seen.
 */
#ifndef GUEST_LINUX_ERRSEQ_H
#define GUEST_LINUX_ERRSEQ_H

#include <linux/types.h>

typedef u32 errseq_t;

/* An error, -4095 to -1; anything else is warned of and left alone. The new value. */
errseq_t errseq_set(errseq_t *eseq, int err);
/* Where a watcher begins: 0 if the error is one that nobody has seen, for the watcher to see it. */
errseq_t errseq_sample(errseq_t *eseq);
/* 0 if there was no error since, else the last. The second moves *since on, and is for a watcher
 * whose calls do not overlap. */
int errseq_check(errseq_t *eseq, errseq_t since);
int errseq_check_and_advance(errseq_t *eseq, errseq_t *since);

#endif
