// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Objects that are kept, and a load beside them, from the module's loading to its end: for what
 * happens to the host in between. */
#include "selftest.h"

#include <linux/cpu.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <slabvisor/svm.h>

#define KEPT 2000u
#define BUSY 300u /* objects of a load at once, at most */

struct object {
	u64 *p;
	u32 words;
};

struct load {
	struct task_struct *task;
	struct object object[BUSY];
	u64 seed;
	unsigned long hosts, own, without, spoilt;
};

static struct object *kept;
static struct load *loads;

static void fill(struct object *o, u64 seed)
{
	for (u32 i = 0; i < o->words; i++)
		o->p[i] = seed + i;
}

static unsigned long spoilt(const struct object *o, u64 seed)
{
	unsigned long n = 0;

	for (u32 i = 0; o->p && i < o->words; i++)
		n += o->p[i] != seed + i;
	return n;
}

static bool make(struct object *o, u64 seed, size_t size, gfp_t gfp)
{
	o->words = size / sizeof(u64);
	o->p = svm_kmalloc(size, gfp);
	if (o->p)
		fill(o, seed);
	return o->p != NULL;
}

static void step(struct load *l, unsigned int i)
{
	struct object *o = &l->object[i];

	l->seed = l->seed * 6364136223846793005ull + 1442695040888963407ull;
	if (o->p) {
		l->spoilt += spoilt(o, (unsigned long)o);
		svm_kfree(o->p);
	}
	/* Now and then a run that no magazine keeps: each takes a request. */
	if (!make(o, (unsigned long)o, (l->seed >> 33) % 500 ? 8 << (l->seed >> 60) % 9 : SZ_64K,
		  l->seed >> 40 & 1 ? GFP_KERNEL : GFP_ATOMIC | __GFP_NOWARN))
		l->without++;
	else if (svm_is_hosts(o->p))
		l->hosts++;
	else
		l->own++;
}

static int run(void *opaque)
{
	struct load *l = opaque;

	for (unsigned int i = 0; !kthread_should_stop(); i = (i + 1) % BUSY) {
		step(l, i);
		cond_resched();
	}
	return 0;
}

int st_hold_start(void)
{
	unsigned int cpu;

	kept = kvcalloc(KEPT, sizeof(*kept), GFP_KERNEL);
	loads = kvcalloc(nr_cpu_ids, sizeof(*loads), GFP_KERNEL);
	if (!kept || !loads) {
		kvfree(kept);
		kvfree(loads);
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < KEPT; i++)
		make(&kept[i], i, 8 + i % 2000, GFP_KERNEL);
	cpus_read_lock();
	for_each_online_cpu(cpu)
	{
		loads[cpu].seed = cpu;
		loads[cpu].task = kthread_create_on_cpu(run, &loads[cpu], cpu, "svm-load/%u");
		if (!IS_ERR(loads[cpu].task))
			wake_up_process(loads[cpu].task);
	}
	cpus_read_unlock();
	return 0;
}

void st_hold_stop(void)
{
	struct load all = {.spoilt = 0};
	unsigned long bad = 0;
	unsigned long hosts = 0;

	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct load *l = &loads[cpu];

		if (!IS_ERR_OR_NULL(l->task))
			kthread_stop(l->task);
		for (unsigned int i = 0; i < BUSY; i++) {
			all.spoilt += spoilt(&l->object[i], (unsigned long)&l->object[i]);
			svm_kfree(l->object[i].p);
		}
		all.hosts += l->hosts;
		all.own += l->own;
		all.without += l->without;
		all.spoilt += l->spoilt;
	}
	for (unsigned int i = 0; i < KEPT; i++) {
		hosts += kept[i].p && svm_is_hosts(kept[i].p);
		bad += spoilt(&kept[i], i);
		svm_kfree(kept[i].p);
	}
	kvfree(kept);
	kvfree(loads);
	pr_info("# the load had %lu objects of the host, %lu of the kernel, went without %lu times\n",
		all.hosts, all.own, all.without);
	st_check(hosts == KEPT && !bad, "what was kept is the host's, and as it was");
	st_check(all.hosts && !all.spoilt, "the load had the host's objects, and none was spoilt");
	st_check(!all.without, "the load never went without");
}
