/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory by the page, and references to it. */
#include "guest/lib/vm/page.h"
#include "guest/lib/machine/grt.h"
#include <linux/bug.h>
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <slabvisor/kmem.h>

struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	struct page *page;
	u64 addr;

	if (order > VIRTIO_KMEM_MAX_ORDER)
		return NULL;
	addr = kmem_pages_alloc(order, gfp, nid);
	if (!addr)
		return NULL;
	page = phys_to_page(addr);
	page->flags = PG_RUN | (unsigned long)order << PG_ORDER_SHIFT;
	page->private = 0;
	atomic_set(&page->_refcount, 1);
	return page;
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	return alloc_pages_node(NUMA_NO_NODE, gfp, order);
}

unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_pages(gfp, order);

	return page ? (unsigned long)page_address(page) : 0;
}

unsigned long get_zeroed_page(gfp_t gfp)
{
	return __get_free_pages(gfp | __GFP_ZERO, 0);
}

/* The last reference is gone. */
static void free_run(struct page *page)
{
	unsigned int order = (page->flags >> PG_ORDER_SHIFT) & PG_ORDER_MASK;

	/* Pages that were not allocated here (a slab's) are only counted. */
	if (!(page->flags & PG_RUN))
		return;
	page->flags = 0;
	kmem_pages_free(page_to_phys(page), order);
}

void __free_pages(struct page *page, unsigned int order)
{
	unsigned int had = (page->flags >> PG_ORDER_SHIFT) & PG_ORDER_MASK;

	if (!(page->flags & PG_RUN) || atomic_read(&page->_refcount) <= 0)
		grt_bug((unsigned long)page_address(page),
			"free of a page that is not allocated, or not the first of its run");
	WARN(had != order, "a run of order %u is freed as one of order %u", had, order);
	put_page(page);
}

void free_pages(unsigned long addr, unsigned int order)
{
	if (addr)
		__free_pages(virt_to_page((const void *)addr), order);
}

void *alloc_pages_exact(size_t size, gfp_t gfp)
{
	return (void *)__get_free_pages(gfp, (unsigned int)get_order(size));
}

void free_pages_exact(void *addr, size_t size)
{
	free_pages((unsigned long)addr, (unsigned int)get_order(size));
}

void *mempool_alloc_pages(gfp_t gfp, void *pool_data)
{
	return alloc_pages(gfp, (unsigned int)(long)pool_data);
}

void mempool_free_pages(void *element, void *pool_data)
{
	__free_pages(element, (unsigned int)(long)pool_data);
}

void get_page(struct page *page)
{
	int refs = atomic_inc_return(&page->_refcount);

	WARN(refs <= 0, "get_page() of a page with %d references", refs - 1);
}

/* Drops one reference, and a FOLL_GET's pin if only such are left besides the mapping's. */
static void put_reference(struct page *page, bool mapping)
{
	bool unpin = false;
	int refs;

	/* A page gets FOLL_GET references only while it is mapped. Acquire: its count of
	 * them is read after the mapping is seen to be gone. */
	if (!mapping && !(__atomic_load_n(&page->flags, __ATOMIC_ACQUIRE) & PG_MAPPED) &&
	    !READ_ONCE(page->gets)) {
		/* Fully ordered: what was done to the page comes before its end. */
		refs = atomic_dec_return(&page->_refcount);
	} else {
		spin_lock(&page->lock);
		refs = atomic_dec_return(&page->_refcount);
		if (mapping) {
			/* Release: see above. */
			__atomic_fetch_and(&page->flags, ~PG_MAPPED, __ATOMIC_RELEASE);
		} else {
			int plain = refs - (int)page->pins * GUP_PIN_COUNTING_BIAS -
				    !!(page->flags & PG_MAPPED);

			unpin = page->gets && (int)page->gets > plain;
			page->gets -= unpin;
		}
		spin_unlock(&page->lock);
	}
	if (refs < 0)
		grt_bug((unsigned long)page_address(page), "put_page() of a page that is free");
	if (unpin)
		grt_unpin(page_to_phys(page));
	if (!refs)
		free_run(page);
}

void put_page(struct page *page)
{
	put_reference(page, false);
}

void grt_page_map(struct page *page)
{
	__atomic_fetch_or(&page->flags, PG_MAPPED, __ATOMIC_RELAXED);
}

void grt_page_unmap(struct page *page)
{
	put_reference(page, true);
}

int set_page_dirty(struct page *page)
{
	return !(__atomic_fetch_or(&page->flags, PG_DIRTY, __ATOMIC_RELAXED) & PG_DIRTY);
}

int set_page_dirty_lock(struct page *page)
{
	return set_page_dirty(page);
}

bool PageDirty(const struct page *page)
{
	return READ_ONCE(page->flags) & PG_DIRTY;
}

void ClearPageDirty(struct page *page)
{
	__atomic_fetch_and(&page->flags, ~PG_DIRTY, __ATOMIC_RELAXED);
}
