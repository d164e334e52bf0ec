/* SPDX-License-Identifier: BSD-2-Clause */
/* The clock: the time stamp counter, scaled by what the platform page says of it. */
#include "guest/lib/machine/grt.h"
#include <linux/delay.h>
#include <linux/ktime.h>

static struct {
	u64 tsc;  /* at start */
	u64 mult; /* ns = ticks * mult >> 32 */
	u64 khz;
} clock;

void grt_time_init(void)
{
	u64 khz = platform()->tsc_khz;

	clock.tsc = grt_tsc();
	clock.khz = khz ? khz : 1000000;
	clock.mult = khz ? (1000000ull << 32) / khz : 1ull << 32;
}

u64 grt_tsc_to_ns(u64 tsc)
{
	return (u64)(((unsigned __int128)tsc * clock.mult) >> 32);
}

u64 grt_ns_to_tsc(u64 ns)
{
	return ns / 1000 * clock.khz / 1000;
}

u64 ktime_get_ns(void)
{
	return grt_tsc_to_ns(grt_tsc() - clock.tsc);
}

u64 ktime_get_real_ns(void)
{
	return platform()->wall_ns + ktime_get_ns();
}

void ndelay(unsigned long ns)
{
	u64 end = ktime_get_ns() + ns;

	while (ktime_get_ns() < end)
		grt_pause();
}
