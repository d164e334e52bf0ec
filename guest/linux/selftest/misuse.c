// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What is wrong of a caller, and is warned of: it costs at most the object that it was done with. */
#include "selftest.h"

#include <linux/gfp.h>
#include <linux/slab.h>
#include <slabvisor/svm.h>

static void made(void *p)
{
	*(u64 *)p = 1;
}

/* Frees an object by the wrong cache. */
static void other_cache(void)
{
	struct svm_kmem_cache *a = svm_kmem_cache_create("st-one", 104, 0, 0, NULL);
	struct svm_kmem_cache *b = svm_kmem_cache_create("st-other", 136, 0, 0, NULL);
	void *p = svm_kmem_cache_alloc(a, GFP_KERNEL);
	void *q;
	void *r;

	svm_kmem_cache_free(b, p);
	q = svm_kmem_cache_alloc(b, GFP_KERNEL);
	r = svm_kmem_cache_alloc(a, GFP_KERNEL);
	st_check(q && q != p && r, "svm_kmem_cache_free: another cache's object goes to its own");
	svm_kmem_cache_free(b, q);
	svm_kmem_cache_free(a, r);
	/* Reports what is out: that of the first is not. */
	svm_kmem_cache_destroy(b);
	svm_kmem_cache_destroy(a);
}

static void twice(void)
{
	void *p = svm_kmalloc(64, GFP_KERNEL);
	void *q;
	void *r;

	svm_kfree(p);
	svm_kfree(p);
	q = svm_kmalloc(64, GFP_KERNEL);
	r = svm_kmalloc(64, GFP_KERNEL);
	st_check(q && r && q != r, "svm_kfree: an object that is freed twice is given out once");
	svm_kfree(q);
	svm_kfree(r);
}

static void zero_beside_constructor(void)
{
	struct svm_kmem_cache *s = svm_kmem_cache_create("st-ctor", 64, 0, 0, made);

	st_check(!svm_kmem_cache_alloc(s, GFP_KERNEL | __GFP_ZERO),
		 "svm_kmem_cache_alloc: __GFP_ZERO beside a constructor is refused");
	svm_kmem_cache_destroy(s);
}

void st_misuse(void)
{
	other_cache();
	twice();
	zero_beside_constructor();
}
