/* SPDX-License-Identifier: BSD-2-Clause */
/* The waiting half of spinlock_t. */
#include "guest/lib/machine/grt.h"
#include <linux/spinlock.h>

#define SPINS 200 /* some ten microseconds: about what a trip to the monitor costs */

void grt_lock_slow(u32 *word)
{
	for (int i = 0; i < SPINS; i++) {
		u32 free = 0;

		if (!__atomic_load_n(word, __ATOMIC_RELAXED) &&
		    __atomic_compare_exchange_n(word, &free, 1, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return;
		grt_pause();
	}
	/* Held from here on counts as "somebody sleeps", since others may. */
	while (__atomic_exchange_n(word, 2, __ATOMIC_ACQUIRE))
		grt_wait(word, 2, 0);
}

void grt_unlock_slow(u32 *word)
{
	platform_wake(word, 1);
}
