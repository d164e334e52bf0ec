/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A lock for sections of tens of nanoseconds. A waiter spins briefly, then gives
 * its CPU away, since the holder may have been descheduled.
 */
#ifndef MM_LOCK_H
#define MM_LOCK_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "mm/assert.h"

#define MM_LOCK_SPINS 128

struct mm_lock {
	_Atomic uint32_t held;
};

/* Takes a lock that is free; false if it is not. Acquire: sees what the last holder wrote. */
#ifdef MM_CHECK
#include <pthread.h>

/* Locks that this thread holds. */
extern _Thread_local unsigned int mm_locks_held;

/* What a lock's word is while this thread holds it: never 0, and no other thread's. */
static inline uint32_t mm_lock_mine(void)
{
	return (uint32_t)((uintptr_t)pthread_self() >> 6) | 1;
}

static inline bool mm_lock_try(struct mm_lock *lock)
{
	uint32_t none = 0;

	/* A lock that another holds goes on saying so. */
	return atomic_compare_exchange_strong_explicit(&lock->held, &none, mm_lock_mine(),
						       memory_order_acquire, memory_order_relaxed);
}

#define MM_ASSERT_HELD(lock) \
	MM_ASSERT(atomic_load_explicit(&(lock)->held, memory_order_relaxed) == mm_lock_mine())
#define MM_ASSERT_NONE_HELD() MM_ASSERT(!mm_locks_held)
#define MM_LOCK_COUNT(delta)  ((void)(mm_locks_held += (unsigned int)(delta)))
#else
static inline bool mm_lock_try(struct mm_lock *lock)
{
	return !atomic_exchange_explicit(&lock->held, 1, memory_order_acquire);
}

#define MM_ASSERT_HELD(lock)  MM_ASSERT((lock)->held)
#define MM_ASSERT_NONE_HELD() ((void)0)
#define MM_LOCK_COUNT(delta)  ((void)0)
#endif

static inline void mm_lock_wait(struct mm_lock *lock)
{
	for (;;) {
		for (unsigned int i = 0; i < MM_LOCK_SPINS; i++) {
			/* Relaxed: only a hint that the exchange may succeed. */
			if (!atomic_load_explicit(&lock->held, memory_order_relaxed) &&
			    mm_lock_try(lock))
				return;
			__builtin_ia32_pause();
		}
		sched_yield();
	}
}

static inline void mm_lock(struct mm_lock *lock)
{
#ifdef MM_CHECK
	/* Whoever has it would wait for itself. */
	MM_ASSERT(atomic_load_explicit(&lock->held, memory_order_relaxed) != mm_lock_mine());
#endif
	if (!mm_lock_try(lock))
		mm_lock_wait(lock);
	MM_LOCK_COUNT(1);
}

static inline void mm_unlock(struct mm_lock *lock)
{
	MM_ASSERT_HELD(lock);
	MM_LOCK_COUNT(-1);
	/* Release: the next holder sees what was written under the lock. */
	atomic_store_explicit(&lock->held, 0, memory_order_release);
}

#endif
