/* SPDX-License-Identifier: BSD-2-Clause */
/* References of pages: compound ones, those of kmalloc, those that were split. */
#include "selftest.h"
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

/* Tells whether a run that is allocated now, of whatever contents, is another. */
static bool next_is_another(const struct page *page, unsigned int order)
{
	struct page *next = alloc_pages(GFP_KERNEL, order);
	bool other = next && next != page;

	if (next) {
		memset(page_address(next), 0x22, PAGE_SIZE << order);
		__free_pages(next, order);
	}
	return other;
}

static void compound(void)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);
	u8 *p;

	if (!page) {
		check(page, "__GFP_COMP: a run");
		return;
	}
	p = page_address(page);
	memset(p, 0x33, 4 * PAGE_SIZE);
	check(PageHead(page) && PageTail(page + 3) && PageCompound(page + 1) &&
		      compound_order(page) == 2 && page_size(page) == 4 * PAGE_SIZE,
	      "__GFP_COMP: the run is one page");
	check(compound_head(page + 3) == page && virt_to_head_page(p + 3 * PAGE_SIZE + 5) == page,
	      "compound_head: of each page the first");
	get_page(page + 1);
	check(page_count(page) == 2 && page_count(page + 3) == 2,
	      "get_page: a reference of a tail page is the first page's");
	__free_pages(page, 2);
	check(next_is_another(page, 2) && bytes_are(p, 4 * PAGE_SIZE, 0x33),
	      "__free_pages: a tail page's reference keeps the run");
	put_page(page + 2);
	page = alloc_pages(GFP_KERNEL, 2);
	check(page && !PageCompound(page) && !PageCompound(page + 1),
	      "alloc_pages: without __GFP_COMP the pages are apart");
	if (page)
		__free_pages(page, 2);
}

static void large_kmalloc(void)
{
	u8 *p = kmalloc(16384, GFP_KERNEL);
	u8 *small = kmalloc(64, GFP_KERNEL);
	struct page *page;
	u8 *q;

	if (!p || !small) {
		check(false, "kmalloc: memory");
		goto out;
	}
	page = virt_to_page(p);
	memset(p, 0x44, 16384);
	check(page_count(page) == 1 && page_count(page + 1) == 1,
	      "page_count: kmalloc()ed memory has one reference");
	check(page_count(virt_to_page(small)) >= 1, "page_count: a slab's page has one");
	get_page(virt_to_page(p + 2 * PAGE_SIZE));
	check(page_count(page) == 2, "get_page: one of a large kmalloc() is its first page's");
	kfree(p);
	q = kmalloc(16384, GFP_KERNEL);
	if (q)
		memset(q, 0x55, 16384);
	check(q && q != p && bytes_are(p, 16384, 0x44),
	      "kfree: a reference keeps a large piece of memory");
	kfree(q);
	put_page(page);
	/* Now it is free indeed, and comes again. */
	p = kmalloc(16384, GFP_KERNEL);
	check(p && page_count(virt_to_page(p)) == 1, "put_page: frees what kfree() left to it");
	get_page(virt_to_page(small));
	put_page(virt_to_page(small));
	check(page_count(virt_to_page(small)) >= 1, "put_page: a slab's page stays the slab's");
out:
	kfree(p);
	kfree(small);
}

static void split(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);
	bool alone = true;
	u8 *p;

	if (!page) {
		check(page, "split_page: a run");
		return;
	}
	split_page(page, 3);
	for (unsigned int i = 0; i < 8; i++)
		alone = alone && page_count(page + i) == 1;
	check(alone, "split_page: each page has a reference of its own");
	p = page_address(page);
	memset(p, 0x66, 8 * PAGE_SIZE);
	get_page(page + 5);
	for (unsigned int i = 0; i < 8; i++)
		__free_page(page + i);
	check(page_count(page + 5) == 1 && !page_count(page) && next_is_another(page, 3) &&
		      bytes_are(p + 5 * PAGE_SIZE, PAGE_SIZE, 0x66),
	      "split_page: a page that is held stays, whatever became of the others");
	put_page(page + 5);
}

static void exact(void)
{
	/* volatile: a compiler that knows them looks through what is to be tried. */
	volatile size_t none = 0;
	volatile size_t too_much = 8ul << 20;
	u8 *p = alloc_pages_exact(3 * PAGE_SIZE, GFP_KERNEL | __GFP_ZERO);
	bool alone = p;

	for (unsigned int i = 0; alone && i < 3; i++)
		alone = page_count(virt_to_page(p + i * PAGE_SIZE)) == 1;
	check(alone && bytes_are(p, 3 * PAGE_SIZE, 0),
	      "alloc_pages_exact: each page has a reference of its own");
	if (p)
		free_pages_exact(p, 3 * PAGE_SIZE);
	p = alloc_pages_exact(3 * PAGE_SIZE, GFP_KERNEL);
	for (unsigned int i = 0; p && i < 3; i++)
		free_page((unsigned long)p + i * PAGE_SIZE);
	check(p, "alloc_pages_exact: the pages may be freed one by one");
	check(!alloc_pages_exact(none, GFP_KERNEL | __GFP_NOWARN) &&
		      !alloc_pages_exact(too_much, GFP_KERNEL | __GFP_NOWARN),
	      "alloc_pages_exact: of nothing, and of more than a run, NULL");
	check(get_order(none) == 52 && get_order(1) == 0 && get_order(4097) == 1,
	      "get_order: of nothing, an order that there is not");
}

/* What is in a page's structure for whoever allocated it. */
static void fields(void)
{
	struct page *page;
	unsigned long sum = 0;
	bool alone = true;
	LIST_HEAD(pages);

	for (unsigned long i = 0; i < 10; i++) {
		page = alloc_page(GFP_KERNEL);
		if (!page)
			break;
		page->index = i;
		set_page_private(page, i * i);
		list_add_tail(&page->lru, &pages);
	}
	while ((page = list_first_entry_or_null(&pages, struct page, lru))) {
		sum += page->index + page_private(page);
		alone = alone && page_count(page) == 1;
		list_del(&page->lru);
		__free_page(page);
	}
	check(sum == 45 + 285 && alone,
	      "page->lru: links pages, beside index, private and the count");
}

void test_page(void)
{
	u64 before = objects_out();

	compound();
	large_kmalloc();
	split();
	exact();
	fields();
	check(objects_out() == before, "pages: all are given back");
}
