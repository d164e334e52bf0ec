/* SPDX-License-Identifier: BSD-2-Clause */
/* Pins at the host: counted, and, when they have ended, dropped a batch at a time. */
#include "guest/lib/machine/grt.h"
#include <linux/compiler.h>
#include <slabvisor/kmem.h>

static s64 held; /* pins that the host has of us, those in batches among them */

long grt_pin(size_t n, const u64 *addr)
{
	long got = kmem_pin(n, addr);

	/* Relaxed, here and below: the number orders nothing. */
	if (got > 0)
		__atomic_fetch_add(&held, got, __ATOMIC_RELAXED);
	return got;
}

s64 grt_pins_held(void)
{
	return __atomic_load_n(&held, __ATOMIC_RELAXED);
}

void grt_unpin_now(size_t n, const u64 *addr)
{
	kmem_unpin(n, addr);
	__atomic_fetch_sub(&held, (s64)n, __ATOMIC_RELAXED);
}

static void flush_batch(struct grt_cpu *gc)
{
	if (gc->unpin_count)
		grt_unpin_now(gc->unpin_count, gc->unpin);
	WRITE_ONCE(gc->unpin_count, 0);
}

void grt_unpin(u64 addr)
{
	struct grt_cpu *gc = this_cpu()->grt;

	spin_lock(&gc->unpin_lock);
	gc->unpin[gc->unpin_count++] = addr;
	if (gc->unpin_count == GRT_UNPIN_BATCH)
		flush_batch(gc);
	spin_unlock(&gc->unpin_lock);
}

void grt_unpin_flush(void)
{
	for (unsigned int cpu = 0; cpu < PLATFORM_MAX_CPUS; cpu++) {
		struct grt_cpu *gc = &grt_cpus[cpu];

		if (!READ_ONCE(gc->unpin_count))
			continue;
		spin_lock(&gc->unpin_lock);
		flush_batch(gc);
		spin_unlock(&gc->unpin_lock);
	}
}
