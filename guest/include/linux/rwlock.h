/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks that readers share, as in Linux's <linux/rwlock.h>. One that waits to write holds new
 * readers off, so that it comes to its turn: no vCPU may take one to read twice.
 */
#ifndef GUEST_LINUX_RWLOCK_H
#define GUEST_LINUX_RWLOCK_H

#include <linux/spinlock.h>

typedef struct {
	spinlock_t gate;  /* held by a writer, and by a reader that enters */
	atomic_t readers; /* within */
} rwlock_t;

#define __RW_LOCK_UNLOCKED(name)                           \
	{                                                  \
		__SPIN_LOCK_UNLOCKED(name), ATOMIC_INIT(0) \
	}
#define DEFINE_RWLOCK(name) rwlock_t name = __RW_LOCK_UNLOCKED(name)

static inline void rwlock_init(rwlock_t *lock)
{
	spin_lock_init(&lock->gate);
	atomic_set(&lock->readers, 0);
}

static inline void read_lock(rwlock_t *lock)
{
	spin_lock(&lock->gate);
	atomic_inc(&lock->readers);
	spin_unlock(&lock->gate);
}

static inline bool read_trylock(rwlock_t *lock)
{
	if (!spin_trylock(&lock->gate))
		return false;
	atomic_inc(&lock->readers);
	spin_unlock(&lock->gate);
	return true;
}

static inline void read_unlock(rwlock_t *lock)
{
	/* Release: what the reader read comes before what the next writer writes. */
	atomic_fetch_sub_release(1, &lock->readers);
}

/* Waits until the readers within are gone. */
void write_lock(rwlock_t *lock);

static inline bool write_trylock(rwlock_t *lock)
{
	if (!spin_trylock(&lock->gate))
		return false;
	if (!atomic_read_acquire(&lock->readers))
		return true;
	spin_unlock(&lock->gate);
	return false;
}

static inline void write_unlock(rwlock_t *lock)
{
	spin_unlock(&lock->gate);
}

#define read_lock_irq(lock)    read_lock(lock)
#define read_unlock_irq(lock)  read_unlock(lock)
#define read_lock_bh(lock)     read_lock(lock)
#define read_unlock_bh(lock)   read_unlock(lock)
#define write_lock_irq(lock)   write_lock(lock)
#define write_unlock_irq(lock) write_unlock(lock)
#define write_lock_bh(lock)    write_lock(lock)
#define write_unlock_bh(lock)  write_unlock(lock)
#define read_lock_irqsave(lock, flags) \
	do {                           \
		(flags) = 0;           \
		read_lock(lock);       \
	} while (0)
#define read_unlock_irqrestore(lock, flags) \
	do {                                \
		(void)(flags);              \
		read_unlock(lock);          \
	} while (0)
#define write_lock_irqsave(lock, flags) \
	do {                            \
		(flags) = 0;            \
		write_lock(lock);       \
	} while (0)
#define write_unlock_irqrestore(lock, flags) \
	do {                                 \
		(void)(flags);               \
		write_unlock(lock);          \
	} while (0)

#endif
