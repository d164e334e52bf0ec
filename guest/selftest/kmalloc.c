/* SPDX-License-Identifier: BSD-2-Clause */
/* kmalloc and what is built on it: sizes, zeroing, overflow, ksize, kfree, krealloc. */
#include "selftest.h"
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <slabvisor/kmem.h>

#define NOWARN (GFP_KERNEL | __GFP_NOWARN)

static const size_t class_size[] = VIRTIO_KMEM_CLASS_SIZES;

#define CLASSES ARRAY_SIZE(class_size)

static void sizes(void)
{
	/* volatile: a compiler that knows the size refuses to compile it. */
	volatile size_t largest = ~0ul;
	bool usable = true;
	bool aligned = true;
	bool natural = true;
	bool kept = true;
	void *p[CLASSES];

	for (size_t i = 0; i < CLASSES; i++) {
		p[i] = kmalloc(class_size[i], GFP_KERNEL);
		if (!p[i] || ksize(p[i]) < class_size[i])
			usable = false;
		else
			pattern_fill(p[i], class_size[i], i);
		if ((unsigned long)p[i] & 7)
			aligned = false;
		if (!(class_size[i] & (class_size[i] - 1)) &&
		    ((unsigned long)p[i] & (class_size[i] - 1)))
			natural = false;
	}
	for (size_t i = 0; i < CLASSES; i++) {
		kept = kept && p[i] && pattern_holds(p[i], class_size[i], i);
		kfree(p[i]);
	}
	check(usable, "kmalloc: every size class gives an object of at least its size");
	check(aligned, "kmalloc: objects are aligned to 8 bytes");
	check(kept, "kmalloc: objects of all classes hold their contents side by side");
	for (size_t size = 16384; size <= KMALLOC_MAX_SIZE; size *= 2) {
		u8 *large = kmalloc(size, GFP_KERNEL);

		if (!large || (unsigned long)large & (PAGE_SIZE - 1) || ksize(large) < size)
			natural = false;
		else
			large[0] = large[size - 1] = 1;
		kfree(large);
	}
	/* The first object of a slab lies well by chance: of each size a few. */
	for (size_t size = 8; size <= KMALLOC_MAX_CACHE_SIZE; size *= 2) {
		void *some[5];

		for (unsigned int i = 0; i < ARRAY_SIZE(some); i++) {
			some[i] = kmalloc(size, GFP_KERNEL);
			if (!some[i] || (unsigned long)some[i] & (size - 1))
				natural = false;
		}
		kfree_bulk(ARRAY_SIZE(some), some);
	}
	check(natural, "kmalloc: powers of two are aligned to their size, up to the largest");
	check(!kmalloc(KMALLOC_MAX_SIZE + 1, NOWARN), "kmalloc: above the largest size gives NULL");
	check(!kmalloc(largest, NOWARN), "kmalloc: the largest number there is gives NULL");
	check(kmalloc(0, GFP_KERNEL) == ZERO_SIZE_PTR, "kmalloc: zero size gives ZERO_SIZE_PTR");
	check(ZERO_SIZE_PTR == (void *)16, "kmalloc: ZERO_SIZE_PTR is (void *)16");
}

static void many(void)
{
	enum {
		COUNT = 200
	};
	void **p = kmalloc_array(COUNT, sizeof(*p), GFP_KERNEL);
	bool kept = p != NULL;
	bool distinct = p != NULL;

	for (unsigned int i = 0; p && i < COUNT; i++) {
		p[i] = kmalloc(24, GFP_KERNEL);
		if (p[i])
			pattern_fill(p[i], 24, i);
	}
	for (unsigned int i = 0; p && i < COUNT; i++) {
		kept = kept && p[i] && pattern_holds(p[i], 24, i);
		distinct = distinct && (!i || p[i] != p[i - 1]);
		kfree(p[i]);
	}
	check(kept && distinct, "kmalloc_array: room for %d pointers to objects that stay apart",
	      COUNT);
	kfree(p);
}

static void arrays(void)
{
	/* volatile, so that no compiler sees the overflow coming */
	volatile size_t huge = ~0ul / 2 + 2;
	volatile size_t two = 2;
	volatile size_t zero = 0;
	u8 *p;

	check(!kmalloc_array(huge, two, NOWARN),
	      "kmalloc_array: a product that overflows gives NULL");
	check(kmalloc_array(zero, two, GFP_KERNEL) == ZERO_SIZE_PTR,
	      "kmalloc_array: a product of zero gives ZERO_SIZE_PTR");
	check(!kcalloc(huge, two, NOWARN), "kcalloc: a product that overflows gives NULL");
	check(kcalloc(two, zero, GFP_KERNEL) == ZERO_SIZE_PTR,
	      "kcalloc: a product of zero gives ZERO_SIZE_PTR");
	p = kmalloc(7 * 40, GFP_KERNEL);
	if (p)
		memset(p, 0xa5, 7 * 40);
	kfree(p);
	p = kcalloc(7, 40, GFP_KERNEL);
	check(p && bytes_are(p, 7 * 40, 0), "kcalloc: zeroed, also where an object lay before");
	kfree(p);
	check(!krealloc_array(NULL, huge, two, NOWARN),
	      "krealloc_array: a product that overflows gives NULL");
	p = krealloc_array(NULL, 5, 8, GFP_KERNEL);
	check(p && ksize(p) >= 40, "krealloc_array: from NULL it allocates");
	kfree(p);
}

/* How much of an object kzalloc zeroes: all of it, or up to the red zone. */
static size_t zeroed_size(const void *p, size_t asked)
{
	return debug_mode() ? asked : ksize(p);
}

static void zeroed(void)
{
	static const size_t sizes[] = {1, 40, 100, 700, 5000, 20000};
	bool whole = true;
	bool no_node = true;
	size_t usable;
	void *p;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = kmalloc(sizes[i], GFP_KERNEL);
		if (p)
			memset(p, 0xff, sizes[i]);
		kfree(p);
		p = kzalloc(sizes[i], GFP_KERNEL);
		usable = zeroed_size(p, sizes[i]);
		whole = whole && usable >= sizes[i] && bytes_are(p, usable, 0);
		if (p)
			memset(p, 0xff, sizes[i]);
		kfree(p);
		p = kzalloc_node(sizes[i], GFP_KERNEL, NUMA_NO_NODE);
		usable = zeroed_size(p, sizes[i]);
		no_node = no_node && usable >= sizes[i] && bytes_are(p, usable, 0);
		kfree(p);
	}
	check(whole, "kzalloc: zero to the whole usable size, whatever lay there");
	check(kzalloc(0, GFP_KERNEL) == ZERO_SIZE_PTR, "kzalloc: zero size gives ZERO_SIZE_PTR");
	check(no_node, "kzalloc_node: NUMA_NO_NODE means any node; zeroed");
}

static void nodes(void)
{
	unsigned int n = kmem_channel()->nr_nodes;
	bool right = true;

	for (unsigned int i = 0; i < n; i++) {
		void *p = kzalloc_node(512, GFP_KERNEL, (int)i);

		right = right && p && node_of(p) == (int)i;
		kfree(p);
		p = kzalloc_node(512, GFP_KERNEL | __GFP_THISNODE, (int)i);
		right = right && p && node_of(p) == (int)i && bytes_are(p, 512, 0);
		kfree(p);
	}
	check(right, "kzalloc_node: objects come from the node asked for (nodes: %u)", n);
	if (n < 2) {
		check_skip("kzalloc_node: falls back to another node", "one node");
		check_skip("kzalloc_node: __GFP_THISNODE does not fall back", "one node");
	} else {
		void *list = NULL;
		void *p;
		void *next;

		/* A node's whole memory, kept in a list through the first words. */
		while ((p = kmalloc_node(KMALLOC_MAX_SIZE, NOWARN | __GFP_THISNODE, 0))) {
			*(void **)p = list;
			list = p;
		}
		p = kzalloc_node(KMALLOC_MAX_SIZE / 2, NOWARN | __GFP_THISNODE, 0);
		while (p) {
			*(void **)p = list;
			list = p;
			p = kzalloc_node(KMALLOC_MAX_SIZE / 2, NOWARN | __GFP_THISNODE, 0);
		}
		p = kzalloc_node(KMALLOC_MAX_SIZE / 2, GFP_KERNEL, 0);
		check(p && node_of(p) != 0, "kzalloc_node: falls back to another node");
		kfree(p);
		p = kzalloc_node(KMALLOC_MAX_SIZE / 2, NOWARN | __GFP_THISNODE, 0);
		check(!p, "kzalloc_node: __GFP_THISNODE does not fall back");
		kfree(p);
		for (; list; list = next) {
			next = *(void **)list;
			kfree(list);
		}
	}
}

static void usable_size(void)
{
	bool right = true;
	u64 exits;
	u64 kicks;
	void *p[CLASSES];
	size_t sum = 0;

	check(ksize(NULL) == 0, "ksize: 0 for NULL");
	check(ksize(ZERO_SIZE_PTR) == 0, "ksize: 0 for ZERO_SIZE_PTR");
	for (size_t i = 0; i < CLASSES; i++) {
		p[i] = kmalloc(class_size[i] - 1, GFP_KERNEL);
		right = right && p[i] && ksize(p[i]) == class_size[i];
	}
	check(right, "ksize: the whole size class is usable");
	exits = exits_here();
	kicks = kicks_here();
	for (size_t i = 0; i < CLASSES; i++)
		sum += ksize(p[i]);
	if (debug_mode())
		check_skip("ksize: costs no exit", "in debug mode it moves the red zone");
	else
		check(sum && exits_here() == exits && kicks_here() == kicks,
		      "ksize: costs no exit");
	for (size_t i = 0; i < CLASSES; i++) {
		/* Red zones began where the size asked for ends, until ksize(). */
		if (p[i])
			memset(p[i], 0x5a, ksize(p[i]));
		kfree(p[i]);
	}
	p[0] = kmalloc(12 * PAGE_SIZE, GFP_KERNEL);
	check(ksize(p[0]) == 16 * PAGE_SIZE, "ksize: a large object has its whole run of pages");
	kfree(p[0]);
}

static void frees(void)
{
	struct kmem_cache *cache = kmem_cache_create("selftest_kfree", 72, 0, 0, NULL);
	u64 before = objects_out();
	void *p;

	kfree(NULL);
	kfree(ZERO_SIZE_PTR);
	check(objects_out() == before, "kfree: NULL and ZERO_SIZE_PTR do nothing");
	p = cache ? kmem_cache_alloc(cache, GFP_KERNEL) : NULL;
	kfree(p);
	check(p && objects_out() == before, "kfree: takes an object of a cache as well");
	kmem_cache_destroy(cache);
	p = kmalloc(64, GFP_KERNEL);
	if (p)
		memset(p, 0x77, 64);
	kfree_sensitive(p);
	kfree_sensitive(NULL);
	/* The magazine is last in, first out: the next object is the same one. */
	if (p && !debug_mode()) {
		u8 *q = kmalloc(64, GFP_KERNEL);

		check(q == p && bytes_are(q, 64, 0), "kfree_sensitive: wipes before it frees");
		kfree(q);
	} else {
		check_skip("kfree_sensitive: wipes before it frees", "poisoned in debug mode");
	}
}

static void reallocs(void)
{
	u8 *p = krealloc(NULL, 20, GFP_KERNEL);
	u8 *q;

	check(p && ksize(p) >= 20, "krealloc: from NULL it allocates");
	if (!p)
		return;
	pattern_fill(p, 20, 3);
	q = krealloc(p, 30, GFP_KERNEL);
	check(q && pattern_holds(q, 20, 3), "krealloc: grows within the object");
	q = krealloc(q, 3000, GFP_KERNEL);
	check(q && pattern_holds(q, 20, 3), "krealloc: grows into another class, contents kept");
	if (!q)
		return;
	pattern_fill(q, 3000, 4);
	q = krealloc(q, 100000, GFP_KERNEL);
	check(q && pattern_holds(q, 3000, 4), "krealloc: grows into a run of pages, contents kept");
	p = krealloc(q, KMALLOC_MAX_SIZE + 1, NOWARN);
	check(!p && pattern_holds(q, 3000, 4), "krealloc: NULL when it cannot, the old one kept");
	q = krealloc(q, 10, GFP_KERNEL);
	check(q && pattern_holds(q, 8, 4), "krealloc: shrinks, contents kept");
	q = krealloc(q, 0, GFP_KERNEL);
	check(q == ZERO_SIZE_PTR, "krealloc: to zero frees and gives ZERO_SIZE_PTR");
	q = krealloc(q, 8, GFP_KERNEL);
	check(q && q != ZERO_SIZE_PTR, "krealloc: from ZERO_SIZE_PTR it allocates");
	kfree(q);
	if (debug_mode()) {
		check_skip("krealloc: __GFP_ZERO zeroes what it adds", "red zones are copied");
		return;
	}
	p = kmalloc(512, GFP_KERNEL);
	if (p)
		memset(p, 0xee, 512);
	kfree(p);
	q = kzalloc(100, GFP_KERNEL);
	q = krealloc(q, 400, GFP_KERNEL | __GFP_ZERO);
	check(q && bytes_are(q, 400, 0), "krealloc: __GFP_ZERO zeroes what it adds");
	kfree(q);
}

static void size_roundup(void)
{
	bool right = true;

	for (size_t i = 0; i < CLASSES; i++)
		right = right && kmalloc_size_roundup(class_size[i] - 1) == class_size[i];
	check(right, "kmalloc_size_roundup: to the size class");
	check(kmalloc_size_roundup(0) == 0, "kmalloc_size_roundup: 0 stays 0");
	check(kmalloc_size_roundup(8193) == 16384,
	      "kmalloc_size_roundup: above the classes to a run of pages");
	check(kmalloc_size_roundup(KMALLOC_MAX_SIZE + 1) == KMALLOC_MAX_SIZE + 1,
	      "kmalloc_size_roundup: above the largest size unchanged");
}

void test_kmalloc(void)
{
	u64 before = objects_out();

	sizes();
	many();
	arrays();
	zeroed();
	alone(nodes);
	usable_size();
	frees();
	reallocs();
	size_roundup();
	check(objects_out() == before, "kmalloc family: nothing leaked");
}
