/* SPDX-License-Identifier: BSD-2-Clause */
/* All vCPUs at once: objects made by one, read and freed by another. */
#include "selftest.h"
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <slabvisor/kmem.h>
#include <slabvisor/platform.h>

#define TURNS 64 /* objects a vCPU makes in each part */

/* What an object says of itself; the pattern follows. */
struct parcel {
	u32 size;
	u32 maker;
	u64 seed;
	u8 body[];
};

static struct parcel *parcel_make(u32 size, u64 seed)
{
	struct parcel *parcel = kmalloc(size, GFP_KERNEL);

	if (!parcel)
		return NULL;
	parcel->size = size;
	parcel->maker = smp_processor_id();
	parcel->seed = seed;
	pattern_fill(parcel->body, size - sizeof(*parcel), seed);
	return parcel;
}

static bool parcel_is_whole(const struct parcel *parcel)
{
	return parcel->size >= sizeof(*parcel) && parcel->size <= 4096 &&
	       parcel->maker < PLATFORM_MAX_CPUS && ksize(parcel) >= parcel->size &&
	       pattern_holds(parcel->body, parcel->size - sizeof(*parcel), parcel->seed);
}

static u32 turn_size(unsigned int i)
{
	static const u32 sizes[] = {32, 64, 40, 128, 200, 24, 512, 96};

	return i % 32 == 31 ? 2048 : sizes[i % 8];
}

static struct {
	struct parcel *box[PLATFORM_MAX_CPUS][TURNS]; /* one row a maker */
	struct parcel *slot[16];                      /* swapped by anyone */
	unsigned int ran;                             /* vCPUs, as bits */
	unsigned int missing, broken;
	struct kmem_cache *cache;
} yard;

static void note(unsigned int *what)
{
	__atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

/* Each fills its row. */
static void make(void *arg)
{
	unsigned int cpu = smp_processor_id();

	(void)arg;
	__atomic_fetch_or(&yard.ran, 1u << cpu, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < TURNS; i++) {
		yard.box[cpu][i] = parcel_make(turn_size(i), (u64)cpu << 32 | i);
		if (!yard.box[cpu][i])
			note(&yard.missing);
	}
}

/* Each reads and frees the row of its neighbour. */
static void free_neighbours(void *arg)
{
	unsigned int cpus = *(unsigned int *)arg;
	unsigned int maker = (smp_processor_id() + 1) % cpus;

	for (unsigned int i = 0; i < TURNS; i++) {
		struct parcel *parcel = yard.box[maker][i];

		if (!parcel)
			continue;
		if (!parcel_is_whole(parcel) || parcel->maker != maker)
			note(&yard.broken);
		kfree(parcel);
		yard.box[maker][i] = NULL;
	}
}

/* All swap parcels through a few slots at the same time, and free what they get. */
static void swap_parcels(void *arg)
{
	unsigned int cpu = smp_processor_id();

	(void)arg;
	for (unsigned int i = 0; i < TURNS * scale; i++) {
		struct parcel *parcel = parcel_make(turn_size(i * 5 + cpu), (u64)cpu << 40 | i);

		if (!parcel) {
			note(&yard.missing);
			continue;
		}
		/* acq_rel: the contents go with the pointer, both ways. */
		parcel = __atomic_exchange_n(&yard.slot[(i * 7 + cpu) % 16], parcel,
					     __ATOMIC_ACQ_REL);
		if (!parcel)
			continue;
		if (!parcel_is_whole(parcel))
			note(&yard.broken);
		kfree(parcel);
	}
}

/* One cache for all, single and bulk calls mixed. */
static void share_cache(void *arg)
{
	void *p[24];

	(void)arg;
	for (unsigned int i = 0; i < 8 * scale; i++) {
		if (i & 1) {
			if (kmem_cache_alloc_bulk(yard.cache, GFP_KERNEL, 24, p) != 24) {
				note(&yard.missing);
				continue;
			}
		} else {
			for (unsigned int k = 0; k < 24; k++)
				p[k] = kmem_cache_alloc(yard.cache, GFP_KERNEL);
		}
		for (unsigned int k = 0; k < 24; k++)
			if (p[k])
				pattern_fill(p[k], 80, (unsigned long)p[k]);
			else
				note(&yard.missing);
		for (unsigned int k = 0; k < 24; k++) {
			if (!p[k])
				continue;
			if (!pattern_holds(p[k], 80, (unsigned long)p[k]))
				note(&yard.broken);
			kmem_cache_free(yard.cache, p[k]);
		}
	}
}

/* Runs of pages: the shared lists of the runtime and the host's frame allocator. */
static void take_pages(void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i < 8 * scale; i++) {
		for (unsigned int order = 0; order < 4; order++) {
			u64 *p = (u64 *)__get_free_pages(GFP_KERNEL, order);
			size_t last = (PAGE_SIZE << order) / sizeof(*p) - 1;

			if (!p) {
				note(&yard.missing);
				continue;
			}
			p[0] = p[last] = (unsigned long)p + smp_processor_id();
			__atomic_signal_fence(__ATOMIC_SEQ_CST);
			if (p[0] != p[last])
				note(&yard.broken);
			free_pages((unsigned long)p, order);
		}
	}
}

void test_smp(void)
{
	unsigned int cpus = platform()->cpus;
	u64 before;

	before = objects_out();
	memset(&yard, 0, sizeof(yard));
	for (unsigned int i = 0; i < scale; i++) {
		smp_call_all(make, NULL);
		smp_call_all(free_neighbours, &cpus);
	}
	check(yard.ran == (1u << cpus) - 1, "smp_call_all: runs on all %u vCPUs", cpus);
	check(!yard.missing && !yard.broken,
	      "smp: kmalloc on one vCPU, kfree on another, contents whole");
	smp_call_all(swap_parcels, NULL);
	for (unsigned int i = 0; i < 16; i++) {
		if (yard.slot[i] && !parcel_is_whole(yard.slot[i]))
			yard.broken++;
		kfree(yard.slot[i]);
	}
	check(!yard.missing && !yard.broken, "smp: objects swapped while all run, contents whole");
	yard.cache = kmem_cache_create("selftest_smp", 80, 0, 0, NULL);
	if (yard.cache)
		smp_call_all(share_cache, NULL);
	check(yard.cache && !yard.missing && !yard.broken,
	      "smp: one kmem_cache on all vCPUs, kmem_cache_alloc_bulk among them");
	kmem_cache_destroy(yard.cache);
	smp_call_all(take_pages, NULL);
	check(!yard.missing && !yard.broken, "smp: runs of pages on all vCPUs");
	check(objects_out() == before, "smp: nothing leaked");
}
