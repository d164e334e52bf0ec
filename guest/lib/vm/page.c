/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory by the page, and references to it. */
#include "guest/lib/vm/page.h"
#include "guest/lib/machine/grt.h"
#include "guest/lib/vm/lease.h"
#include <linux/bug.h>
#include <linux/limits.h>
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

/* After a reference was dropped: the page has so many now, and pins that the host is to drop. */
static void dropped(struct page *page, int refs, unsigned int unpin)
{
	if (refs < 0)
		grt_bug((unsigned long)page_address(page), "put_page() of a page that is free");
	for (; unpin; unpin--)
		grt_unpin(page_to_phys(page));
	if (!refs)
		free_run(page);
}

/* Tells whether the reference that was dropped just now was a FOLL_GET's: if only such are left
 * besides the mapping's. The caller holds the page's lock. */
static bool was_get(const struct page *page, int refs)
{
	int plain = refs - (int)page->pins * GUP_PIN_COUNTING_BIAS - !!(page->flags & PG_MAPPED);

	return page->gets && (int)page->gets > plain;
}

void put_page(struct page *page)
{
	unsigned int unpin = 0;
	int refs;

	/* A page gets FOLL_GET references only while it is mapped. Acquire: its count of
	 * them is read after the mapping is seen to be gone. */
	if (!(__atomic_load_n(&page->flags, __ATOMIC_ACQUIRE) & PG_MAPPED) &&
	    !READ_ONCE(page->gets)) {
		/* Fully ordered: what was done to the page comes before its end. */
		refs = atomic_dec_return(&page->_refcount);
	} else {
		spin_lock(&page->lock);
		refs = atomic_dec_return(&page->_refcount);
		if (was_get(page, refs)) {
			page->gets--;
			unpin = !grt_lease_keep(page);
		}
		spin_unlock(&page->lock);
	}
	dropped(page, refs, unpin);
}

void grt_page_map(struct page *page)
{
	__atomic_fetch_or(&page->flags, PG_MAPPED, __ATOMIC_RELAXED);
}

void grt_page_unmap(struct page *page)
{
	unsigned int leases;
	int refs;

	spin_lock(&page->lock);
	refs = atomic_dec_return(&page->_refcount);
	/* Release: see put_page(). */
	__atomic_fetch_and(&page->flags, ~PG_MAPPED, __ATOMIC_RELEASE);
	leases = grt_lease_end(page);
	spin_unlock(&page->lock);
	dropped(page, refs, leases);
}

bool grt_page_take(struct page *page, bool pin, bool *leased)
{
	int more = pin ? GUP_PIN_COUNTING_BIAS : 1;

	spin_lock(&page->lock);
	/* Others, which hold no lock, add a few at most meanwhile. */
	if (atomic_read(&page->_refcount) > INT_MAX - GUP_PIN_COUNTING_BIAS - more) {
		spin_unlock(&page->lock);
		return false;
	}
	if (pin)
		page->pins++;
	else
		page->gets++;
	atomic_add(more, &page->_refcount);
	*leased = page->leases;
	if (page->leases)
		page->leases--;
	spin_unlock(&page->lock);
	return true;
}

bool grt_page_held(struct page *page)
{
	bool is_held;

	spin_lock(&page->lock);
	is_held = page->pins || page->gets || page->leases;
	spin_unlock(&page->lock);
	return is_held;
}

void grt_page_untake(struct page *page, bool pin)
{
	int refs;

	spin_lock(&page->lock);
	if (pin)
		page->pins--;
	else
		page->gets--;
	refs = atomic_sub_return(pin ? GUP_PIN_COUNTING_BIAS : 1, &page->_refcount);
	spin_unlock(&page->lock);
	dropped(page, refs, 0);
}

bool grt_page_unpin(struct page *page)
{
	unsigned int unpin = 0;
	int refs = 0;
	bool pinned;

	spin_lock(&page->lock);
	pinned = page->pins;
	if (pinned) {
		page->pins--;
		refs = atomic_sub_return(GUP_PIN_COUNTING_BIAS, &page->_refcount);
		unpin = !grt_lease_keep(page);
	}
	spin_unlock(&page->lock);
	if (pinned)
		dropped(page, refs, unpin);
	return pinned;
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
