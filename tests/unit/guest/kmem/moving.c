/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks that each call of theirs finds on another CPU, and that are preempted in the middle of a
 * request, where other tasks come in on other CPUs: what a kernel does with the allocator. A CPU is
 * a thread here, and one of them runs at a time.
 */
#include "tests/unit/guest/util.h"

#include <pthread.h>
#include <semaphore.h>

#define CPUS  5
#define TASKS 4 /* of which each may be in the middle of a request */
#define KEPT  700
#define STEPS 2000

struct cpu {
	pthread_t thread;
	sem_t go, done;
	void (*fn)(void *arg); /* NULL: the CPU is to end */
	void *arg;
	bool inside; /* something is under way */
};

struct object {
	u64 *p;
	size_t size;
	u64 seed;
	struct kmem_cache *cache;
};

struct task {
	struct object object[KEPT];
	unsigned int seed;
	unsigned long calls, inside; /* those in the middle of another's request */
};

static struct cpu cpu[CPUS];

static struct task task[TASKS];
static unsigned int depth, last_cpu;
static struct kmem_cache *made, *typed;

static void *cpu_loop(void *opaque)
{
	struct cpu *c = opaque;

	/* Where a CPU comes into being it waits for who gives memory back. */
	kmem_poll();
	for (;;) {
		sem_post(&c->done);
		sem_wait(&c->go);
		if (!c->fn)
			return NULL;
		c->fn(c->arg);
	}
}

/* Has the next CPU do it on which nothing is under way. Only one runs, so that no lock is needed. */
static void elsewhere(void (*fn)(void *arg), void *arg)
{
	struct cpu *c;

	do {
		last_cpu = (last_cpu + 1) % CPUS;
		c = &cpu[last_cpu];
	} while (c->inside);
	c->inside = true;
	c->arg = arg;
	c->fn = fn;
	sem_post(&c->go);
	sem_wait(&c->done);
	c->inside = false;
}

static unsigned int next(struct task *t)
{
	t->seed ^= t->seed << 13;
	t->seed ^= t->seed >> 17;
	t->seed ^= t->seed << 5;
	return t->seed;
}

static void construct(void *p)
{
	*(u64 *)p = 0x600d;
}

struct call {
	struct object *object;
	gfp_t gfp;
};

static void do_alloc(void *arg)
{
	struct call *call = arg;
	struct object *o = call->object;

	o->p = o->cache ? kmem_cache_alloc(o->cache, call->gfp) : kmalloc(o->size, call->gfp);
}

static void do_free(void *arg)
{
	struct call *call = arg;
	struct object *o = call->object;

	if (o->cache)
		kmem_cache_free(o->cache, o->p);
	else
		kfree(o->p);
	o->p = NULL;
}

static void do_give_back(void *unused)
{
	(void)unused;
	kmem_give_back();
}

/* One call of a task. */
static void step(struct task *t)
{
	unsigned int r = next(t);
	struct object *o = &t->object[r % KEPT];
	struct call call = {.object = o, .gfp = r & 1 << 20 ? GFP_KERNEL : GFP_ATOMIC};
	size_t first = o->cache == made ? 1 : 0;

	t->calls++;
	t->inside += depth > 0;
	if (o->p) {
		for (size_t i = first; i < o->size / 8; i++)
			assert_int_equal(o->p[i], o->seed + i);
		elsewhere(do_free, &call);
		return;
	}
	o->cache = r >> 24 < 32 ? made : r >> 24 < 64 ? typed : NULL;
	o->size = o->cache ? 200 : 8 + (r >> 8) % (r % 64 ? 1000 : 20000) / 8 * 8;
	elsewhere(do_alloc, &call);
	assert_non_null(o->p);
	if (o->cache == made)
		assert_int_equal(*o->p, 0x600d);
	o->seed = (u64)r << 32;
	for (size_t i = o->cache == made ? 1 : 0; i < o->size / 8; i++)
		o->p[i] = o->seed + i;
}

/* A request is under way on some CPU: others go on, perhaps into requests of their own. */
static void preempted(void)
{
	if (depth + 1 >= TASKS)
		return;
	depth++;
	for (unsigned int i = 0; i < 12; i++)
		step(&task[depth]);
	depth--;
}

static void nothing_is_a_cpus_own(void **state)
{
	unsigned long inside = 0;

	(void)state;
	util_start(64 * MIB, 0);
	made = kmem_cache_create("made", 200, 0, 0, construct);
	typed = kmem_cache_create("typed", 200, 0, SLAB_TYPESAFE_BY_RCU, NULL);
	assert_non_null(made);
	assert_non_null(typed);
	for (unsigned int i = 0; i < CPUS; i++) {
		sem_init(&cpu[i].go, 0, 0);
		sem_init(&cpu[i].done, 0, 0);
		assert_int_equal(pthread_create(&cpu[i].thread, NULL, cpu_loop, &cpu[i]), 0);
		sem_wait(&cpu[i].done);
	}
	for (unsigned int i = 0; i < TASKS; i++)
		task[i].seed = i + 1;
	wire.on_alloc = preempted;
	wire.on_free = preempted;
	for (unsigned int i = 0; i < STEPS; i++) {
		step(&task[0]);
		/* So that there are requests. */
		if (i % 40 == 0)
			elsewhere(do_give_back, NULL);
	}
	wire.on_alloc = NULL;
	wire.on_free = NULL;
	for (unsigned int i = 0; i < TASKS; i++) {
		inside += task[i].inside;
		for (unsigned int k = 0; k < KEPT; k++) {
			if (task[i].object[k].p) {
				struct call call = {.object = &task[i].object[k]};

				elsewhere(do_free, &call);
			}
		}
	}
	/* Each task has been in the middle of the one before. */
	print_message("%lu calls, %lu of them within others' requests (%lu, %lu, %lu)\n",
		      task[0].calls + inside, inside, task[1].inside, task[2].inside,
		      task[3].inside);
	for (unsigned int i = 1; i < TASKS; i++)
		assert_true(task[i].inside > 100);
	for (unsigned int i = 0; i < CPUS; i++) {
		cpu[i].fn = NULL;
		sem_post(&cpu[i].go);
		pthread_join(cpu[i].thread, NULL);
	}
	assert_int_equal(wire.nested, 0);
	kmem_cache_destroy(made);
	kmem_cache_destroy(typed);
	kmem_give_back();
	for (u32 cache = 1; cache <= VIRTIO_KMEM_CLASSES; cache++)
		assert_int_equal(util_active(cache), 0);
	util_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_a_cpus_own),
	};

	return cmocka_run_group_tests_name("guest_kmem_moving", tests, NULL, NULL);
}
