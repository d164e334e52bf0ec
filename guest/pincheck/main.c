/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pins, leases, frees and discards, compared with a model: all vCPUs get and drop pages of the same
 * user memory, map, unmap and protect it, hand references to one another, allocate and free other
 * pages, and give memory back. After each round they stand still, and what the host counts is
 * compared with the references that there are: never less, and equal once what is not used has been
 * asked back. While a page is held its contents stay.
 *
 * Usage: pincheck [steps=N] [seed=N]; prints TAP.
 */
#include "pincheck.h"
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <slabvisor/kmem.h>
#include <slabvisor/platform.h>
#include <slabvisor/smp.h>

#define ROUND   1000u /* steps of each vCPU between two comparisons */
#define SPACING (1ul << 30)

struct vcpu vcpus[PLATFORM_MAX_CPUS];
static unsigned int steps = 20000, seed = 1;
static unsigned int checks;

static void ok(bool holds, const char *what)
{
	printk("%sok %u - %s\n", holds ? "" : "not ", ++checks, what);
}

/* What the host counts, with pins that are in no use. */
static u64 host_pins(void)
{
	struct virtio_kmem_stats stats;

	if (kmem_channel()->ops->stats(smp_processor_id(), 0, &stats))
		wrong("the host does not say what it counts");
	return stats.pages_pinned;
}

/* The same after they were asked back. */
static u64 host_pins_in_use(void)
{
	struct virtio_kmem_stats stats;

	if (kmem_stats(0, &stats))
		wrong("the host does not say what it counts");
	return stats.pages_pinned;
}

/* Calls fn for each reference that there is. */
static void each_hold(void (*fn)(const struct hold *hold))
{
	for (unsigned int cpu = 0; cpu < num_online_cpus(); cpu++)
		for (unsigned int i = 0; i < vcpus[cpu].holds; i++)
			fn(&vcpus[cpu].hold[i]);
	for (unsigned int i = 0; i < parcels; i++)
		fn(&parcel[i]);
}

static u64 holds;

static void begin_count(const struct hold *hold)
{
	hold->page->private = 0;
	holds++;
}

static void count(const struct hold *hold)
{
	hold->page->private += hold->pin ? GUP_PIN_COUNTING_BIAS : 1;
}

/* A page that is mapped has one reference more. */
static void compare(const struct hold *hold)
{
	unsigned long more = (unsigned long)page_count(hold->page) - hold->page->private;

	if (more > 1)
		wrong("a page with %d references, of which %lu are known", page_count(hold->page),
		      hold->page->private);
}

static u64 at_start;

static void compare_all(bool ask_back)
{
	u64 host = host_pins();

	holds = 0;
	each_hold(begin_count);
	each_hold(count);
	each_hold(compare);
	if (host < at_start + holds)
		wrong("the host counts %llu pins, and %llu pages are held", host - at_start, holds);
	if (!ask_back)
		return;
	host = host_pins_in_use();
	if (host != at_start + holds)
		wrong("asked back, the host counts %llu pins, and %llu pages are held",
		      host - at_start, holds);
}

static void one_round(void *arg)
{
	struct vcpu *v = &vcpus[smp_processor_id()];

	(void)arg;
	for (unsigned int i = 0; i < ROUND; i++)
		step(v);
}

static void one_end(void *arg)
{
	(void)arg;
	end_vcpu(&vcpus[smp_processor_id()]);
}

static bool number(const char *arg, const char *name, unsigned int *value)
{
	size_t len = strlen(name);

	return !strncmp(arg, name, len) && !kstrtouint(arg + len, 10, value);
}

int main(int argc, char **argv)
{
	unsigned int cpus = num_online_cpus();

	for (int i = 1; i < argc; i++) {
		if (!number(argv[i], "steps=", &steps) && !number(argv[i], "seed=", &seed)) {
			printk("usage: pincheck [steps=N] [seed=N]\n");
			return 2;
		}
	}
	for (unsigned int i = 0; i < AREAS; i++)
		areas[i].base = (64 + i) * SPACING;
	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		vcpus[cpu].rng = (u64)seed * 0x9e3779b97f4a7c15ull + cpu + 1;
	at_start = host_pins_in_use();
	for (unsigned int round = 0; round * ROUND * cpus < steps; round++) {
		smp_call_all(one_round, NULL);
		compare_all(round % 4 == 3);
	}
	ok(!findings, "each step does what the model says, and the host counts what is held");
	smp_call_all(one_end, NULL);
	end_areas();
	compare_all(true);
	ok(!findings, "nothing is pinned once all is dropped");
	printk("1..%u\n", checks);
	return findings != 0;
}
