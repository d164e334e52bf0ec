/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Variables of which each vCPU has its own. A chunk is an area for each vCPU, one behind the other,
 * at the same distance in all chunks, so that one offset for each vCPU leads to its own in any of
 * them. The first chunk is of RAM, and its areas begin with a copy of what the program defines; the
 * others are of vmalloc space, as many as it takes, and go when nothing is left in them.
 */
#include "guest/lib/machine/grt.h"
#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <slabvisor/smp.h>

#define UNIT  16ul /* bytes, that allocations are made of */
#define UNITS (GRT_PERCPU_SIZE / UNIT)

/* The linker script's: what is defined, as each copy begins. */
extern char __start_grt_percpu[], __stop_grt_percpu[];

unsigned long __per_cpu_offset[PLATFORM_MAX_CPUS];

struct chunk {
	struct list_head link;
	char *base; /* vCPU 0's area */
	unsigned int allocated;
	/* What was not to be had since something was freed: so many units, so aligned. */
	unsigned int refused;
	unsigned long refused_mask;
	DECLARE_BITMAP(used, UNITS);
	DECLARE_BITMAP(first, UNITS); /* where an allocation begins */
};

static struct {
	spinlock_t lock;
	bool ready;
	struct list_head chunks; /* under lock, and what is in them */
	struct chunk defined;    /* the first */
} percpu = {
	.chunks = LIST_HEAD_INIT(percpu.chunks),
};

static void add_chunk(struct chunk *chunk, char *base)
{
	chunk->base = base;
	chunk->refused = UNITS + 1;
	list_add_tail(&chunk->link, &percpu.chunks);
}

static bool make_areas(void)
{
	const size_t defined = (size_t)(__stop_grt_percpu - __start_grt_percpu);
	const unsigned int cpus = num_online_cpus();
	char *areas;

	if (defined > GRT_PERCPU_SIZE)
		grt_bug(0, "%zu bytes of variables for each vCPU, of at most %lu", defined,
			GRT_PERCPU_SIZE);
	areas = grt_ram_alloc(cpus * GRT_PERCPU_SIZE, PAGE_SIZE);
	if (!areas)
		return false;
	add_chunk(&percpu.defined, areas);
	for (unsigned int cpu = 0; cpu < cpus; cpu++, areas += GRT_PERCPU_SIZE) {
		memcpy(areas, __start_grt_percpu, defined);
		__per_cpu_offset[cpu] = (unsigned long)areas - (unsigned long)__start_grt_percpu;
	}
	bitmap_set(percpu.defined.used, 0, (unsigned int)DIV_ROUND_UP(defined, UNIT));
	return true;
}

void grt_percpu_init(void)
{
	/* A program that has none pays for none. */
	if (&__stop_grt_percpu[0] == &__start_grt_percpu[0])
		return;
	percpu.ready = make_areas();
	if (!percpu.ready)
		grt_bug(0, "no RAM for the variables of each vCPU");
}

/* vCPU 0's own at a place in a chunk, or NULL. The caller holds the lock. */
static char *take(struct chunk *chunk, unsigned int units, unsigned long mask)
{
	unsigned long at;

	if (units >= chunk->refused && mask >= chunk->refused_mask)
		return NULL;
	at = bitmap_find_next_zero_area(chunk->used, UNITS, 0, units, mask);
	if (at + units > UNITS) {
		chunk->refused = units;
		chunk->refused_mask = mask;
		return NULL;
	}
	bitmap_set(chunk->used, (unsigned int)at, units);
	__set_bit((long)at, chunk->first);
	chunk->allocated++;
	return chunk->base + at * UNIT;
}

static char *take_any(unsigned int units, unsigned long mask)
{
	struct chunk *chunk;
	char *own = NULL;

	spin_lock(&percpu.lock);
	if (!percpu.ready)
		percpu.ready = make_areas();
	if (percpu.ready) {
		list_for_each_entry(chunk, &percpu.chunks, link) {
			own = take(chunk, units, mask);
			if (own)
				break;
		}
	}
	spin_unlock(&percpu.lock);
	return own;
}

static char *take_new(unsigned int units, unsigned long mask, gfp_t gfp)
{
	struct chunk *chunk = kzalloc(sizeof(*chunk), gfp);
	char *base = NULL;
	char *own;

	if (chunk && READ_ONCE(percpu.ready))
		base = __vmalloc(num_online_cpus() * GRT_PERCPU_SIZE, gfp);
	if (!base) {
		kfree(chunk);
		return NULL;
	}
	spin_lock(&percpu.lock);
	add_chunk(chunk, base);
	own = take(chunk, units, mask);
	spin_unlock(&percpu.lock);
	return own;
}

void *__alloc_percpu_gfp(size_t size, size_t align, gfp_t gfp)
{
	const unsigned int units = (unsigned int)DIV_ROUND_UP(size, UNIT);
	const unsigned long mask = DIV_ROUND_UP(max_t(size_t, align, 1), UNIT) - 1;
	char *own;

	if (WARN(!size || size > GRT_PERCPU_SIZE || align > PAGE_SIZE ||
			 !is_power_of_2(max_t(size_t, align, 1)),
		 "illegal size (%zu) or align (%zu) for percpu allocation", size, align))
		return NULL;
	own = take_any(units, mask);
	if (!own)
		own = take_new(units, mask, gfp);
	if (!own)
		return NULL;
	for (unsigned int cpu = 0; cpu < num_online_cpus(); cpu++)
		memset(own + cpu * GRT_PERCPU_SIZE, 0, units * UNIT);
	return (void *)((unsigned long)own - __per_cpu_offset[0]);
}

void *__alloc_percpu(size_t size, size_t align)
{
	return __alloc_percpu_gfp(size, align, GFP_KERNEL);
}

/* The chunk that vCPU 0's own is in. The caller holds the lock. */
static struct chunk *chunk_of(const char *own)
{
	struct chunk *chunk;

	list_for_each_entry(chunk, &percpu.chunks, link)
		if (own >= chunk->base && own < chunk->base + GRT_PERCPU_SIZE)
			return chunk;
	return NULL;
}

void free_percpu(void *ptr)
{
	const char *own = (const char *)((unsigned long)ptr + __per_cpu_offset[0]);
	struct chunk *chunk;
	unsigned long at;

	if (!ptr)
		return;
	spin_lock(&percpu.lock);
	chunk = chunk_of(own);
	at = chunk ? (unsigned long)(own - chunk->base) / UNIT : 0;
	if (!chunk || (unsigned long)own % UNIT || !test_bit((long)at, chunk->first))
		grt_bug((u64)ptr, "free_percpu() of what alloc_percpu() did not give");
	__clear_bit((long)at, chunk->first);
	do {
		__clear_bit((long)at++, chunk->used);
	} while (at < UNITS && test_bit((long)at, chunk->used) &&
		 !test_bit((long)at, chunk->first));
	chunk->refused = UNITS + 1;
	if (--chunk->allocated || chunk == &percpu.defined)
		chunk = NULL;
	else
		list_del(&chunk->link);
	spin_unlock(&percpu.lock);
	if (!chunk)
		return;
	vfree(chunk->base);
	kfree(chunk);
}
