// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Interrupts that allocate and free in the middle of a task that does. */
#include "selftest.h"

#include <linux/cpu.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <slabvisor/svm.h>

#define KEEP   32
#define PERIOD (500 * NSEC_PER_USEC)
#define STEPS  8 /* of an interrupt */

struct side {
	u64 *p[KEEP];
	u64 seed;
	unsigned int at;
	unsigned long done, spoilt, failed;
};

struct cpu_test {
	struct hrtimer timer;
	struct side task, irq;
	unsigned int rounds;      /* of the task, at least */
	unsigned long interrupts; /* objects that the timer is to have had */
	struct completion end;
};

/* One more object, in the place of one whose every word is looked at first. */
static void step(struct side *s, gfp_t gfp)
{
	unsigned int i = s->at++ % KEEP;

	if (s->p[i]) {
		for (unsigned int w = 0; w < 8; w++)
			s->spoilt += s->p[i][w] != s->seed + i + w;
		svm_kfree(s->p[i]);
	}
	s->p[i] = svm_kmalloc(64, gfp);
	if (!s->p[i]) {
		s->failed++;
		return;
	}
	for (unsigned int w = 0; w < 8; w++)
		s->p[i][w] = s->seed + i + w;
	s->done++;
}

static void empty(struct side *s)
{
	for (unsigned int i = 0; i < KEEP; i++)
		svm_kfree(s->p[i]);
}

static enum hrtimer_restart tick(struct hrtimer *timer)
{
	struct cpu_test *t = container_of(timer, struct cpu_test, timer);

	for (unsigned int i = 0; i < STEPS; i++)
		step(&t->irq, GFP_ATOMIC);
	if (t->irq.at >= t->interrupts)
		return HRTIMER_NORESTART;
	/* From now on, not from when it was due: else a slow machine did nothing but interrupts. */
	hrtimer_set_expires(timer, ktime_add_ns(ktime_get(), PERIOD));
	return HRTIMER_RESTART;
}

static int run(void *opaque)
{
	struct cpu_test *t = opaque;

	hrtimer_init(&t->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	t->timer.function = tick;
	hrtimer_start(&t->timer, ns_to_ktime(PERIOD), HRTIMER_MODE_REL_PINNED_HARD);
	/* As long as there are interrupts, and so often at least. */
	for (unsigned int i = 0; i < t->rounds || READ_ONCE(t->irq.at) < t->interrupts; i++) {
		step(&t->task, GFP_KERNEL);
		if (i % 1024 == 0)
			cond_resched();
	}
	hrtimer_cancel(&t->timer);
	complete(&t->end);
	return 0;
}

void st_interrupts(unsigned int rounds, unsigned long interrupts)
{
	unsigned long irqs = 0;
	unsigned long tasks = 0;
	unsigned long spoilt = 0;
	unsigned long failed = 0;
	struct cpu_test *test;
	struct task_struct *task;
	unsigned int cpu;

	test = kcalloc(nr_cpu_ids, sizeof(*test), GFP_KERNEL);
	if (!test)
		return;
	cpus_read_lock();
	for_each_online_cpu(cpu)
	{
		struct cpu_test *t = &test[cpu];

		t->rounds = rounds;
		t->interrupts = DIV_ROUND_UP(interrupts, num_online_cpus());
		t->task.seed = 1000 + cpu;
		t->irq.seed = 1000000 + cpu;
		init_completion(&t->end);
		task = kthread_create_on_cpu(run, t, cpu, "svm-test/%u");
		if (IS_ERR(task))
			complete(&t->end);
		else
			wake_up_process(task);
	}
	for_each_online_cpu(cpu)
	{
		struct cpu_test *t = &test[cpu];

		/* Again and again: the kernel warns of who waits for long without a break. */
		while (!wait_for_completion_timeout(&t->end, 10 * HZ))
			;
		irqs += t->irq.done;
		tasks += t->task.done;
		spoilt += t->task.spoilt + t->irq.spoilt;
		failed += t->task.failed + t->irq.failed;
		empty(&t->task);
		empty(&t->irq);
	}
	cpus_read_unlock();
	pr_info("# %lu objects by tasks, %lu by interrupts, %lu words spoilt, %lu not had\n", tasks,
		irqs, spoilt, failed);
	st_check(tasks && irqs >= interrupts && !spoilt,
		 "interrupts and tasks: no object is spoilt");
	st_check(!failed, "interrupts and tasks: none goes without");
	kfree(test);
}
