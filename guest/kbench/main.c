/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cost of kmalloc and kfree, by the loops of tests/bench/kmalloc_loops.h, and
 * the exits they take. Prints `name value unit` lines. For a heap of 64 MiB or more;
 * the loops of two threads need two vCPUs.
 *
 * Usage: kbench [exits]; with exits the loops run once and no time is taken: for
 * hosts that emulate the guest's instructions.
 */
#include <linux/gfp.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <slabvisor/platform.h>

#define loops_alloc(size) kmalloc(size, GFP_KERNEL)
#define loops_free(ptr)   kfree(ptr)

static inline uint64_t tsc(void)
{
	uint32_t low;
	uint32_t high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* Nanoseconds since the program began; no overflow for an hour. */
static uint64_t loops_now(void)
{
	static uint64_t epoch;
	uint64_t now = tsc();

	if (!epoch)
		epoch = now;
	return (now - epoch) * 1000000 / platform()->tsc_khz;
}

#include "tests/bench/kmalloc_loops.h"

typedef uint64_t (*loop_fn)(struct loops_scratch *scratch, uint64_t count);

static struct loops_scratch scratch[2];
static unsigned int failures;

static uint64_t exits_here(void)
{
	return platform()->exits[smp_processor_id()];
}

static void print(const char *name, uint64_t thousandths, const char *unit)
{
	printk("%s %llu.%02llu %s\n", name, (unsigned long long)thousandths / 1000,
	       (unsigned long long)thousandths % 1000 / 10, unit);
}

static uint64_t measure(loop_fn loop, uint64_t count)
{
	uint64_t took[LOOPS_ROUNDS];

	loop(&scratch[0], count);
	for (unsigned int i = 0; i < LOOPS_ROUNDS; i++) {
		took[i] = loop(&scratch[0], count);
		if (!took[i])
			failures++;
	}
	return loops_median(took, LOOPS_ROUNDS);
}

/* Objects allocated one after the other and kept: exits for each thousand of them. */
static void exits_growing(void)
{
	uint64_t exits;
	uint32_t n = 0;

	exits = exits_here();
	while (n < LOOPS_SCATTER && (scratch[0].object[n] = loops_alloc(LOOPS_SIZE)))
		n++;
	exits = exits_here() - exits;
	if (n < LOOPS_SCATTER)
		failures++;
	print("exits_per_thousand_growing", n ? exits * 1000000 / n : 0, "exits");
	for (uint32_t i = 0; i < n; i++)
		loops_free(scratch[0].object[i]);
}

/* Exits for each million of allocations with their frees, warmed up. */
static uint64_t exits_of(const char *name, loop_fn loop, uint64_t count, uint64_t objects)
{
	uint64_t exits;

	if (!loop(&scratch[0], count / 8 + 1))
		failures++;
	exits = exits_here();
	if (!loop(&scratch[0], count))
		failures++;
	exits = exits_here() - exits;
	if (name)
		print(name, exits * 1000000000 / objects, "exits");
	return exits;
}

static void exits_steady(uint64_t million)
{
	uint64_t batches = million / LOOPS_BATCH;
	uint64_t exits;

	exits = exits_of("exits_per_million_pair", loops_pair, million, million);
	exits += exits_of("exits_per_million_batch64", loops_batch, batches, batches * LOOPS_BATCH);
	exits += exits_of("exits_per_million_churn", loops_churn, million, million);
	print("exits_per_million_steady",
	      exits * 1000000000 / (2 * million + batches * LOOPS_BATCH), "exits");
}

static struct {
	uint64_t start, end;
	uint64_t exits;
} lap[2];
static unsigned int ready; /* vCPUs that are about to start */
static struct loops_shared shared;

/* vCPUs 0 and 1 run a loop side by side. */
static void two_laps(void *arg)
{
	const struct loops_two *two = arg;
	unsigned int cpu = smp_processor_id();

	if (cpu > 1)
		return;
	/* The other one may have to be woken first. */
	__atomic_fetch_add(&ready, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&ready, __ATOMIC_RELAXED) < 2)
		asm volatile("pause");
	lap[cpu].exits = exits_here();
	lap[cpu].start = loops_now();
	if (!two->run(&scratch[cpu], &shared, cpu))
		__atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
	lap[cpu].end = loops_now();
	lap[cpu].exits = exits_here() - lap[cpu].exits;
}

/* Picoseconds of one object when two vCPUs share the work; *exits: of the rounds but for the
 * first, which warms up. */
static uint64_t measure_two(const struct loops_two *two, uint64_t *exits)
{
	uint64_t took[LOOPS_ROUNDS];

	*exits = 0;
	for (unsigned int i = 0; i < LOOPS_ROUNDS; i++) {
		uint64_t start;
		uint64_t end;

		ready = 0;
		loops_two_prepare(scratch, &shared);
		smp_call_all(two_laps, (void *)two);
		start = lap[0].start < lap[1].start ? lap[0].start : lap[1].start;
		end = lap[0].end > lap[1].end ? lap[0].end : lap[1].end;
		took[i] = (end - start) * 1000 / two->objects;
		if (i)
			*exits += lap[0].exits + lap[1].exits;
	}
	loops_two_prepare(scratch, &shared);
	return loops_median(took, LOOPS_ROUNDS);
}

static void print_of(const char *prefix, const char *name, const char *suffix, uint64_t thousandths,
		     const char *unit)
{
	char whole[64];

	snprintf(whole, sizeof(whole), "%s_%s%s", prefix, name, suffix);
	print(whole, thousandths, unit);
}

/* Two vCPUs, each by itself and handing objects over; how much more than one they do in the same
 * time, which takes `one` picoseconds for an object. */
static void side_by_side(uint64_t one)
{
	for (unsigned int i = 0; i < LOOPS_TWO; i++) {
		const struct loops_two *two = &loops_two[i];
		uint64_t exits;
		uint64_t took = measure_two(two, &exits);
		uint64_t objects = two->objects * (LOOPS_ROUNDS - 1);

		print_of("kmalloc", two->name, "_ns", took, "ns");
		print_of("exits_per_million", two->name, "", exits * 1000000000 / objects, "exits");
		if (!i)
			print("kmalloc_smp2_speedup", took ? one * 1000 / took : 0, "x");
	}
}

int main(int argc, char **argv)
{
	bool exits_only = argc > 1 && !strcmp(argv[1], "exits");
	uint64_t batch;

	if (argc > 2 || (argc == 2 && !exits_only)) {
		printk("usage: kbench [exits]: what kmalloc() and kfree() take, and how often they ask\n"
		       "the host; exits: only the latter\n");
		return 2;
	}
	loops_now();
	loops_prepare(&scratch[0]);
	loops_prepare(&scratch[1]);
	exits_growing();
	if (exits_only) {
		exits_steady(10000);
		return failures != 0;
	}
	exits_steady(1000000);
	print("kmalloc_pair_ns", measure(loops_pair, LOOPS_PAIRS), "ns");
	batch = measure(loops_batch, LOOPS_BATCHES);
	print("kmalloc_batch64_ns", batch, "ns");
	print("kmalloc_scatter_ns", measure(loops_scatter, 1), "ns");
	print("kmalloc_churn_ns", measure(loops_churn, LOOPS_PAIRS), "ns");
	if (num_online_cpus() > 1)
		side_by_side(batch);
	if (failures)
		printk("kbench: an allocation failed: a larger --heap is needed\n");
	return failures != 0;
}
