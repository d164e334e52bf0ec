/* SPDX-License-Identifier: BSD-2-Clause */
/* Pins that have ended, dropped at the host a batch at a time. */
#include "guest/lib/machine/grt.h"
#include <linux/compiler.h>
#include <slabvisor/kmem.h>

static void flush_batch(struct grt_cpu *gc)
{
	if (gc->unpin_count)
		kmem_unpin(gc->unpin_count, gc->unpin);
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
