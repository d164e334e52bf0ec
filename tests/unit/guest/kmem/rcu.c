/* SPDX-License-Identifier: BSD-2-Clause */
/* Readers, grace periods, callbacks, and caches whose objects readers may look at late. */
#include <pthread.h>

#include "tests/unit/guest/util.h"
#include <linux/rcupdate.h>

struct node {
	u64 key;
	u64 check; /* ~key, whatever the key is */
	struct rcu_head rcu;
	char rest[64];
};

static int setup_wipe(void **state)
{
	(void)state;
	util_start(64 * MIB, MM_HARDEN_WIPE);
	return 0;
}

/* A reader that begins and ends when it is told. */
static struct other {
	pthread_t thread;
	int asked, done; /* steps */
} other;

static void *other_reads(void *opaque)
{
	(void)opaque;
	for (int step = 1; step <= 2; step++) {
		while (__atomic_load_n(&other.asked, __ATOMIC_ACQUIRE) < step)
			sched_yield();
		if (step == 1)
			rcu_read_lock();
		else
			rcu_read_unlock();
		__atomic_store_n(&other.done, step, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void other_step(int step)
{
	__atomic_store_n(&other.asked, step, __ATOMIC_RELEASE);
	while (__atomic_load_n(&other.done, __ATOMIC_ACQUIRE) < step)
		sched_yield();
}

static void other_begins(void)
{
	other = (struct other){0};
	assert_int_equal(pthread_create(&other.thread, NULL, other_reads, NULL), 0);
	other_step(1);
}

static void other_ends(void)
{
	other_step(2);
	pthread_join(other.thread, NULL);
}

static void a_grace_period_ends_when_the_readers_before_it_have(void **state)
{
	unsigned long cookie;

	(void)state;
	synchronize_rcu();
	cookie = get_state_synchronize_rcu();
	assert_true(poll_state_synchronize_rcu(cookie));
	other_begins();
	cookie = get_state_synchronize_rcu();
	for (int i = 0; i < 100; i++)
		assert_false(poll_state_synchronize_rcu(cookie));
	other_step(2);
	/* Of those that begin later none is waited for. */
	rcu_read_lock();
	rcu_read_lock();
	assert_true(rcu_read_lock_held());
	rcu_read_unlock();
	assert_true(rcu_read_lock_held());
	assert_true(poll_state_synchronize_rcu(cookie));
	rcu_read_unlock();
	assert_false(rcu_read_lock_held());
	cond_synchronize_rcu(cookie);
	pthread_join(other.thread, NULL);
}

static void waits(const void *p)
{
	if (p)
		rcu_barrier();
	else
		synchronize_rcu();
}

static void ends(const void *p)
{
	(void)p;
	rcu_read_unlock();
}

static void what_would_never_end_is_a_bug(void **state)
{
	(void)state;
	rcu_read_lock();
	util_expect_bug(waits, NULL, "synchronize_rcu() within rcu_read_lock()");
	util_expect_bug(waits, "barrier", "rcu_barrier() within rcu_read_lock()");
	rcu_read_unlock();
	util_expect_bug(ends, NULL, "rcu_read_unlock() without rcu_read_lock()");
}

static unsigned int called;

static void node_free(struct rcu_head *head)
{
	called++;
	kfree(container_of(head, struct node, rcu));
}

static void callbacks_run_after_the_readers_and_not_in_the_caller(void **state)
{
	struct node *node[100];

	(void)state;
	called = 0;
	other_begins();
	for (int i = 0; i < 100; i++) {
		node[i] = kzalloc(sizeof(*node[i]), GFP_KERNEL);
		call_rcu(&node[i]->rcu, node_free);
		kmem_poll();
	}
	assert_int_equal(called, 0);
	other_ends();
	/* A place where a vCPU may wait. */
	kmem_poll();
	assert_int_equal(called, 100);
	node[0] = kmalloc(sizeof(*node[0]), GFP_KERNEL);
	call_rcu(&node[0]->rcu, node_free);
	assert_int_equal(called, 100);
	rcu_barrier();
	assert_int_equal(called, 101);
}

static void kfree_rcu_frees_after_the_readers(void **state)
{
	enum {
		NODES = 2000
	};
	struct node *none = NULL;
	struct node *node;
	u64 active;

	(void)state;
	kmem_give_back();
	active = util_active(0);
	other_begins();
	for (int i = 0; i < NODES; i++) {
		node = kmalloc(sizeof(*node), GFP_KERNEL);
		kfree_rcu(node, rcu);
	}
	kfree_rcu(none, rcu);
	kmem_give_back();
	assert_true(util_active(0) >= active + NODES);
	other_ends();
	/* Its own calls free what others gave before, with nobody asleep or waiting. */
	for (int i = 0; i < 256; i++) {
		node = kmalloc(sizeof(*node), GFP_KERNEL);
		kvfree_rcu(node, rcu);
	}
	kmem_give_back();
	assert_true(util_active(0) < active + NODES / 2);
	rcu_barrier();
	node = kmalloc(sizeof(*node), GFP_KERNEL);
	kfree_rcu_mightsleep(node);
	node = kmalloc(sizeof(*node), GFP_KERNEL);
	kvfree_rcu(node);
	kmem_give_back();
	assert_int_equal(util_active(0), active);
}

/* The heap is full of what kfree_rcu() was given: who may wait has it. */
static void want_of_memory_frees_what_waits(void **state)
{
	struct node *node;
	int given = 0;
	void *p;

	(void)state;
	other_begins();
	while ((node = kmalloc(sizeof(*node), GFP_KERNEL | __GFP_NOWARN))) {
		call_rcu(&node->rcu, node_free);
		given++;
	}
	assert_true(given > 100000);
	assert_null(kmalloc(4096, GFP_KERNEL | __GFP_NOWARN));
	other_ends();
	p = kmalloc(4096, GFP_KERNEL);
	assert_non_null(p);
	kfree(p);
	rcu_barrier();
}

static void free_objects_keep_their_contents(void **state)
{
	struct kmem_cache *s;
	struct node *p[200];

	(void)state;
	s = kmem_cache_create("typesafe", sizeof(struct node), 0,
			      SLAB_TYPESAFE_BY_RCU | SLAB_POISON, NULL);
	rcu_read_lock();
	for (u64 i = 0; i < 200; i++) {
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
		p[i]->key = i;
		p[i]->check = ~i;
		memset(p[i]->rest, 7, sizeof(p[i]->rest));
	}
	for (u64 i = 0; i < 200; i++)
		kmem_cache_free(s, p[i]);
	(void)kmem_cache_shrink(s);
	kmem_give_back();
	for (u64 i = 0; i < 200; i++) {
		assert_int_equal(p[i]->key, i);
		assert_int_equal(p[i]->check, ~i);
		assert_null(memchr_inv(p[i]->rest, 7, sizeof(p[i]->rest)));
	}
	rcu_read_unlock();
	p[0] = kmem_cache_zalloc(s, GFP_KERNEL);
	assert_null(memchr_inv(p[0], 0, sizeof(*p[0])));
	/* The host has the other of the same slab back, and leaves it alone. */
	p[1] = kmem_cache_alloc(s, GFP_KERNEL);
	p[1]->key = 1;
	kmem_cache_free(s, p[1]);
	kmem_give_back();
	assert_int_equal(util_active(VIRTIO_KMEM_CLASSES + 1), 1);
	assert_int_equal(p[1]->key, 1);
	kmem_cache_free(s, p[0]);
	assert_int_equal(kmem_cache_shrink(s), 0);
	kmem_cache_destroy(s);
}

static void memory_goes_to_the_host_after_the_readers(void **state)
{
	enum {
		NODES = 5000
	};
	struct kmem_cache *s =
		kmem_cache_create("typesafe", sizeof(struct node), 0, SLAB_TYPESAFE_BY_RCU, NULL);
	static struct node *p[NODES];

	(void)state;
	assert_int_equal(kmem_cache_alloc_bulk(s, GFP_KERNEL, NODES, (void **)p), NODES);
	rcu_read_lock();
	kmem_cache_free_bulk(s, NODES, (void **)p);
	/* Who reads does not wait for itself. */
	assert_int_equal(kmem_cache_shrink(s), 1);
	kmem_give_back();
	assert_true(util_active(VIRTIO_KMEM_CLASSES + 1) >= NODES);
	for (int i = 0; i < NODES; i++)
		assert_int_equal(kmem_page_kind(kmem_to_phys(p[i])), VIRTIO_KMEM_CLASSES + 1);
	rcu_read_unlock();
	kmem_give_back();
	assert_int_equal(util_active(VIRTIO_KMEM_CLASSES + 1), 0);
	kmem_cache_destroy(s);
}

static void a_destroyed_cache_waits_for_the_readers(void **state)
{
	struct kmem_cache *s =
		kmem_cache_create("typesafe", sizeof(struct node), 0, SLAB_TYPESAFE_BY_RCU, NULL);
	struct node *kept;
	struct node *p;

	(void)state;
	kept = kmem_cache_alloc(s, GFP_KERNEL);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	kmem_cache_free(s, p);
	assert_warns(kmem_cache_destroy(s), "still has objects");
	kmem_cache_free(s, kept);
	rcu_read_lock();
	kmem_cache_free(s, kmem_cache_alloc(s, GFP_KERNEL));
	assert_int_equal(kmem_cache_shrink(s), 1);
	rcu_read_unlock();
	kmem_cache_destroy(s);
	assert_int_equal(kmem_page_kind(kmem_to_phys(p)), VIRTIO_KMEM_PM_NONE);
}

/* Readers look up nodes in a table that a writer changes: each is whole, though it may be free or
 * another by then, and none of its memory is anything else. */
enum {
	TABLE = 16,
	READERS = 3,
	ROUNDS = 4000
};

static struct {
	struct kmem_cache *cache; /* NULL: nodes are replaced by kfree_rcu() */
	struct node *node[TABLE];
	bool stop;
	unsigned long bad, looks;
} table;

static void *reader(void *opaque)
{
	unsigned long bad = 0;
	unsigned long looks = 0;

	(void)opaque;
	while (!READ_ONCE(table.stop)) {
		struct node *node;

		rcu_read_lock();
		node = rcu_dereference(table.node[looks++ % TABLE]);
		if (node && READ_ONCE(node->key) / 1000 != 4711)
			bad++;
		rcu_read_unlock();
		WRITE_ONCE(table.looks, looks);
	}
	__atomic_fetch_add(&table.bad, bad, __ATOMIC_RELAXED);
	return NULL;
}

static void node_make(void *p)
{
	struct node *node = p;

	WRITE_ONCE(node->key, 4711000);
}

static void readers_meet_writers(void)
{
	pthread_t thread[READERS];

	table.stop = false;
	table.bad = table.looks = 0;
	memset(table.node, 0, sizeof(table.node));
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, reader, NULL), 0);
	for (u64 round = 0; round < ROUNDS || !READ_ONCE(table.looks); round++) {
		struct node *node = table.cache ? kmem_cache_alloc(table.cache, GFP_KERNEL)
						: kmalloc(sizeof(*node), GFP_KERNEL);
		struct node *old;

		WRITE_ONCE(node->key, 4711000 + round % 1000);
		old = rcu_replace_pointer(table.node[round % TABLE], node, true);
		if (table.cache) {
			if (old)
				kmem_cache_free(table.cache, old);
		} else {
			kfree_rcu(old, rcu);
		}
		if (round % 64 == 0)
			kmem_give_back();
		if (round % 1000 == 0)
			synchronize_rcu();
	}
	WRITE_ONCE(table.stop, true);
	for (int i = 0; i < READERS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(table.bad, 0);
	for (int i = 0; i < TABLE; i++) {
		if (table.cache)
			kmem_cache_free(table.cache, table.node[i]);
		else
			kfree(table.node[i]);
	}
	rcu_barrier();
}

static void readers_see_no_node_that_was_freed(void **state)
{
	(void)state;
	table.cache = NULL;
	readers_meet_writers();
}

static void readers_see_a_typesafe_cache_as_its_type(void **state)
{
	(void)state;
	table.cache =
		kmem_cache_create("table", sizeof(struct node), 0, SLAB_TYPESAFE_BY_RCU, node_make);
	readers_meet_writers();
	kmem_cache_destroy(table.cache);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, util_setup, util_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_grace_period_ends_when_the_readers_before_it_have),
		TEST(what_would_never_end_is_a_bug),
		TEST(callbacks_run_after_the_readers_and_not_in_the_caller),
		TEST(kfree_rcu_frees_after_the_readers),
		TEST(want_of_memory_frees_what_waits),
		TEST(free_objects_keep_their_contents),
		cmocka_unit_test_setup_teardown(free_objects_keep_their_contents, util_setup_debug,
						util_teardown),
		cmocka_unit_test_setup_teardown(free_objects_keep_their_contents, setup_wipe,
						util_teardown),
		TEST(memory_goes_to_the_host_after_the_readers),
		cmocka_unit_test_setup_teardown(memory_goes_to_the_host_after_the_readers,
						util_setup_debug, util_teardown),
		TEST(a_destroyed_cache_waits_for_the_readers),
		TEST(readers_see_no_node_that_was_freed),
		TEST(readers_see_a_typesafe_cache_as_its_type),
	};

	return cmocka_run_group_tests_name("guest_kmem_rcu", tests, NULL, NULL);
}
