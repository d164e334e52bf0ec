/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A heap that is nearly full, or free in pieces alone: callers that must not wait get NULL when
 * there is no such run, and not before; small objects and vmalloc() have the last page. Heaps of
 * 64 MiB or less. Not part of a run of all families, since they take their time.
 */
#include "selftest.h"
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <slabvisor/kmem.h>
#include <slabvisor/platform.h>

#define MAX_PAGES (64ul << 20 >> PAGE_SHIFT)
/* Allocations in a row of each order, at scale 1. */
#define STEPS 2000

/* Runs that are held, and how many. */
struct holding {
	struct page *page[MAX_PAGES];
	unsigned int nr;
};

static struct holding runs, crumbs;
static u64 seed;

static unsigned int below(unsigned int n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned int)((seed >> 33) % n);
}

/* Takes one out, at random. */
static struct page *pick(struct holding *from)
{
	unsigned int i = below(from->nr);
	struct page *page = from->page[i];

	from->page[i] = from->page[--from->nr];
	return page;
}

static bool heap_fits(const char *what)
{
	if (kmem_channel()->heap_size <= MAX_PAGES << PAGE_SHIFT)
		return true;
	check_skip(what, "heap above 64 MiB");
	return false;
}

/* Frames that are nobody's, by the host's page map. */
static unsigned long free_frames(void)
{
	const struct kmem_channel *channel = kmem_channel();
	unsigned long nr = 0;

	for (unsigned long i = 0; i < channel->heap_size >> PAGE_SHIFT; i++)
		nr += channel->page_map[i] == VIRTIO_KMEM_PM_NONE;
	return nr;
}

/* Tells whether a run of an order is free, by the host's page map. */
static bool run_is_free(unsigned int order)
{
	const struct kmem_channel *channel = kmem_channel();
	unsigned long frames = channel->heap_size >> PAGE_SHIFT;
	/* A natural place in guest-physical addresses. */
	unsigned long first = -(channel->heap_base >> PAGE_SHIFT) & ((1ul << order) - 1);

	for (; first + (1ul << order) <= frames; first += 1ul << order) {
		if (!memchr_inv(channel->page_map + first, VIRTIO_KMEM_PM_NONE, 1ul << order))
			return true;
	}
	return false;
}

/* Has whoever reads this compare the host's own account, and waits until he has. */
static void have_compared(const char *what, unsigned int order)
{
	char line[16];

	printk("compare %s %u\n", what, order);
	console_read_line(line, sizeof(line));
}

/* What a row of allocations came to. */
struct row {
	unsigned int tries, nulls, early; /* NULL while such a run was free */
};

/* Tells whether it was NULL. */
static bool try_one(struct row *row, struct holding *to, unsigned int order)
{
	gfp_t gfp = below(2) ? GFP_ATOMIC : GFP_NOWAIT;
	struct page *page = alloc_pages(gfp | __GFP_NOWARN, order);

	row->tries++;
	if (page) {
		to->page[to->nr++] = page;
		return false;
	}
	row->nulls++;
	row->early += run_is_free(order);
	return true;
}

/*
 * The heap is filled. Then runs and single pages come and go, more of the former than there is
 * room for; a page in the middle of a place keeps a run from it.
 */
static void row_of(unsigned int order)
{
	struct row row = {0};
	struct row pages = {0};
	struct page *page;

	while ((page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, order)))
		runs.page[runs.nr++] = page;
	while (row.tries < STEPS * scale) {
		unsigned int what = below(100);

		if (what < 60) {
			if (try_one(&row, &runs, order) && row.nulls == 1)
				have_compared("none", order);
		} else if (what < 85 && runs.nr) {
			__free_pages(pick(&runs), order);
		} else if (what < 93) {
			try_one(&pages, &crumbs, 0);
		} else if (crumbs.nr) {
			__free_page(pick(&crumbs));
		}
	}
	check(row.nulls && row.nulls < row.tries && !row.early && !pages.early,
	      "GFP_ATOMIC, order %u: %u of %u are NULL, none of them while a run is free", order,
	      row.nulls, row.tries);
	/* And the other way round: what is in magazines is not free to the host. */
	while (crumbs.nr)
		__free_page(pick(&crumbs));
	kmem_give_back();
	while (!run_is_free(order) && runs.nr) {
		__free_pages(pick(&runs), order);
		kmem_give_back();
	}
	have_compared("some", order);
	page = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, order);
	check(page, "GFP_ATOMIC, order %u: is served once a run is free", order);
	if (page)
		__free_pages(page, order);
	while (runs.nr)
		__free_pages(pick(&runs), order);
	kmem_give_back();
}

static void all_orders(void)
{
	for (unsigned int order = 0; order <= 10; order++) {
		seed = order + 1;
		row_of(order);
	}
}

void test_full(void)
{
	if (heap_fits("GFP_ATOMIC: NULL when no run is free"))
		alone(all_orders);
}

/* All pages are taken, and a random part of them is freed: how many. */
static unsigned long scatter(unsigned int percent)
{
	struct page *page;
	unsigned int nr;

	kmem_give_back();
	while ((page = alloc_page(GFP_KERNEL | __GFP_NOWARN)))
		runs.page[runs.nr++] = page;
	nr = runs.nr * percent / 100;
	for (unsigned int i = 0; i < nr; i++)
		__free_page(pick(&runs));
	kmem_give_back();
	return nr;
}

static void gather(void)
{
	while (runs.nr)
		__free_page(pick(&runs));
	kmem_give_back();
}

/* Tells whether less than one in a hundred frames is left free. */
static bool used_up(void)
{
	return free_frames() * 100 < kmem_channel()->heap_size >> PAGE_SHIFT;
}

/* Objects of a size, by kmalloc() or of a cache, until there are none. */
static void objects_of(unsigned int percent, size_t size, struct kmem_cache *cache)
{
	static const gfp_t gfp[] = {GFP_KERNEL | __GFP_NOWARN, GFP_ATOMIC | __GFP_NOWARN,
				    GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY};
	unsigned long pages = scatter(percent);
	size_t each = PAGE_SIZE / (cache ? size : kmalloc_size_roundup(size));
	unsigned long n = 0;
	void *list = NULL;
	void *p;

	for (;;) {
		gfp_t how = gfp[n % ARRAY_SIZE(gfp)];

		p = cache ? kmem_cache_alloc(cache, how) : kmalloc(size, how);
		if (!p)
			break;
		*(void **)p = list;
		list = p;
		n++;
	}
	/* Magazines take some pages. */
	check(used_up() && n >= (pages - pages / 10) * each,
	      "%s(%zu): %lu objects of %lu pages that are free in pieces",
	      cache ? "kmem_cache_alloc" : "kmalloc", size, n, pages);
	while ((p = list)) {
		list = *(void **)p;
		if (cache)
			kmem_cache_free(cache, p);
		else
			kfree(p);
	}
	gather();
}

static void areas_of(unsigned int percent, unsigned long size, bool kv)
{
	unsigned long pages = scatter(percent);
	unsigned long n = 0;
	void *list = NULL;
	void *p;

	while ((p = kv ? kvmalloc(size, GFP_KERNEL | __GFP_NOWARN)
		       : __vmalloc(size, GFP_KERNEL | __GFP_NOWARN))) {
		memset(p, 1, size);
		*(void **)p = list;
		list = p;
		n++;
	}
	check(used_up() && n >= (pages - pages / 10) / (size >> PAGE_SHIFT),
	      "%s(%lu): %lu areas of %lu pages that are free in pieces",
	      kv ? "kvmalloc" : "vmalloc", size, n, pages);
	while ((p = list)) {
		list = *(void **)p;
		if (kv)
			kvfree(p);
		else
			vfree(p);
	}
	gather();
}

static const size_t few[] = {8, 64, 192, 1024, 4096};
static const size_t many[] = {8,   16,  24,  32,   64,   96,   100,  128,  192,  200, 256,
			      300, 512, 700, 1000, 1024, 2000, 2048, 3000, 4000, 4096};

static void pieces(void)
{
	static const unsigned int percent[] = {5, 20, 50};
	const size_t *size = scale > 1 ? many : few;
	size_t nr = scale > 1 ? ARRAY_SIZE(many) : ARRAY_SIZE(few);
	struct kmem_cache *cache = kmem_cache_create("selftest_odd", 600, 0, 0, NULL);
	struct kmem_cache *large = kmem_cache_create("selftest_large", 2720, 0, 0, NULL);

	for (unsigned int i = 0; i < ARRAY_SIZE(percent); i++) {
		seed = percent[i];
		for (size_t k = 0; k < nr; k++)
			objects_of(percent[i], size[k], NULL);
		objects_of(percent[i], 600, cache);
		objects_of(percent[i], 2720, large);
		areas_of(percent[i], PAGE_SIZE, false);
		areas_of(percent[i], 32 * PAGE_SIZE, false);
		areas_of(percent[i], 16 * PAGE_SIZE, true);
	}
	kmem_cache_destroy(cache);
	kmem_cache_destroy(large);
}

void test_pieces(void)
{
	u64 before = objects_out();

	if (heap_fits("kmalloc: has the last page of a heap in pieces"))
		alone(pieces);
	check(objects_out() == before, "pieces: nothing leaked");
}
