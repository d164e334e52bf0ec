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

/* Nothing interrupts a program. Always 0. */
static inline int __must_check mutex_lock_interruptible(struct mutex *mutex)
{
	mutex_lock(mutex);
	return 0;
}

static inline int __must_check mutex_lock_killable(struct mutex *mutex)
{
	mutex_lock(mutex);
	return 0;
}

#define mutex_lock_nested(mutex, subclass) mutex_lock(mutex)

/* Tells whether the count is 0 now, with the mutex held then. */
static inline int atomic_dec_and_mutex_lock(atomic_t *count, struct mutex *mutex)
{
	if (atomic_add_unless(count, -1, 1))
		return 0;
	mutex_lock(mutex);
	if (atomic_dec_and_test(count))
		return 1;
	mutex_unlock(mutex);
	return 0;
}

static inline void mutex_destroy(struct mutex *mutex)
{
	(void)mutex;
}

#endif
