/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU that has nothing to do sleeps at the monitor, after what is left for such times. */
#include "guest/lib/machine/grt.h"
#include <linux/delay.h>
#include <linux/ktime.h>
#include <slabvisor/kmem.h>

void platform_wait(const u32 *word, u32 expected, u64 timeout_ns)
{
	console_flush();
	grt_unpin_flush();
	kmem_poll();
	grt_wait(word, expected, timeout_ns);
}

void msleep(unsigned int ms)
{
	static const u32 never;
	u64 end = ktime_get_ns() + ms * 1000000ull;

	for (u64 now = ktime_get_ns(); now < end; now = ktime_get_ns())
		platform_wait(&never, 0, end - now);
}
