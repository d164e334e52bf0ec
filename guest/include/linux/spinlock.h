/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks for vCPUs that the host may preempt at any instruction: a waiter spins for a
 * bounded time and then sleeps at the monitor until the holder lets go (the three
 * states are those of Drepper, "Futexes Are Tricky"). Taken by nobody twice, and
 * not by exception handlers but for page faults on user memory.
 */
#ifndef GUEST_LINUX_SPINLOCK_H
#define GUEST_LINUX_SPINLOCK_H

#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/preempt.h>
#include <linux/types.h>

typedef struct {
	u32 word; /* 0 free, 1 held, 2 held and somebody sleeps */
} spinlock_t;

#define __SPIN_LOCK_UNLOCKED(name) \
	{                          \
		0                  \
	}
#define DEFINE_SPINLOCK(name) spinlock_t name = __SPIN_LOCK_UNLOCKED(name)

/* See <slabvisor/kmem_port.h>. */
void grt_lock_slow(u32 *word);
void grt_unlock_slow(u32 *word);

static inline void spin_lock_init(spinlock_t *lock)
{
	lock->word = 0;
}

static inline bool spin_trylock(spinlock_t *lock)
{
	u32 free = 0;

	/* Acquire, here and below: what the last holder wrote is seen by the next. */
	return __atomic_compare_exchange_n(&lock->word, &free, 1, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static inline void spin_lock(spinlock_t *lock)
{
	if (!spin_trylock(lock))
		grt_lock_slow(&lock->word);
}

static inline void spin_unlock(spinlock_t *lock)
{
	if (__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) == 2)
		grt_unlock_slow(&lock->word);
}

static inline bool spin_is_locked(const spinlock_t *lock)
{
	return __atomic_load_n(&lock->word, __ATOMIC_RELAXED) != 0;
}

#define spin_is_contended(lock) (__atomic_load_n(&(lock)->word, __ATOMIC_RELAXED) == 2)
#define spin_needbreak(lock)    spin_is_contended(lock)

/* For lockdep, which is not here. */
#define spin_lock_nested(lock, subclass)                spin_lock(lock)
#define spin_lock_nest_lock(lock, outer)                spin_lock(lock)
#define spin_lock_irqsave_nested(lock, flags, subclass) spin_lock_irqsave(lock, flags)
#define assert_spin_locked(lock)                        ((void)(lock))

/* Tells whether the count is 0 now, with the lock held then; without a 1 no lock is taken. */
static inline int atomic_dec_and_lock(atomic_t *atomic, spinlock_t *lock)
{
	if (atomic_add_unless(atomic, -1, 1))
		return 0;
	spin_lock(lock);
	if (atomic_dec_and_test(atomic))
		return 1;
	spin_unlock(lock);
	return 0;
}

#define atomic_dec_and_lock_irqsave(atomic, lock, flags) \
	((flags) = 0, atomic_dec_and_lock(atomic, lock))

/* Linux's locks that never sleep, on any kernel. */
typedef spinlock_t raw_spinlock_t;
#define __RAW_SPIN_LOCK_UNLOCKED(name)          __SPIN_LOCK_UNLOCKED(name)
#define DEFINE_RAW_SPINLOCK(name)               DEFINE_SPINLOCK(name)
#define raw_spin_lock_init(lock)                spin_lock_init(lock)
#define raw_spin_lock(lock)                     spin_lock(lock)
#define raw_spin_lock_nested(lock, subclass)    spin_lock(lock)
#define raw_spin_trylock(lock)                  spin_trylock(lock)
#define raw_spin_unlock(lock)                   spin_unlock(lock)
#define raw_spin_is_locked(lock)                spin_is_locked(lock)
#define raw_spin_lock_irq(lock)                 spin_lock(lock)
#define raw_spin_unlock_irq(lock)               spin_unlock(lock)
#define raw_spin_lock_irqsave(lock, flags)      spin_lock_irqsave(lock, flags)
#define raw_spin_unlock_irqrestore(lock, flags) spin_unlock_irqrestore(lock, flags)
#define raw_spin_trylock_irqsave(lock, flags)   ((flags) = 0, spin_trylock(lock))

/* Interrupts are off throughout. */
#define spin_trylock_irq(lock)            spin_trylock(lock)
#define spin_trylock_bh(lock)             spin_trylock(lock)
#define spin_trylock_irqsave(lock, flags) ((flags) = 0, spin_trylock(lock))
#define spin_lock_irq(lock)               spin_lock(lock)
#define spin_unlock_irq(lock)             spin_unlock(lock)
#define spin_lock_bh(lock)                spin_lock(lock)
#define spin_unlock_bh(lock)              spin_unlock(lock)
#define spin_lock_irqsave(lock, flags) \
	do {                           \
		(flags) = 0;           \
		spin_lock(lock);       \
	} while (0)
#define spin_unlock_irqrestore(lock, flags) \
	do {                                \
		(void)(flags);              \
		spin_unlock(lock);          \
	} while (0)

#include <linux/rwlock.h>

#endif
