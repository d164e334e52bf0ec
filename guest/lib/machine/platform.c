/* SPDX-License-Identifier: BSD-2-Clause */
/* The platform page's doorbells, and what a vCPU hands over with them. */
#include "guest/lib/machine/grt.h"
#include <linux/compiler.h>
#include <linux/mm.h>

struct grt_cpu grt_cpus[PLATFORM_MAX_CPUS];

void platform_ring(unsigned int offset, u64 value)
{
	*(volatile u64 *)(PLATFORM_VA + offset) = value;
}

void grt_wait(const u32 *word, u32 expected, u64 timeout_ns)
{
	struct platform_wait *wait = &this_cpu()->grt->wait;

	wait->addr = virt_to_phys(word);
	wait->expected = expected;
	wait->result = 0;
	wait->timeout_ns = timeout_ns;
	/* The volatile store of the doorbell is not ordered after plain ones for the compiler. */
	barrier();
	platform_ring(PLATFORM_WAIT, virt_to_phys(wait));
	barrier();
}

unsigned int platform_wake(const u32 *word, unsigned int count)
{
	struct platform_wake *wake = &this_cpu()->grt->wake;

	wake->addr = virt_to_phys(word);
	wake->count = count;
	wake->result = 0;
	barrier();
	platform_ring(PLATFORM_WAKE, virt_to_phys(wake));
	barrier();
	return wake->result;
}

void platform_tlb_flush(void)
{
	barrier();
	platform_ring(PLATFORM_TLB_FLUSH, 0);
	barrier();
}

const void *platform_module(unsigned int i, size_t *size)
{
	if (i >= platform()->modules || i >= PLATFORM_MAX_MODULES)
		return NULL;
	if (size)
		*size = platform()->module[i].size;
	return phys_to_virt(platform()->module[i].addr);
}

u64 platform_exits(u64 *kicks)
{
	u64 exits = 0;
	u64 rung = 0;

	for (unsigned int cpu = 0; cpu < PLATFORM_MAX_CPUS; cpu++) {
		exits += platform()->exits[cpu];
		rung += platform()->kicks[cpu];
	}
	if (kicks)
		*kicks = rung;
	return exits;
}
