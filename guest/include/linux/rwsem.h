/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's locks that readers share and that may sleep: those of <linux/rwlock.h>. */
#ifndef GUEST_LINUX_RWSEM_H
#define GUEST_LINUX_RWSEM_H

#include <linux/rwlock.h>

struct rw_semaphore {
	rwlock_t lock;
};

#define __RWSEM_INITIALIZER(name)        \
	{                                \
		__RW_LOCK_UNLOCKED(name) \
	}
#define DECLARE_RWSEM(name) struct rw_semaphore name = __RWSEM_INITIALIZER(name)

static inline void init_rwsem(struct rw_semaphore *sem)
{
	rwlock_init(&sem->lock);
}

static inline void down_read(struct rw_semaphore *sem)
{
	read_lock(&sem->lock);
}

/* 1 if it was taken. */
static inline int down_read_trylock(struct rw_semaphore *sem)
{
	return read_trylock(&sem->lock);
}

static inline void up_read(struct rw_semaphore *sem)
{
	read_unlock(&sem->lock);
}

static inline void down_write(struct rw_semaphore *sem)
{
	write_lock(&sem->lock);
}

static inline int down_write_trylock(struct rw_semaphore *sem)
{
	return write_trylock(&sem->lock);
}

static inline void up_write(struct rw_semaphore *sem)
{
	write_unlock(&sem->lock);
}

/* From writing to reading, with no writer in between. */
static inline void downgrade_write(struct rw_semaphore *sem)
{
	atomic_inc(&sem->lock.readers);
	write_unlock(&sem->lock);
}

/* Nothing interrupts a program. Always 0. */
static inline int __must_check down_read_interruptible(struct rw_semaphore *sem)
{
	down_read(sem);
	return 0;
}

static inline int __must_check down_read_killable(struct rw_semaphore *sem)
{
	down_read(sem);
	return 0;
}

static inline int __must_check down_write_killable(struct rw_semaphore *sem)
{
	down_write(sem);
	return 0;
}

static inline int rwsem_is_locked(struct rw_semaphore *sem)
{
	return spin_is_locked(&sem->lock.gate) || atomic_read(&sem->lock.readers);
}

#endif
