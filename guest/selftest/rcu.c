/* SPDX-License-Identifier: BSD-2-Clause */
/* Read-copy update: readers on all vCPUs, and what is freed behind them. */
#include "selftest.h"
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <slabvisor/smp.h>

#define GOOD   0x600d600d600d600dull
#define ROUNDS 200u

struct node {
	u64 good;
	struct rcu_head rcu;
	u64 body[6];
};

static struct {
	struct node *node;
	u32 done; /* the writer is through */
	u32 bad, looks;
} shared;

static u32 called;

static void node_end(struct rcu_head *head)
{
	struct node *node = container_of(head, struct node, rcu);

	node->good = 0;
	kfree(node);
	called++;
}

static struct node *node_new(void)
{
	struct node *node = kzalloc(sizeof(*node), GFP_KERNEL);

	if (node)
		node->good = GOOD;
	return node;
}

static void write_some(void)
{
	for (unsigned int i = 0; i < ROUNDS * scale; i++) {
		struct node *node = node_new();
		struct node *old = rcu_replace_pointer(shared.node, node, true);

		if (!old)
			continue;
		if (i % 3 == 0) {
			call_rcu(&old->rcu, node_end);
		} else if (i % 3 == 1) {
			kfree_rcu(old, rcu);
		} else {
			synchronize_rcu();
			old->good = 0;
			kfree(old);
		}
	}
	WRITE_ONCE(shared.done, 1);
}

static void read_and_write(void *arg)
{
	(void)arg;
	if (smp_processor_id() == 0) {
		write_some();
		return;
	}
	while (!READ_ONCE(shared.done)) {
		const struct node *node;

		rcu_read_lock();
		node = rcu_dereference(shared.node);
		if (node && node->good != GOOD)
			__atomic_fetch_add(&shared.bad, 1, __ATOMIC_RELAXED);
		rcu_read_unlock();
	}
}

static void readers(void)
{
	shared.node = NULL;
	shared.done = shared.bad = 0;
	called = 0;
	smp_call_all(read_and_write, NULL);
	rcu_barrier();
	check(!shared.bad, "rcu_read_lock: what a reader finds stays while it reads");
	check(called >= ROUNDS * scale / 3, "rcu_barrier: all callbacks have run");
	kfree(shared.node);
}

static void callbacks(void)
{
	struct node *node = node_new();
	struct node *area = vzalloc(2 * 4096);
	bool early;

	called = 0;
	rcu_read_lock();
	check(rcu_read_lock_held(), "rcu_read_lock_held: tells");
	call_rcu(&node->rcu, node_end);
	kvfree_rcu(area, rcu);
	msleep(1);
	early = called;
	check(!early && node->good == GOOD && !area->good,
	      "call_rcu: nothing runs while somebody reads");
	rcu_read_unlock();
	check(!called, "call_rcu: nothing runs in the place where a reader ends");
	msleep(1);
	check(called == 1, "call_rcu: runs where a vCPU sleeps");
	kvfree_rcu_mightsleep(vmalloc(4096));
}

/* The type of an object that was freed stays, and a debug mode's poison is not for its readers. */
static void typesafe(void)
{
	struct kmem_cache *cache;
	struct node *node[40];
	bool kept = true;

	cache = kmem_cache_create("selftest_rcu", sizeof(struct node), 0,
				  SLAB_TYPESAFE_BY_RCU | SLAB_POISON, NULL);
	check(cache, "kmem_cache_create: SLAB_TYPESAFE_BY_RCU");
	if (!cache)
		return;
	rcu_read_lock();
	for (unsigned int i = 0; i < 40; i++) {
		node[i] = kmem_cache_zalloc(cache, GFP_KERNEL);
		if (node[i])
			node[i]->good = GOOD;
	}
	for (unsigned int i = 0; i < 40; i++)
		kmem_cache_free(cache, node[i]);
	kmem_cache_shrink(cache);
	for (unsigned int i = 0; i < 40; i++)
		kept = kept && node[i] && READ_ONCE(node[i]->good) == GOOD;
	rcu_read_unlock();
	check(kept, "kmem_cache_free: a reader sees an object of a typesafe cache as it was");
	check(kmem_cache_shrink(cache) == 0,
	      "kmem_cache_shrink: its memory goes after the readers");
	kmem_cache_destroy(cache);
}

void test_rcu(void)
{
	u64 before = objects_out();

	callbacks();
	typesafe();
	readers();
	check(objects_out() == before, "rcu: nothing leaked");
}
