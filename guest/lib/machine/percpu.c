/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Variables of which each vCPU has its own. A vCPU has an area of RAM, which begins with a copy of
 * what the program defines; behind it lies what is allocated, at the same place for all.
 */
#include "guest/lib/machine/grt.h"
#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <slabvisor/smp.h>

#define UNIT      16ul /* bytes, that allocations are made of */
#define UNITS     (GRT_PERCPU_SIZE / UNIT)
#define ALIGN_MAX 64

/* The linker script's: what is defined, as each copy begins. */
extern char __start_grt_percpu[], __stop_grt_percpu[];

unsigned long __per_cpu_offset[PLATFORM_MAX_CPUS];

static struct {
	spinlock_t lock;
	bool ready;
	DECLARE_BITMAP(used, UNITS);  /* under lock */
	DECLARE_BITMAP(first, UNITS); /* ... where an allocation begins */
} percpu;

static bool make_areas(void)
{
	const size_t defined = (size_t)(__stop_grt_percpu - __start_grt_percpu);
	const unsigned int cpus = num_online_cpus();
	char *areas;

	if (defined > GRT_PERCPU_SIZE)
		grt_bug(0, "%zu bytes of variables for each vCPU, of at most %lu", defined,
			GRT_PERCPU_SIZE);
	areas = grt_ram_alloc(cpus * GRT_PERCPU_SIZE, ALIGN_MAX);
	if (!areas)
		return false;
	for (unsigned int cpu = 0; cpu < cpus; cpu++, areas += GRT_PERCPU_SIZE) {
		memcpy(areas, __start_grt_percpu, defined);
		__per_cpu_offset[cpu] = (unsigned long)areas - (unsigned long)__start_grt_percpu;
	}
	bitmap_set(percpu.used, 0, (unsigned int)DIV_ROUND_UP(defined, UNIT));
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

void *__alloc_percpu(size_t size, size_t align)
{
	const unsigned int units = (unsigned int)DIV_ROUND_UP(max_t(size_t, size, 1), UNIT);
	const unsigned long mask = DIV_ROUND_UP(max_t(size_t, align, 1), UNIT) - 1;
	unsigned long at = UNITS;

	if (size > GRT_PERCPU_SIZE || align > ALIGN_MAX || !is_power_of_2(max_t(size_t, align, 1)))
		return NULL;
	spin_lock(&percpu.lock);
	if (!percpu.ready)
		percpu.ready = make_areas();
	if (percpu.ready)
		at = bitmap_find_next_zero_area(percpu.used, UNITS, 0, units, mask);
	if (at + units <= UNITS) {
		bitmap_set(percpu.used, (unsigned int)at, units);
		__set_bit((long)at, percpu.first);
	} else {
		at = UNITS;
	}
	spin_unlock(&percpu.lock);
	if (at == UNITS)
		return NULL;
	for (unsigned int cpu = 0; cpu < num_online_cpus(); cpu++)
		memset(per_cpu_ptr(__start_grt_percpu + at * UNIT, cpu), 0, units * UNIT);
	return __start_grt_percpu + at * UNIT;
}

void free_percpu(void *ptr)
{
	const unsigned long offset = (unsigned long)ptr - (unsigned long)__start_grt_percpu;
	unsigned long at = offset / UNIT;

	if (!ptr)
		return;
	if (at >= UNITS || offset % UNIT || !test_bit((long)at, percpu.first))
		grt_bug((u64)ptr, "free_percpu() of what alloc_percpu() did not give");
	spin_lock(&percpu.lock);
	__clear_bit((long)at, percpu.first);
	do {
		__clear_bit((long)at++, percpu.used);
	} while (at < UNITS && test_bit((long)at, percpu.used) &&
		 !test_bit((long)at, percpu.first));
	spin_unlock(&percpu.lock);
}
