/* SPDX-License-Identifier: BSD-2-Clause */
/* What the monitor and the memory service count of this guest. */
#include "guest/lib/machine/grt.h"
#include "selftest.h"
#include <linux/mm.h>
#include <linux/smp.h>
#include <slabvisor/kmem.h>
#include <slabvisor/platform.h>
#include <slabvisor/smp.h>

u64 exits_here(void)
{
	return platform()->exits[smp_processor_id()];
}

u64 kicks_here(void)
{
	return platform()->kicks[smp_processor_id()];
}

static struct {
	void (*run)(void);
	unsigned int drained; /* vCPUs */
	u32 done;
	u64 objects;
} sole;

/* Until vCPU 0 is done. platform_wait() would first do what there is to do when idle: give back
 * what was asked for, and keep a store anew. */
static void sleep_at_host(void)
{
	/* Acquire: the next call begins after what vCPU 0 did alone. */
	while (!__atomic_load_n(&sole.done, __ATOMIC_ACQUIRE))
		grt_wait(&sole.done, 0, 0);
}

/* The others stay here while vCPU 0 runs, and nothing of a cache is in their magazines. They sleep:
 * where instructions are emulated, who waits awake takes the CPU from the one that is waited for. */
static void stay(void *unused)
{
	(void)unused;
	kmem_cpu_drain();
	/* Release, and acquire below: the magazines are in the depots by then. */
	__atomic_fetch_add(&sole.drained, 1, __ATOMIC_RELEASE);
	if (smp_processor_id()) {
		sleep_at_host();
		return;
	}
	while (__atomic_load_n(&sole.drained, __ATOMIC_ACQUIRE) != num_online_cpus())
		__builtin_ia32_pause();
	sole.run();
	/* Release: see sleep_at_host(). */
	__atomic_store_n(&sole.done, 1, __ATOMIC_RELEASE);
	if (num_online_cpus() > 1)
		platform_wake(&sole.done, num_online_cpus());
}

void alone(void (*run)(void))
{
	sole.run = run;
	sole.drained = 0;
	sole.done = 0;
	smp_call_all(stay, NULL);
}

static void count_out(void)
{
	struct virtio_kmem_stats stats;

	kmem_give_back();
	sole.objects = kmem_stats(0, &stats) ? ~0ull : stats.objects_active;
}

u64 objects_out(void)
{
	alone(count_out);
	return sole.objects;
}

u64 pages_pinned(void)
{
	struct virtio_kmem_stats stats;

	return kmem_stats(0, &stats) ? ~0ull : stats.pages_pinned;
}

int node_of(const void *p)
{
	const struct kmem_channel *channel = kmem_channel();
	u64 addr = virt_to_phys(p);

	for (unsigned int i = 0; i < channel->nr_ranges; i++)
		if (addr - channel->range[i].base < channel->range[i].size)
			return (int)channel->range[i].node;
	return -1;
}

bool debug_mode(void)
{
	return kmem_channel()->debug != 0;
}
