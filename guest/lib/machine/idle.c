/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU that has nothing to do sleeps at the monitor, after what is left for such times. */
#include "guest/lib/machine/grt.h"
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
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
	u64 now = ktime_get_ns();
	u64 end = now + ms * 1000000ull;

	/* Once at least, as Linux gives its CPU away even if no time is left: where the host is
	 * busy it may have passed already, and what is left for idle times would not be done. */
	do {
		platform_wait(&never, 0, max_t(u64, end - now, 1));
		now = ktime_get_ns();
	} while (now < end);
}
