/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A lock for sections of tens of nanoseconds. A waiter spins briefly, then gives
 * its CPU away, since the holder may have been descheduled.
 */
#ifndef MM_LOCK_H
#define MM_LOCK_H

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

#define MM_LOCK_SPINS 128

struct mm_lock {
	_Atomic uint32_t held;
};

static inline void mm_lock_wait(struct mm_lock *lock)
{
	for (;;) {
		for (unsigned int i = 0; i < MM_LOCK_SPINS; i++) {
			/* Relaxed: only a hint that the exchange may succeed. */
			if (!atomic_load_explicit(&lock->held, memory_order_relaxed) &&
			    !atomic_exchange_explicit(&lock->held, 1, memory_order_acquire))
				return;
			__builtin_ia32_pause();
		}
		sched_yield();
	}
}

static inline void mm_lock(struct mm_lock *lock)
{
	/* Acquire: sees what the last holder wrote. */
	if (atomic_exchange_explicit(&lock->held, 1, memory_order_acquire))
		mm_lock_wait(lock);
}

static inline void mm_unlock(struct mm_lock *lock)
{
	/* Release: the next holder sees what was written under the lock. */
	atomic_store_explicit(&lock->held, 0, memory_order_release);
}

#endif
