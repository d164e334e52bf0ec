// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* svm_kmalloc() and its kin. */
#include "selftest.h"

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <slabvisor/svm.h>

static bool aligned(void *p, size_t to)
{
	return !((unsigned long)p & (to - 1));
}

/* Each power of two from 8 bytes to 4 MiB, and one byte more than the last but one. */
static void sizes(void)
{
	bool hosts = true;
	bool good = true;

	for (size_t size = 8; size <= SZ_4M; size *= 2) {
		void *p = svm_kmalloc(size, GFP_KERNEL);

		good &= p && aligned(p, size) && svm_ksize(p) >= size;
		hosts &= svm_is_hosts(p);
		if (p)
			memset(p, 0x5a, size);
		svm_kfree(p);
	}
	st_check(good, "svm_kmalloc: sizes to 4 MiB are served, aligned to themselves");
	st_check(hosts, "svm_kmalloc: out of the host's memory");
}

static void edges(void)
{
	size_t huge = SIZE_MAX / 2;
	void *p;

	st_check(svm_kmalloc(0, GFP_KERNEL) == ZERO_SIZE_PTR,
		 "svm_kmalloc: 0 bytes are ZERO_SIZE_PTR");
	st_check(!svm_kmalloc(SZ_4M + 1, GFP_KERNEL | __GFP_NOWARN),
		 "svm_kmalloc: beyond the largest size it is NULL");
	svm_kfree(NULL);
	svm_kfree(ZERO_SIZE_PTR);
	st_check(true, "svm_kfree: NULL and ZERO_SIZE_PTR do nothing");
	st_check(!svm_kmalloc_array(huge, 4, GFP_KERNEL), "svm_kmalloc_array: overflow is NULL");
	st_check(svm_kmalloc_array(0, 4, GFP_KERNEL) == ZERO_SIZE_PTR,
		 "svm_kmalloc_array: a product of 0 is ZERO_SIZE_PTR");
	st_check(!svm_kcalloc(huge, 4, GFP_KERNEL), "svm_kcalloc: overflow is NULL");
	st_check(svm_kcalloc(4, 0, GFP_KERNEL) == ZERO_SIZE_PTR,
		 "svm_kcalloc: a product of 0 is ZERO_SIZE_PTR");
	p = svm_kzalloc_node(100, GFP_KERNEL, NUMA_NO_NODE);
	st_check(svm_is_hosts(p), "svm_kzalloc_node: NUMA_NO_NODE is any node");
	svm_kfree(p);
	st_check(!svm_ksize(NULL) && !svm_ksize(ZERO_SIZE_PTR), "svm_ksize: of nothing it is 0");
	p = svm_kmalloc(100, GFP_KERNEL);
	st_check(p && svm_ksize(p) == 128, "svm_ksize: of 100 bytes it is the class's 128");
	svm_kfree(p);
	/* The kernel's memory goes the same way. */
	p = kmalloc(100, GFP_KERNEL);
	st_check(!svm_is_hosts(p) && svm_ksize(p) == ksize(p),
		 "svm_ksize: takes the kernel's memory");
	svm_kfree(p);
	st_check(true, "svm_kfree: takes the kernel's memory");
}

static void zeroed(void)
{
	bool array = true;
	bool node = true;
	bool good = true;

	for (unsigned int i = 0; i < 200; i++) {
		void *p = svm_kmalloc(192, GFP_KERNEL);
		u8 *a;
		u8 *b;
		u8 *c;

		if (p)
			memset(p, 0xa5, 192);
		svm_kfree(p);
		a = svm_kzalloc(192, GFP_KERNEL);
		b = svm_kcalloc(12, 16, GFP_KERNEL);
		c = svm_kzalloc_node(192, GFP_KERNEL, numa_node_id());
		good &= a && !memchr_inv(a, 0, svm_ksize(a));
		array &= b && !memchr_inv(b, 0, 192);
		node &= c && !memchr_inv(c, 0, svm_ksize(c));
		if (a)
			memset(a, 0xa5, 192);
		svm_kfree(a);
		svm_kfree(b);
		svm_kfree(c);
	}
	st_check(good, "svm_kzalloc: is zero to its usable size, after use too");
	st_check(array, "svm_kcalloc: is zero");
	st_check(node, "svm_kzalloc_node: is zero");
}

static void resized(void)
{
	u8 *p = svm_kmalloc(32, GFP_KERNEL);
	u8 *q;

	if (!p)
		return;
	memset(p, 7, 32);
	st_check(svm_krealloc(p, 20, GFP_KERNEL) == p, "svm_krealloc: what fits stays where it is");
	q = svm_krealloc(p, 5000, GFP_KERNEL);
	st_check(q && q != p && !memchr_inv(q, 7, 32), "svm_krealloc: what grows keeps its bytes");
	st_check(svm_krealloc(q, 0, GFP_KERNEL) == ZERO_SIZE_PTR, "svm_krealloc: 0 bytes frees");
	p = svm_kzalloc(64, GFP_KERNEL);
	svm_kfree_sensitive(p);
	st_check(true, "svm_kfree_sensitive: frees");
}

static void atomic(void)
{
	unsigned long flags;
	bool good = true;
	void *p[64];

	local_irq_save(flags);
	for (unsigned int i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = svm_kmalloc(64, GFP_ATOMIC);
		good &= p[i] != NULL;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(p); i++)
		svm_kfree(p[i]);
	local_irq_restore(flags);
	st_check(good, "svm_kmalloc: GFP_ATOMIC with interrupts off is served");
}

/*
 * Runs that reach into parts of the window that have no struct pages yet: who must not wait does
 * without them, and has the guest's own memory or none.
 */
static void atomic_runs(void)
{
	enum {
		N = 96,
		SIZE = SZ_64K /* times N: three times what struct pages are made for at once */
	};
	void **p = kcalloc(N, sizeof(*p), GFP_KERNEL);
	unsigned int had = 0;
	unsigned int hosts = 0;
	bool good = true;
	unsigned long flags;

	local_irq_save(flags);
	for (unsigned int i = 0; p && i < N; i++) {
		p[i] = svm_kmalloc(SIZE, GFP_ATOMIC | __GFP_NOWARN);
		if (p[i])
			memset(p[i], i, SIZE);
	}
	local_irq_restore(flags);
	for (unsigned int i = 0; p && i < N; i++) {
		had += !!p[i];
		hosts += svm_is_hosts(p[i]);
		good &= !p[i] || !memchr_inv(p[i], i, SIZE);
		svm_kfree(p[i]);
	}
	kfree(p);
	pr_info("# of %u atomic runs %u were had, %u of them of the host\n", N, had, hosts);
	st_check(good,
		 "svm_kmalloc: atomic runs are each their own, where the window is new as well");
}

/* What lies next to each other is different memory. */
static void apart(void)
{
	enum {
		N = 2000
	};
	bool good = true;
	u64 **p = kvcalloc(N, sizeof(*p), GFP_KERNEL);

	for (unsigned int i = 0; p && i < N; i++) {
		p[i] = svm_kmalloc(8 + i % 400, GFP_KERNEL);
		if (p[i])
			*p[i] = i;
	}
	for (unsigned int i = 0; p && i < N; i++) {
		good &= p[i] && *p[i] == i;
		svm_kfree(p[i]);
	}
	kvfree(p);
	st_check(good, "svm_kmalloc: two thousand objects at once are each its own");
}

void st_kmalloc(void)
{
	sizes();
	edges();
	zeroed();
	resized();
	atomic();
	atomic_runs();
	apart();
}
