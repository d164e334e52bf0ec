/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads. Each has magazines of its own from its first request to the last round of its
 * key destructors; they then go to the depots. What it still asks for after that, it asks
 * for under a lock, with magazines that all such threads share.
 *
 * A fork copies one thread and every lock as it is. So it waits until no other thread is
 * in the slow path, where all the locks are, and keeps them out: that needs no order
 * among locks, nor their number. The fast paths take none, and a thread that is in one
 * does not exist in the child.
 */
#include <limits.h>
#include <pthread.h>
#include <sched.h>

#include "mm/host/region.h"
#include "tests/shim/shim.h"

struct shim_thread {
	struct kmem_cpu kc;
	struct list_head link;
	u32 inside;
	unsigned int rounds; /* of key destructors */
};

/* Every slot is empty, for push and pop alike, and nobody writes it: a thread's first
 * request takes the slow path. */
static struct kmem_cpu no_cpu = KMEM_CPU_EMPTY;

__thread struct kmem_cpu *shim_cpu = &no_cpu;
static __thread bool gone; /* past its last destructor */

static LIST_HEAD(threads); /* all that may be inside */
static LIST_HEAD(spares);
static spinlock_t threads_lock;
static unsigned int nr_threads; /* that there has been memory for */
static unsigned int nr_alive;   /* in the list, but for `late`; read without the lock, too */
static u32 forking;

static struct shim_thread *late; /* of the threads that are gone, in turns */
static spinlock_t late_lock;
static pthread_key_t key;

static struct shim_thread *self(void)
{
	return container_of(shim_cpu, struct shim_thread, kc);
}

unsigned int shim_threads(void)
{
	return READ_ONCE(nr_alive);
}

struct kmem_cpu *kmem_self(void)
{
	return shim_cpu;
}

static struct shim_thread *thread_make(void)
{
	struct shim_thread *t;

	spin_lock(&threads_lock);
	if (!list_empty(&spares)) {
		t = list_first_entry(&spares, struct shim_thread, link);
		list_del(&t->link);
	} else {
		t = region_meta_alloc(sizeof(*t));
		if (!t)
			goto out;
		/* More threads than mm has CPUs share those: they are hints. */
		t->kc.cpu = nr_threads++ % KMEM_MAX_CPUS;
	}
	kmem_cpu_init(&t->kc, t->kc.cpu);
	t->rounds = 0;
	list_add(&t->link, &threads);
	WRITE_ONCE(nr_alive, nr_alive + 1);
out:
	spin_unlock(&threads_lock);
	return t;
}

/* True once the thread has a place of its own; false leaves it to share. */
static bool thread_join(void)
{
	struct shim_thread *t = gone ? NULL : thread_make();

	if (!t)
		return false;
	shim_cpu = &t->kc;
	/* Now that it can be served: this may allocate. */
	pthread_setspecific(key, t);
	return true;
}

static void inside(struct shim_thread *t)
{
	for (;;) {
		/* Sequentially consistent, as is fork_prepare(): one of the two sees the
		 * other. */
		__atomic_store_n(&t->inside, 1, __ATOMIC_SEQ_CST);
		if (likely(!__atomic_load_n(&forking, __ATOMIC_SEQ_CST)))
			return;
		__atomic_store_n(&t->inside, 0, __ATOMIC_RELEASE);
		while (__atomic_load_n(&forking, __ATOMIC_ACQUIRE))
			sched_yield();
	}
}

bool shim_enter(void)
{
	if (unlikely(shim_cpu == &no_cpu)) {
		if (!shim_start())
			return false;
		if (shim_cpu == &no_cpu && !thread_join()) {
			spin_lock(&late_lock);
			shim_cpu = &late->kc;
		}
	} else if (unlikely(!kmem.ready) && !shim_start()) {
		return false;
	}
	inside(self());
	return true;
}

void shim_leave(void)
{
	struct shim_thread *t = self();

	/* Release: what was done under locks is done. */
	__atomic_store_n(&t->inside, 0, __ATOMIC_RELEASE);
	if (unlikely(t == late)) {
		shim_cpu = &no_cpu;
		spin_unlock(&late_lock);
	}
}

/* Called in each round; other keys' destructors may free until the last. */
static void thread_exit(void *opaque)
{
	struct shim_thread *t = opaque;

	if (++t->rounds < PTHREAD_DESTRUCTOR_ITERATIONS && !pthread_setspecific(key, t))
		return;
	inside(t);
	spin_lock(&kmem.walk);
	kmem_cpu_to_depots(&t->kc);
	spin_unlock(&kmem.walk);
	shim_cpu = &no_cpu;
	gone = true;
	__atomic_store_n(&t->inside, 0, __ATOMIC_RELEASE);

	spin_lock(&threads_lock);
	list_del(&t->link);
	list_add(&t->link, &spares);
	WRITE_ONCE(nr_alive, nr_alive - 1);
	spin_unlock(&threads_lock);
}

static void fork_prepare(void)
{
	struct shim_thread *t;

	/* In this order: none of these threads is inside, and none can come to be. */
	spin_lock(&threads_lock);
	__atomic_store_n(&forking, 1, __ATOMIC_SEQ_CST);
	list_for_each_entry(t, &threads, link) {
		while (__atomic_load_n(&t->inside, __ATOMIC_SEQ_CST))
			sched_yield();
	}
}

static void fork_parent(void)
{
	__atomic_store_n(&forking, 0, __ATOMIC_RELEASE);
	spin_unlock(&threads_lock);
}

/* The other threads are no more. Their magazines may be in the middle of a push, and are
 * left alone. */
static void fork_child(void)
{
	INIT_LIST_HEAD(&threads);
	list_add(&late->link, &threads);
	WRITE_ONCE(nr_alive, shim_cpu != &no_cpu);
	if (shim_cpu != &no_cpu)
		list_add(&self()->link, &threads);
	spin_lock_init(&late_lock);
	fork_parent();
}

int shim_thread_init(void)
{
	int err = pthread_key_create(&key, thread_exit);

	if (!err)
		err = pthread_atfork(fork_prepare, fork_parent, fork_child);
	if (err)
		return -err;
	late = thread_make();
	WRITE_ONCE(nr_alive, 0);
	return late && thread_join() ? 0 : -ENOMEM;
}
