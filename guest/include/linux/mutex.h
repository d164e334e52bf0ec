/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU runs one thread, so that a mutex is a spinlock that knows how to sleep. */
#ifndef GUEST_LINUX_MUTEX_H
#define GUEST_LINUX_MUTEX_H

#include <linux/spinlock.h>

struct mutex {
	spinlock_t lock;
};

#define DEFINE_MUTEX(name) struct mutex name = {__SPIN_LOCK_UNLOCKED(name.lock)}

static inline void mutex_init(struct mutex *mutex)
{
	spin_lock_init(&mutex->lock);
}

static inline void mutex_lock(struct mutex *mutex)
{
	spin_lock(&mutex->lock);
}

/* 1 if it was taken. */
static inline int mutex_trylock(struct mutex *mutex)
{
	return spin_trylock(&mutex->lock);
}

static inline void mutex_unlock(struct mutex *mutex)
{
	spin_unlock(&mutex->lock);
}

static inline bool mutex_is_locked(const struct mutex *mutex)
{
	return spin_is_locked(&mutex->lock);
}

static inline void mutex_destroy(struct mutex *mutex)
{
	(void)mutex;
}

#endif
