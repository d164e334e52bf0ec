// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Caches. */
#include "selftest.h"

#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <slabvisor/svm.h>

struct thing {
	u64 made;
	u64 word[4];
};

static unsigned int constructed;

static void thing_make(void *p)
{
	((struct thing *)p)->made = 0x600d;
	constructed++;
}

static void constructors(void)
{
	struct svm_kmem_cache *c =
		svm_kmem_cache_create("st-made", sizeof(struct thing), 0, 0, thing_make);
	struct thing *t[100];
	bool good = c != NULL;

	for (unsigned int round = 0; c && round < 3; round++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(t); i++) {
			t[i] = svm_kmem_cache_alloc(c, GFP_KERNEL);
			good &= t[i] && t[i]->made == 0x600d;
		}
		for (unsigned int i = 0; i < ARRAY_SIZE(t); i++)
			svm_kmem_cache_free(c, t[i]);
	}
	st_check(good && constructed, "svm_kmem_cache_alloc: objects are constructed, and stay so");
	svm_kmem_cache_destroy(c);
}

static void plain(void)
{
	struct svm_kmem_cache *c =
		svm_kmem_cache_create("st-plain", 200, 64, SLAB_HWCACHE_ALIGN, NULL);
	void *p[50];
	void *q;

	if (!c)
		return;
	st_check(svm_kmem_cache_size(c) == 200, "svm_kmem_cache_size: is what was asked for");
	q = svm_kmem_cache_alloc_node(c, GFP_KERNEL | __GFP_ZERO, numa_node_id());
	st_check(q && svm_is_hosts(q) && !((unsigned long)q % 64) && !memchr_inv(q, 0, 200),
		 "svm_kmem_cache_alloc_node: is of the host, aligned and zero");
	svm_kmem_cache_free(c, q);
	st_check(svm_kmem_cache_alloc_bulk(c, GFP_KERNEL, ARRAY_SIZE(p), p) == ARRAY_SIZE(p),
		 "svm_kmem_cache_alloc_bulk: gives all");
	/* kfree() takes what a cache gave. */
	svm_kfree(p[0]);
	svm_kmem_cache_free_bulk(c, ARRAY_SIZE(p) - 1, p + 1);
	svm_kmem_cache_free(c, NULL);
	st_check(true, "svm_kmem_cache_free: takes objects, and NULL");
	svm_kmem_cache_shrink(c);
	q = svm_kmem_cache_alloc(c, GFP_KERNEL);
	st_check(q, "svm_kmem_cache_shrink: leaves a cache that serves");
	svm_kmem_cache_free(c, q);
	svm_kmem_cache_destroy(c);
	svm_kmem_cache_destroy(NULL);
	st_check(true, "svm_kmem_cache_destroy: takes a cache, and NULL");
}

/* More objects than magazines and depots keep are freed while somebody reads. */
static void readers(void)
{
	enum {
		N = 5000
	};
	struct svm_kmem_cache *c = svm_kmem_cache_create("st-rcu", sizeof(struct thing), 0,
							 SLAB_TYPESAFE_BY_RCU, NULL);
	struct thing **t = kvcalloc(N, sizeof(*t), GFP_KERNEL);
	bool hosts = c && t;
	bool good = c && t;

	for (unsigned int i = 0; c && t && i < N; i++) {
		t[i] = svm_kmem_cache_alloc(c, GFP_KERNEL);
		hosts &= svm_is_hosts(t[i]);
		if (t[i])
			t[i]->made = i;
	}
	rcu_read_lock();
	for (unsigned int i = 0; c && t && i < N; i++)
		svm_kmem_cache_free(c, t[i]);
	for (unsigned int i = 0; c && t && i < N; i++)
		good &= t[i] && READ_ONCE(t[i]->made) == i;
	rcu_read_unlock();
	st_check(hosts, "svm_kmem_cache_create: SLAB_TYPESAFE_BY_RCU is of the host, too");
	st_check(good, "svm_kmem_cache_free: readers find what was freed as it was");
	/* Which waits for readers, and complains of what the host has not had back then. */
	svm_kmem_cache_destroy(c);
	kvfree(t);
}

/* More caches than the page map has names for. */
static void many(void)
{
	enum {
		N = 256
	};
	struct svm_kmem_cache **c = kvcalloc(N, sizeof(*c), GFP_KERNEL);
	u64 **p = kvcalloc(N, sizeof(*p), GFP_KERNEL);
	bool hosts = c && p;
	bool good = c && p;
	char name[16];

	for (unsigned int i = 0; c && p && i < N; i++) {
		snprintf(name, sizeof(name), "st-many-%u", i);
		c[i] = svm_kmem_cache_create(name, 8 + 8 * (i % 50), 0, 0, NULL);
		p[i] = c[i] ? svm_kmem_cache_alloc(c[i], GFP_KERNEL) : NULL;
		hosts &= svm_is_hosts(p[i]);
		if (p[i])
			*p[i] = i;
	}
	for (unsigned int i = 0; c && p && i < N; i++) {
		good &= p[i] && *p[i] == i && svm_ksize(p[i]) >= svm_kmem_cache_size(c[i]);
		/* By either way. */
		if (i % 2)
			svm_kfree(p[i]);
		else
			svm_kmem_cache_free(c[i], p[i]);
	}
	for (unsigned int i = 0; c && i < N; i++)
		svm_kmem_cache_destroy(c[i]);
	st_check(hosts, "svm_kmem_cache_create: hundreds of caches are of the host");
	st_check(good, "svm_kfree: knows of which of hundreds of caches an object is");
	kvfree(p);
	kvfree(c);
}

void st_cache(void)
{
	constructors();
	plain();
	readers();
	many();
}
