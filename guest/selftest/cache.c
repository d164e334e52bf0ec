/* SPDX-License-Identifier: BSD-2-Clause */
/* kmem_cache: constructors, nodes, bulk calls, foreign objects, shrink and destroy. */
#include "selftest.h"
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <slabvisor/kmem.h>
#include <slabvisor/platform.h>

#define MAGIC 0x600dcafe12345678ull

struct item {
	u64 magic;
	u64 uses;
	u8 body[40];
};

static unsigned int constructed;

static void item_construct(void *p)
{
	struct item *item = p;

	memset(item, 0, sizeof(*item));
	item->magic = MAGIC;
	constructed++;
}

static void plain(void)
{
	struct kmem_cache *cache = kmem_cache_create("selftest_plain", 100, 0, 0, NULL);
	struct kmem_cache *aligned = kmem_cache_create("selftest_aligned", 100, 256, 0, NULL);
	bool kept = true;
	bool right = true;
	void *p[40];
	void *q;

	check(cache && aligned, "kmem_cache_create: makes a cache");
	if (!cache || !aligned)
		return;
	check(kmem_cache_size(cache) == 100, "kmem_cache_size: the size asked for");
	for (unsigned int i = 0; i < 40; i++) {
		p[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		if (p[i])
			pattern_fill(p[i], 100, i);
	}
	for (unsigned int i = 0; i < 40; i++) {
		kept = kept && p[i] && pattern_holds(p[i], 100, i);
		if (p[i])
			kmem_cache_free(cache, p[i]);
	}
	check(kept, "kmem_cache_alloc: objects keep their contents, kmem_cache_free takes them");
	for (unsigned int i = 0; i < 10; i++) {
		p[i] = kmem_cache_alloc(aligned, GFP_KERNEL);
		right = right && p[i] && !((unsigned long)p[i] & 255);
	}
	for (unsigned int i = 0; i < 10; i++)
		kmem_cache_free(aligned, p[i]);
	check(right, "kmem_cache_create: the alignment asked for is kept");
	q = kmem_cache_alloc(cache, GFP_KERNEL);
	if (q)
		memset(q, 0xff, 100);
	kmem_cache_free(cache, q);
	q = kmem_cache_alloc(cache, GFP_KERNEL | __GFP_ZERO);
	check(q && bytes_are(q, 100, 0), "kmem_cache_alloc: __GFP_ZERO zeroes");
	kmem_cache_free(cache, q);
	q = kmem_cache_zalloc(cache, GFP_KERNEL);
	check(q && bytes_are(q, 100, 0), "kmem_cache_zalloc: zeroed");
	kmem_cache_free(cache, q);
	for (unsigned int i = 0; i < kmem_channel()->nr_nodes; i++) {
		q = kmem_cache_alloc_node(cache, GFP_KERNEL, (int)i);
		right = right && q && node_of(q) == (int)i;
		kmem_cache_free(cache, q);
	}
	q = kmem_cache_alloc_node(cache, GFP_KERNEL, NUMA_NO_NODE);
	check(right && q, "kmem_cache_alloc_node: on each node, and on any");
	kmem_cache_free(cache, q);
	kmem_cache_destroy(aligned);
	kmem_cache_destroy(cache);
	kmem_cache_destroy(NULL);
	check(!kmem_cache_create("selftest_huge", KMALLOC_MAX_SIZE + 1, 0, 0, NULL),
	      "kmem_cache_create: a size beyond the largest gives NULL");
}

static void constructor(void)
{
	enum {
		COUNT = 100
	};
	struct kmem_cache *cache;
	struct item *p[COUNT];
	bool made = true;
	bool kept = true;
	unsigned int first = 0;
	u64 uses = 0;

	cache = kmem_cache_create("selftest_ctor", sizeof(struct item), 0, 0, item_construct);
	check(cache, "kmem_cache_create: with a constructor");
	if (!cache)
		return;
	constructed = 0;
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < COUNT; i++) {
			p[i] = kmem_cache_alloc(cache, GFP_KERNEL);
			made = made && p[i] && p[i]->magic == MAGIC;
			if (p[i])
				uses += p[i]->uses++;
		}
		for (unsigned int i = 0; i < COUNT; i++)
			kmem_cache_free(cache, p[i]);
		if (!round)
			first = constructed;
	}
	check(made, "kmem_cache_alloc: the constructor has run on every object");
	check(first >= COUNT && constructed < 2 * first,
	      "kmem_cache_alloc: the constructor runs once, not at each allocation");
	check(uses > 0, "kmem_cache_alloc: constructed state is kept across free and alloc");
	p[0] = kmem_cache_alloc(cache, GFP_KERNEL);
	kept = p[0] && p[0]->magic == MAGIC;
	printk("# a warning of __GFP_ZERO follows\n");
	p[1] = kmem_cache_zalloc(cache, GFP_KERNEL);
	check(p[1] && bytes_are(p[1], sizeof(struct item), 0),
	      "kmem_cache_alloc: __GFP_ZERO wins over a constructor");
	check(kept && p[0]->magic == MAGIC,
	      "kmem_cache_alloc: and other objects are as constructed");
	kmem_cache_free(cache, p[0]);
	kmem_cache_free(cache, p[1]);
	kmem_cache_destroy(cache);
}

/* Alignments that are in use for stacks and page tables, and such as are none. */
static void odd_alignments(void)
{
	struct kmem_cache *cache;
	bool right = true;
	void *p[3];

	for (unsigned int align = 8192; align <= 65536; align *= 2) {
		cache = kmem_cache_create("selftest_stacks", align / 2, align, 0, NULL);
		for (unsigned int i = 0; cache && i < 3; i++) {
			p[i] = kmem_cache_alloc(cache, GFP_KERNEL);
			right = right && p[i] && !((unsigned long)p[i] & (align - 1));
		}
		if (cache)
			kmem_cache_free_bulk(cache, 3, p);
		right = right && cache;
		kmem_cache_destroy(cache);
	}
	check(right, "kmem_cache_create: alignments beyond a page are kept");
	cache = kmem_cache_create("selftest_24", 20, 24, 0, NULL);
	p[0] = cache ? kmem_cache_alloc(cache, GFP_KERNEL) : NULL;
	check(p[0] && (debug_mode() ? ksize(p[0]) == 20 : ksize(p[0]) == 24),
	      "ksize: an object of a cache is usable up to the next one");
	if (cache)
		kmem_cache_free(cache, p[0]);
	kmem_cache_destroy(cache);
}

static void foreign_object(void)
{
	struct kmem_cache *a = kmem_cache_create("selftest_a", 136, 0, 0, NULL);
	struct kmem_cache *b = kmem_cache_create("selftest_b", 600, 0, 0, NULL);
	u64 before = objects_out();
	void *p;

	p = a ? kmem_cache_alloc(a, GFP_KERNEL) : NULL;
	if (p && b) {
		printk("# a report of an object of the wrong cache follows\n");
		kmem_cache_free(b, p);
	}
	check(p && objects_out() == before,
	      "kmem_cache_free: an object of another cache is freed to its own");
	p = b ? kmem_cache_alloc(b, GFP_KERNEL) : NULL;
	check(p, "kmem_cache_free: and both caches go on");
	if (p) {
		memset(p, 1, 600);
		kmem_cache_free(b, p);
	}
	kmem_cache_destroy(a);
	kmem_cache_destroy(b);
}

static void bulk(void)
{
	enum {
		COUNT = 150
	};
	struct kmem_cache *cache = kmem_cache_create("selftest_bulk", 56, 0, 0, NULL);
	bool kept = true;
	bool zero = true;
	void *p[COUNT];

	if (!cache) {
		check(cache, "kmem_cache_alloc_bulk: a cache for it");
		return;
	}
	check(kmem_cache_alloc_bulk(cache, GFP_KERNEL, COUNT, p) == COUNT,
	      "kmem_cache_alloc_bulk: all that was asked for");
	for (unsigned int i = 0; i < COUNT; i++)
		pattern_fill(p[i], 56, i);
	for (unsigned int i = 0; i < COUNT; i++)
		kept = kept && pattern_holds(p[i], 56, i);
	check(kept, "kmem_cache_alloc_bulk: the objects are apart");
	kmem_cache_free_bulk(cache, COUNT, p);
	check(kmem_cache_alloc_bulk(cache, GFP_KERNEL | __GFP_ZERO, 20, p) == 20,
	      "kmem_cache_alloc_bulk: again after kmem_cache_free_bulk");
	for (unsigned int i = 0; i < 20; i++)
		zero = zero && bytes_are(p[i], 56, 0);
	check(zero, "kmem_cache_alloc_bulk: __GFP_ZERO zeroes each");
	kfree_bulk(20, p);
	check(kmem_cache_alloc_bulk(cache, GFP_KERNEL, 0, p) == 0,
	      "kmem_cache_alloc_bulk: none asked, none given");
	kmem_cache_destroy(cache);
}

/* Slabs that the host counts as a cache's. */
static u64 slabs_of(const char *name)
{
	struct virtio_kmem_stats stats;

	for (u32 number = 1; number <= VIRTIO_KMEM_PM_CACHE_MAX; number++) {
		if (!kmem_stats(number, &stats) && !strcmp(stats.name, name))
			return stats.slabs;
	}
	return 0;
}

static void give_back(void)
{
	struct kmem_cache *cache = kmem_cache_create("selftest_shrink", 1000, 0, 0, NULL);
	u64 objects = objects_out();
	u64 slabs;
	/* More than there are numbers of caches, unless each takes long. */
	unsigned int rounds = platform()->ring || scale > 1 ? 230 : 10;
	void *p[64];
	unsigned int i;

	if (!cache) {
		check(cache, "kmem_cache_shrink: a cache for it");
		return;
	}
	for (i = 0; i < 64; i++)
		p[i] = kmem_cache_alloc(cache, GFP_KERNEL);
	for (i = 0; i < 64; i++)
		kmem_cache_free(cache, p[i]);
	slabs = slabs_of("selftest_shrink");
	/* Of the heap as a whole more may be in use: magazines come from it, too. */
	check(slabs && kmem_cache_shrink(cache) == 0 && slabs_of("selftest_shrink") == 0,
	      "kmem_cache_shrink: an unused cache holds no frame");
	p[0] = kmem_cache_alloc(cache, GFP_KERNEL);
	check(p[0], "kmem_cache_shrink: the cache serves on");
	kmem_cache_free(cache, p[0]);
	kmem_cache_destroy(cache);
	check(objects_out() == objects, "kmem_cache_destroy: takes back what the magazines held");
	for (i = 0; i < rounds; i++) {
		cache = kmem_cache_create("selftest_again", 48, 0, 0, NULL);
		if (!cache)
			break;
		if (i % 50 == 0)
			kmem_cache_free(cache, kmem_cache_alloc(cache, GFP_KERNEL));
		kmem_cache_destroy(cache);
	}
	check(i == rounds, "kmem_cache_destroy: %u caches one after the other", rounds);
}

/* More than the page map has numbers for: objects go to their own all the same. */
static void many(void)
{
	enum {
		CACHES = 400
	};
	/* Some are far in either case. */
	const unsigned int caches = platform()->ring || scale > 1 ? CACHES : 230;
	static struct kmem_cache *cache[CACHES];
	static u64 *p[CACHES];
	bool right = true;
	unsigned int n;

	for (n = 0; n < caches; n++) {
		cache[n] = kmem_cache_create("selftest_many", 3000, 0, 0, NULL);
		p[n] = cache[n] ? kmem_cache_alloc(cache[n], GFP_KERNEL) : NULL;
		if (!p[n])
			break;
		*p[n] = n;
	}
	/* A host that knows no others has numbers for as many as the page map can name. */
	if (kmem_channel()->max_cache <= VIRTIO_KMEM_PM_CACHE_MAX)
		check(n == VIRTIO_KMEM_PM_CACHE_MAX - VIRTIO_KMEM_CLASSES,
		      "kmem_cache_create: %u caches at once", n);
	else
		check(n == caches, "kmem_cache_create: %u caches at once", n);
	for (unsigned int i = 0; i < n; i++) {
		right = right && *p[i] == i && ksize(p[i]) >= 3000;
		if (i % 2)
			kmem_cache_free(cache[i], p[i]);
		else
			kfree(p[i]);
	}
	for (unsigned int i = 0; i < caches; i++) {
		right = right && (i >= n || !kmem_cache_shrink(cache[i]));
		kmem_cache_destroy(cache[i]);
		cache[i] = NULL;
	}
	check(right, "kmem_cache_free: each object goes to its own of them");
}

void test_cache(void)
{
	u64 before = objects_out();

	plain();
	constructor();
	odd_alignments();
	foreign_object();
	bulk();
	give_back();
	many();
	check(objects_out() == before, "kmem_cache family: nothing leaked");
}
