/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks for vCPUs that the host may preempt at any instruction: a waiter spins for a
 * bounded time and then sleeps at the monitor until the holder lets go (the three
 * states are those of Drepper, "Futexes Are Tricky"). Taken by nobody twice, and
 * not by exception handlers but for page faults on user memory.
 */
#ifndef GUEST_LINUX_SPINLOCK_H
#define GUEST_LINUX_SPINLOCK_H

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

/* Interrupts are off throughout. */
#define spin_lock_irq(lock)   spin_lock(lock)
#define spin_unlock_irq(lock) spin_unlock(lock)
#define spin_lock_bh(lock)    spin_lock(lock)
#define spin_unlock_bh(lock)  spin_unlock(lock)
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

#endif
