/* SPDX-License-Identifier: BSD-2-Clause */
/* A lock and a count beside it, as in Linux's <linux/lockref.h>. The lock is taken for each change;
 * Linux avoids it where nobody holds it. */
#ifndef GUEST_LINUX_LOCKREF_H
#define GUEST_LINUX_LOCKREF_H

#include <linux/spinlock.h>
#include <linux/types.h>

#define USE_CMPXCHG_LOCKREF 0

struct lockref {
	spinlock_t lock;
	int count; /* negative: dead */
};

void lockref_get(struct lockref *lockref);
/* -1 if the lock would have to be waited for, or nothing is left; else the count less 1. */
int lockref_put_return(struct lockref *lockref);
/* 1 if it was done, 0 if the count is not positive (of the put: not above 1); of the last, dead. */
int lockref_get_not_zero(struct lockref *lockref);
int lockref_put_not_zero(struct lockref *lockref);
int lockref_get_not_dead(struct lockref *lockref);
/* 1, or 0 with the lock held where the count is 1 or less, and then stays. */
int lockref_put_or_lock(struct lockref *lockref);
/* With the lock held. */
void lockref_mark_dead(struct lockref *lockref);

static inline bool __lockref_is_dead(const struct lockref *lockref)
{
	return lockref->count < 0;
}

#endif
