// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "enter.h"

#include "slabvisor/kmem.h"
#include "slabvisor/kmem_fast.h"
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/hardirq.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "priv.h"

DEFINE_PER_CPU(struct sv_cpu *, sv_cpu);
static struct sv_cpu *all[KMEM_MAX_CPUS];
static int hotplug_state;
static DEFINE_MUTEX(drain_lock);

/* What is freed late and must not be written to. */
struct late {
	struct llist_node node;
	const void *p;
};
#define LATE_ENTRY 1ul /* in a node's address: it is a struct late; objects are aligned to 8 */

/* Who is calling: a task, or an interrupt of some kind on top of it. */
static unsigned long context(void)
{
	return (unsigned long)current | (in_hardirq() ? 2 : in_serving_softirq() ? 1 : 0);
}

struct sv_cpu *sv_held(void)
{
	struct sv_cpu *sc = raw_cpu_read(sv_cpu);
	unsigned long me = context();

	if (sc && READ_ONCE(sc->holder) == me)
		return sc;
	/* A task that holds one may have moved. */
	for (unsigned int i = 0; i < min_t(unsigned int, nr_cpu_ids, KMEM_MAX_CPUS); i++) {
		if (all[i] && READ_ONCE(all[i]->holder) == me)
			return all[i];
	}
	return NULL;
}

struct kmem_cpu *kmem_self(void)
{
	struct sv_cpu *sc = sv_held();

	/* The allocator is only called by those who hold one. */
	return &(sc ?: all[0])->kmem;
}

void sv_count(enum sv_fallback what)
{
	sv_count_more(what, 1);
}

void sv_count_more(enum sv_fallback what, size_t n)
{
	struct sv_cpu *sc;

	preempt_disable();
	sc = raw_cpu_read(sv_cpu) ?: all[0];
	/* An interrupt may take a step in between; this is a statistic. */
	if (sc)
		WRITE_ONCE(sc->count[what], sc->count[what] + n);
	preempt_enable();
}

unsigned long sv_counted(enum sv_fallback what)
{
	unsigned long sum = 0;

	for (unsigned int i = 0; i < KMEM_MAX_CPUS; i++)
		sum += all[i] ? READ_ONCE(all[i]->count[what]) : 0;
	return sum;
}

static void free_late_ones(struct sv_cpu *sc)
{
	struct llist_node *node = llist_del_all(&sc->late);

	while (node) {
		struct llist_node *next;
		const void *p = node;
		struct late *late = NULL;

		if ((unsigned long)node & LATE_ENTRY) {
			late = (struct late *)((unsigned long)node & ~LATE_ENTRY);
			node = &late->node;
			p = late->p;
		}
		next = node->next;
		kfree(late);
		kmem_free_slow(p, 0);
		node = next;
	}
}

/* Makes the caller the holder of what it has locked. With preemption off. */
static void hold(struct sv_cpu *sc, bool can_sleep)
{
	WRITE_ONCE(sc->holder, context());
	sc->can_sleep = can_sleep;
	sc->mute = !can_sleep && sv_sleeps();
	/* As from the middle of a request, from which none is sent. */
	if (sc->mute)
		sc->kmem.asking++;
	if (can_sleep)
		migrate_disable();
}

/* Tells whether what is left to do is for a worker: who holds it may not. */
static bool is_untidy(const struct sv_cpu *sc)
{
	return sc->mute && sv_up() && (kmem_is_due() || !llist_empty(&sc->late));
}

/* Lets others have it. */
static void let_go(struct sv_cpu *sc)
{
	WRITE_ONCE(sc->holder, 0);
	/* Release: the next holder sees what was done. */
	smp_store_release(&sc->locked, false);
	if (wq_has_sleeper(&sc->wait))
		wake_up(&sc->wait);
}

struct sv_cpu *sv_enter(gfp_t gfp)
{
	bool wait = gfpflags_allow_blocking(gfp);
	struct sv_cpu *sc;
	bool asking;

	for (;;) {
		preempt_disable();
		sc = sv_try_lock();
		/* Its holder waits for an answer. Whoever can has the next turn. */
		asking = sc && wait && sc->kmem.asking;
		if (asking)
			sv_unlock_fast(sc);
		if (sc && !asking) {
			hold(sc, wait);
			preempt_enable();
			if (unlikely(!llist_empty(&sc->late)) && !sc->kmem.asking)
				free_late_ones(sc);
			return sc;
		}
		sc = raw_cpu_read(sv_cpu);
		preempt_enable();
		if (!sc || !wait || sv_held())
			return NULL;
		/* Not for ever: what is waited for may be a fast path, which wakes nobody. */
		wait_event_timeout(sc->wait, !READ_ONCE(sc->locked) && !READ_ONCE(sc->kmem.asking),
				   1);
	}
}

void sv_leave(struct sv_cpu *sc)
{
	bool can_sleep = sc->can_sleep;

	if (is_untidy(sc))
		queue_work_on(sc->kmem.cpu, system_wq, &sc->tidy);
	if (sc->mute)
		sc->kmem.asking--;
	sc->mute = false;
	let_go(sc);
	if (can_sleep)
		migrate_enable();
}

struct sv_cpu *sv_give_up(void)
{
	struct sv_cpu *sc = sv_held();

	if (sc)
		let_go(sc);
	return sc;
}

void sv_take_back(struct sv_cpu *sc)
{
	/* The caller is on its CPU still, or the CPU is gone: then nobody else wants it. */
	for (;;) {
		preempt_disable();
		/* Acquire: see sv_try_lock(). */
		if (!smp_load_acquire(&sc->locked))
			break;
		preempt_enable();
		wait_event_timeout(sc->wait, !READ_ONCE(sc->locked), 1);
	}
	WRITE_ONCE(sc->locked, true);
	barrier(); /* for an interrupt on this CPU */
	WRITE_ONCE(sc->holder, context());
	sc->can_sleep = true;
	preempt_enable();
}

/* llist_add() with a mark in the address, which llist does not look at. */
static void add_late(struct llist_head *head, struct llist_node *node, unsigned long mark)
{
	struct llist_node *first = READ_ONCE(head->first);

	do {
		node->next = first;
	} while (!try_cmpxchg(&head->first, &first,
			      (struct llist_node *)((unsigned long)node | mark)));
}

void sv_free_late(const void *p, bool keeps)
{
	struct sv_cpu *sc;
	struct late *late;

	preempt_disable();
	sc = raw_cpu_read(sv_cpu) ?: all[0];
	if (!keeps) {
		add_late(&sc->late, (struct llist_node *)p, 0);
		sv_count(SV_LATE_FREES);
	} else {
		late = kmalloc(sizeof(*late), GFP_ATOMIC | __GFP_NOWARN);
		if (late) {
			late->p = p;
			add_late(&sc->late, &late->node, LATE_ENTRY);
		}
		sv_count(late ? SV_LATE_FREES : SV_LOST);
	}
	/* Where nobody who frees can send a request, nobody may come by for long who can. */
	if (sv_sleeps())
		queue_work_on(sc->kmem.cpu, system_wq, &sc->tidy);
	preempt_enable();
}

static void tidy_cpu(struct work_struct *unused)
{
	struct sv_cpu *sc = sv_up() ? sv_enter(GFP_KERNEL) : NULL;

	if (sc) {
		kmem_poll();
		sv_leave(sc);
	}
}

static void drain_cpu(struct work_struct *unused)
{
	struct sv_cpu *sc = sv_enter(GFP_KERNEL);

	if (sc) {
		kmem_cpu_drain();
		sv_leave(sc);
	}
}

void sv_settle(void)
{
	unsigned int cpu;

	mutex_lock(&drain_lock);
	cpus_read_lock();
	for_each_online_cpu(cpu)
	{
		if (cpu < KMEM_MAX_CPUS && all[cpu]) {
			flush_work(&all[cpu]->tidy);
			queue_work_on(cpu, system_wq, &all[cpu]->drain);
		}
	}
	for_each_online_cpu(cpu)
	{
		if (cpu < KMEM_MAX_CPUS && all[cpu])
			flush_work(&all[cpu]->drain);
	}
	cpus_read_unlock();
	mutex_unlock(&drain_lock);
}

void sv_drain(void)
{
	struct sv_cpu *sc;

	sv_settle();
	sc = sv_enter(GFP_KERNEL);
	if (sc) {
		kmem_give_back();
		sv_leave(sc);
	}
}

/* A CPU is gone: whoever holds its data may still be about. */
static int cpu_dead(unsigned int cpu)
{
	struct sv_cpu *sc = cpu < KMEM_MAX_CPUS ? all[cpu] : NULL;

	if (!sc)
		return 0;
	wait_event(sc->wait, !READ_ONCE(sc->locked));
	WRITE_ONCE(sc->locked, true);
	preempt_disable();
	hold(sc, true);
	preempt_enable();
	free_late_ones(sc);
	kmem_cpu_drain();
	sv_leave(sc);
	return 0;
}

int sv_cpus_init(void)
{
	unsigned int cpu;
	int err;

	for_each_possible_cpu(cpu)
	{
		struct sv_cpu *sc;

		if (cpu >= KMEM_MAX_CPUS)
			break;
		sc = kvzalloc_node(sizeof(*sc), GFP_KERNEL, cpu_to_node(cpu));
		if (!sc) {
			sv_cpus_exit();
			return -ENOMEM;
		}
		init_waitqueue_head(&sc->wait);
		init_llist_head(&sc->late);
		INIT_WORK(&sc->drain, drain_cpu);
		INIT_WORK(&sc->tidy, tidy_cpu);
		kmem_cpu_init(&sc->kmem, cpu);
		all[cpu] = sc;
		per_cpu(sv_cpu, cpu) = sc;
	}
	err = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "slabvisor:dead", NULL, cpu_dead);
	if (err < 0) {
		sv_cpus_exit();
		return err;
	}
	hotplug_state = err;
	return 0;
}

void sv_cpus_exit(void)
{
	unsigned int cpu;

	if (hotplug_state > 0)
		cpuhp_remove_state_nocalls(hotplug_state);
	hotplug_state = 0;
	for_each_possible_cpu(cpu)
	{
		if (cpu >= KMEM_MAX_CPUS)
			break;
		per_cpu(sv_cpu, cpu) = NULL;
		if (all[cpu])
			cancel_work_sync(&all[cpu]->tidy);
		kvfree(all[cpu]);
		all[cpu] = NULL;
	}
}
