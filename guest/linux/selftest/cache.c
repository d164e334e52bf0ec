// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Caches. */
#include "selftest.h"

#include <linux/mm.h>
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
	struct svm_kmem_cache *typed =
		svm_kmem_cache_create("st-rcu", 64, 0, SLAB_TYPESAFE_BY_RCU, NULL);
	void *p[50];
	void *q;

	st_check(!typed, "svm_kmem_cache_create: refuses SLAB_TYPESAFE_BY_RCU");
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

void st_cache(void)
{
	constructors();
	plain();
}
