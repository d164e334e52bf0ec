/* SPDX-License-Identifier: BSD-2-Clause */
/* What the GFP flags promise, and how few exits the fast path takes. */
#include "selftest.h"
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <slabvisor/kmem.h>

#define LIMIT 4096 /* more than any vCPU keeps in store of a cache */

/* Tells whether any of the heap lies below 4 GiB. */
static bool dma32_heap(void)
{
	return kmem_channel()->heap_base < 1ull << 32;
}

/* Allocates until it fails, at most LIMIT objects; returns how many. */
static unsigned int take(struct kmem_cache *cache, gfp_t gfp, void **p)
{
	unsigned int n = 0;

	while (n < LIMIT && (p[n] = kmem_cache_alloc(cache, gfp)))
		n++;
	return n;
}

static void give(struct kmem_cache *cache, void **p, unsigned int n)
{
	while (n)
		kmem_cache_free(cache, p[--n]);
}

/* Runs of every order, from any node, of a node, and just after one was freed. */
static void hasty_runs(const char *name, gfp_t gfp)
{
	bool any = true;
	bool node = true;
	bool again = true;
	void *p;

	for (unsigned int order = 0; order <= 10; order++) {
		struct page *page = alloc_pages(gfp | __GFP_NOWARN, order);

		any = any && page;
		if (page)
			__free_pages(page, order);
		p = kmalloc_node(PAGE_SIZE << order, gfp | __GFP_NOWARN | __GFP_THISNODE, 0);
		node = node && p && node_of(p) == 0;
		kfree(p);
		kfree(kmalloc(PAGE_SIZE << order, GFP_KERNEL));
		p = kmalloc(PAGE_SIZE << order, gfp | __GFP_NOWARN);
		again = again && p;
		kfree(p);
	}
	check(any && again, "%s: runs of every order while there is memory", name);
	check(node, "%s: runs of every order of a node", name);
	p = kmalloc(300, gfp | __GFP_NOWARN | GFP_DMA32);
	check(!p == !dma32_heap() && (!p || virt_to_phys(p) < 1ull << 32),
	      "%s: with GFP_DMA32 below 4 GiB, or NULL when the heap has none there", name);
	kfree(p);
}

static void hasty(const char *name, gfp_t gfp)
{
	struct kmem_cache *cache = kmem_cache_create("selftest_gfp", 2000, 0, 0, NULL);
	void **p = kvmalloc_array(LIMIT, sizeof(*p), GFP_KERNEL);
	unsigned int n;
	u64 kicks;

	if (!cache || !p) {
		check(false, "%s: a cache to try it on", name);
		goto out;
	}
	kicks = kicks_here();
	n = take(cache, gfp | __GFP_NOWARN, p);
	kicks = kicks_here() - kicks;
	check(n == LIMIT && (debug_mode() || kicks < LIMIT / 8),
	      "%s: is served while there is memory, by the batch", name);
	give(cache, p, n);
	hasty_runs(name, gfp);
	if (debug_mode()) {
		check_skip(name, "in debug mode each object is a request");
		goto out;
	}
	p[0] = kmem_cache_alloc(cache, GFP_KERNEL);
	kicks = kicks_here();
	p[1] = kmem_cache_alloc(cache, gfp | __GFP_NOWARN);
	check(p[1] && kicks_here() == kicks, "%s: served from the magazine once it is filled",
	      name);
	kmem_cache_free(cache, p[0]);
	if (p[1])
		kmem_cache_free(cache, p[1]);
out:
	kvfree(p);
	kmem_cache_destroy(cache);
}

static void steady(void)
{
	enum {
		OBJECTS = 40
	};
	void *p[OBJECTS];
	u64 exits;

	if (debug_mode()) {
		check_skip("magazines: no exit in steady state", "debug mode");
		return;
	}
	for (unsigned int i = 0; i < OBJECTS; i++)
		p[i] = kmalloc(128, GFP_KERNEL);
	for (unsigned int i = 0; i < OBJECTS; i++)
		kfree(p[i]);
	exits = exits_here();
	for (unsigned int round = 0; round < 20 * scale; round++) {
		for (unsigned int i = 0; i < OBJECTS; i++)
			p[i] = kmalloc(128, GFP_KERNEL);
		for (unsigned int i = 0; i < OBJECTS; i++)
			kfree(p[i]);
	}
	check(exits_here() == exits, "magazines: no exit in steady state");
}

static void growing(void)
{
	enum {
		OBJECTS = 1000
	};
	struct kmem_cache *cache = kmem_cache_create("selftest_grow", 64, 0, 0, NULL);
	void **p = kmalloc_array(OBJECTS, sizeof(*p), GFP_KERNEL);
	unsigned int n = 0;
	u64 exits;

	if (!cache || !p) {
		check(false, "magazines: a cache to grow");
		goto out;
	}
	exits = exits_here();
	while (n < OBJECTS && (p[n] = kmem_cache_alloc(cache, GFP_KERNEL)))
		n++;
	exits = exits_here() - exits;
	if (debug_mode())
		check(n == OBJECTS, "magazines: %u objects", n);
	else
		check(n == OBJECTS && exits * 1000 <= 20ull * OBJECTS,
		      "magazines: %u objects from an empty cache in %llu exits", n,
		      (unsigned long long)exits);
	for (unsigned int i = 0; i < n; i++)
		kmem_cache_free(cache, p[i]);
out:
	kfree(p);
	kmem_cache_destroy(cache);
}

static void flags(void)
{
	struct page *page = alloc_pages(GFP_KERNEL | GFP_DMA32 | __GFP_NOWARN, 0);
	void *p;

	check(!page || page_to_phys(page) < 1ull << 32,
	      "GFP_DMA32: below 4 GiB, or NULL when the heap has none there");
	if (page)
		__free_pages(page, 0);
	p = kmalloc(300, GFP_KERNEL | __GFP_ZERO | __GFP_NORETRY | __GFP_NOWARN);
	check(p && bytes_are(p, debug_mode() ? 300 : ksize(p), 0),
	      "__GFP_ZERO: kmalloc zeroes the usable size");
	kfree(p);
	p = kmalloc(300, GFP_KERNEL | __GFP_NOFAIL);
	check(p, "__GFP_NOFAIL: gives an object");
	kfree(p);
	p = kmalloc(300, GFP_KERNEL_ACCOUNT);
	check(p, "__GFP_ACCOUNT: gives an object within the quota");
	kfree(p);
}

/* Objects of at least a page, in a list through their first words. */
static void *take_all(gfp_t gfp)
{
	void *list = NULL;
	void *p;

	for (size_t size = KMALLOC_MAX_SIZE; size >= PAGE_SIZE; size /= 2) {
		while ((p = kmalloc(size, gfp))) {
			*(void **)p = list;
			list = p;
		}
	}
	return list;
}

static u8 __user *user; /* two pages, of zeros */

/* Takes the whole heap, looks at how each call says so, and gives it back. */
static void use_up(void)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;
	void *list;
	void *next;
	void *p;
	struct page *pages = NULL;
	struct page *page;
	bool none = true;
	bool atomic_none = true;

	list = take_all(gfp);
	/* What is left is too scattered for slabs: single pages. */
	while ((page = alloc_page(gfp))) {
		*(struct page **)page_address(page) = pages;
		pages = page;
	}
	for (size_t size = PAGE_SIZE; size <= KMALLOC_MAX_SIZE; size *= 4) {
		none = none && !kmalloc(size, gfp);
		atomic_none = atomic_none && !kmalloc(size, GFP_NOWAIT | __GFP_NOWARN);
	}
	check(list && none, "GFP_KERNEL: NULL once the heap is used up");
	check(atomic_none, "GFP_NOWAIT: NULL as well");
	check(!alloc_page(gfp), "alloc_pages: NULL once the heap is used up");
	check(!kmemdup(list, 2 * PAGE_SIZE, gfp), "kmemdup: NULL once the heap is used up");
	check(!kzalloc(2 * PAGE_SIZE, gfp) && !kvmalloc(2 * PAGE_SIZE, gfp) &&
		      !vmalloc(2 * PAGE_SIZE),
	      "kzalloc, kvmalloc, vmalloc: NULL once the heap is used up");
	check(memdup_user(user, 2 * PAGE_SIZE) == ERR_PTR(-ENOMEM),
	      "memdup_user: ERR_PTR(-ENOMEM) once the heap is used up");
	p = krealloc(list, 2 * KMALLOC_MAX_SIZE, gfp);
	check(!p, "krealloc: NULL once the heap is used up, the old object kept");
	for (; list; list = next) {
		next = *(void **)list;
		kfree(list);
	}
	for (; pages; pages = page) {
		page = *(struct page **)page_address(pages);
		__free_page(pages);
	}
	p = kmalloc(KMALLOC_MAX_SIZE, GFP_KERNEL);
	check(p, "GFP_KERNEL: all is well again after the frees");
	kfree(p);
}

static void exhausted(void)
{
	u64 before;

	user = user_area(2, true);
	before = objects_out();
	if (kmem_channel()->heap_size > 256ul << 20) {
		check_skip("GFP_KERNEL: NULL once the heap is used up", "heap above 256 MiB");
		goto out;
	}
	if (!user || clear_user(user, 2 * PAGE_SIZE)) {
		check(false, "memdup_user: user memory to copy from");
		goto out;
	}
	alone(use_up);
	check(objects_out() == before, "GFP_KERNEL: nothing leaked on the way");
out:
	if (user)
		user_release(user, 2);
}

void test_gfp(void)
{
	u64 before = objects_out();

	hasty("GFP_ATOMIC", GFP_ATOMIC);
	hasty("GFP_NOWAIT", GFP_NOWAIT);
	steady();
	growing();
	flags();
	exhausted();
	check(objects_out() == before, "gfp: nothing leaked");
}
