/* SPDX-License-Identifier: BSD-2-Clause */
/* How a thread of the host waits for another in the allocator. */
#include <sched.h>

#include "slabvisor/hosted.h"
#include "slabvisor/kmem_port.h"

void (*hosted_on_wait)(void);

void grt_lock_slow(u32 *word)
{
	/* Never 2: nobody sleeps at a lock. Acquire, as of any lock. */
	while (__atomic_exchange_n(word, 1, __ATOMIC_ACQUIRE)) {
		if (hosted_on_wait)
			hosted_on_wait();
		sched_yield();
	}
}

void grt_unlock_slow(u32 *word)
{
	(void)word;
}

void kmem_yield(void)
{
	sched_yield();
}
