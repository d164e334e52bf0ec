/* SPDX-License-Identifier: BSD-2-Clause */
/* A lock and a count beside it. */
#include <linux/lockref.h>

#define DEAD (-128)

/* Adds to a count that is at least so much. */
static int add_if(struct lockref *lockref, int n, int least)
{
	int done;

	spin_lock(&lockref->lock);
	done = lockref->count >= least;
	lockref->count += done ? n : 0;
	spin_unlock(&lockref->lock);
	return done;
}

void lockref_get(struct lockref *lockref)
{
	spin_lock(&lockref->lock);
	lockref->count++;
	spin_unlock(&lockref->lock);
}

int lockref_put_return(struct lockref *lockref)
{
	int left = -1;

	if (!spin_trylock(&lockref->lock))
		return -1;
	if (lockref->count > 0)
		left = --lockref->count;
	spin_unlock(&lockref->lock);
	return left;
}

int lockref_get_not_zero(struct lockref *lockref)
{
	return add_if(lockref, 1, 1);
}

int lockref_put_not_zero(struct lockref *lockref)
{
	return add_if(lockref, -1, 2);
}

int lockref_get_not_dead(struct lockref *lockref)
{
	return add_if(lockref, 1, 0);
}

int lockref_put_or_lock(struct lockref *lockref)
{
	spin_lock(&lockref->lock);
	if (lockref->count <= 1)
		return 0;
	lockref->count--;
	spin_unlock(&lockref->lock);
	return 1;
}

void lockref_mark_dead(struct lockref *lockref)
{
	lockref->count = DEAD;
}
