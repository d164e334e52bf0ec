/* SPDX-License-Identifier: BSD-2-Clause */
/* Completions, whose waiters sleep at the monitor. */
#include "guest/lib/machine/grt.h"
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>

#define SPINS 200 /* as of a lock */

#define ALL_DONE 0x80000000u

bool try_wait_for_completion(struct completion *c)
{
	u32 done = __atomic_load_n(&c->done, __ATOMIC_ACQUIRE);

	do {
		if (!done)
			return false;
		if (done >= ALL_DONE)
			return true;
		/* Acquire: what the completer did before is seen after. */
	} while (!__atomic_compare_exchange_n(&c->done, &done, done - 1, false, __ATOMIC_ACQUIRE,
					      __ATOMIC_ACQUIRE));
	return true;
}

void wait_for_completion(struct completion *c)
{
	for (int i = 0; i < SPINS; i++) {
		if (try_wait_for_completion(c))
			return;
		grt_pause();
	}
	while (!try_wait_for_completion(c))
		platform_wait(&c->done, 0, 0);
}

unsigned long wait_for_completion_timeout(struct completion *c, unsigned long timeout)
{
	const u64 start = ktime_get_ns();
	const u64 ns = min_t(u64, timeout, MAX_JIFFY_OFFSET / TICK_NSEC) * TICK_NSEC;

	while (!try_wait_for_completion(c)) {
		const u64 gone = ktime_get_ns() - start;

		if (gone >= ns)
			return 0;
		platform_wait(&c->done, 0, ns - gone);
	}
	return max(1ul, timeout - min(timeout, nsecs_to_jiffies(ktime_get_ns() - start)));
}

void complete(struct completion *c)
{
	/* Release: see try_wait_for_completion(). */
	if (__atomic_load_n(&c->done, __ATOMIC_RELAXED) < ALL_DONE)
		__atomic_fetch_add(&c->done, 1, __ATOMIC_RELEASE);
	platform_wake(&c->done, 1);
}

void complete_all(struct completion *c)
{
	__atomic_store_n(&c->done, ALL_DONE, __ATOMIC_RELEASE);
	platform_wake(&c->done, PLATFORM_MAX_CPUS);
}
