/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory by the page, and references to it. */
#include "guest/lib/vm/page.h"
#include "guest/lib/machine/grt.h"
#include "guest/lib/vm/lease.h"
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <slabvisor/kmem.h>
#include <slabvisor/kmem_port.h>

static unsigned int run_order(const struct page *page)
{
	return (page->flags >> PG_ORDER_SHIFT) & PG_ORDER_MASK;
}

/* Has a run's references be counted, from one on; its tails' there, too, if it is compound. */
static void run_count(struct page *page, unsigned int order, bool compound)
{
	const unsigned long head = compound && order ? PG_HEAD : 0;

	page->private = 0;
	page->compound_head = 0;
	atomic_set(&page->_refcount, 1);
	for (unsigned int i = 1; head && i < 1u << order; i++)
		WRITE_ONCE(page[i].compound_head, (unsigned long)page + 1);
	/* Release: see kmem_run_put() and adopt(). */
	__atomic_store_n(&page->flags, PG_RUN | head | (unsigned long)order << PG_ORDER_SHIFT,
			 __ATOMIC_RELEASE);
}

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
	run_count(page, order, gfp & __GFP_COMP);
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

static struct page *split_head(struct page *page)
{
	return page - (page_to_pfn(page) & ((1ul << run_order(page)) - 1));
}

/* A page of a split run is free. The run goes back with its last. */
static void free_split(struct page *page)
{
	struct page *head = split_head(page);
	unsigned int order = run_order(page);
	unsigned long left;

	/* The first page keeps the count, and what the run is. */
	__atomic_fetch_and(&page->flags, ~(PG_SPLIT | PG_DIRTY), __ATOMIC_RELAXED);
	/* Acquire and release: whatever was done to any of them comes before. */
	left = __atomic_sub_fetch(&head->flags, 1ul << PG_LEFT_SHIFT, __ATOMIC_ACQ_REL);
	if (left >> PG_LEFT_SHIFT)
		return;
	for (unsigned int i = 0; i < 1u << order; i++)
		head[i].flags = 0;
	kmem_pages_free(page_to_phys(head), order);
}

/* The last reference is gone. */
static void free_run(struct page *page)
{
	unsigned int order = run_order(page);

	if (page->flags & PG_SPLIT) {
		free_split(page);
		return;
	}
	/* Pages that were not allocated here (a slab's) are only counted. */
	if (!(page->flags & PG_RUN))
		return;
	for (unsigned int i = 1; (page->flags & PG_HEAD) && i < 1u << order; i++)
		page[i].compound_head = 0;
	page->flags = 0;
	kmem_pages_free(page_to_phys(page), order);
}

void __free_pages(struct page *page, unsigned int order)
{
	unsigned int had = page->flags & PG_SPLIT ? 0 : run_order(page);

	if (!(page->flags & (PG_RUN | PG_SPLIT)) || atomic_read(&page->_refcount) <= 0)
		grt_bug((unsigned long)page_address(page),
			"free of a page that is not allocated, or not the first of its run");
	WARN(had != order, "a run of order %u is freed as one of order %u", had, order);
	put_page(page);
}

void split_page(struct page *page, unsigned int order)
{
	if (!(page->flags & PG_RUN) || page->flags & (PG_HEAD | PG_SPLIT) ||
	    run_order(page) != order)
		grt_bug((unsigned long)page_address(page),
			"split_page() of what is no run of order %u, or is compound", order);
	if (!order)
		return;
	for (unsigned int i = 1; i < 1u << order; i++) {
		page[i].private = 0;
		page[i].flags = PG_SPLIT | (unsigned long)order << PG_ORDER_SHIFT;
		atomic_set(&page[i]._refcount, 1);
	}
	page->flags |= PG_SPLIT | 1ul << (PG_LEFT_SHIFT + order);
}

void free_pages(unsigned long addr, unsigned int order)
{
	if (addr)
		__free_pages(virt_to_page((const void *)addr), order);
}

void *alloc_pages_exact(size_t size, gfp_t gfp)
{
	unsigned int order = (unsigned int)get_order(size);
	struct page *page;

	if (WARN_ON_ONCE(gfp & (__GFP_COMP | __GFP_HIGHMEM)))
		gfp &= ~(__GFP_COMP | __GFP_HIGHMEM);
	page = alloc_pages(gfp, order);
	if (!page)
		return NULL;
	split_page(page, order);
	for (unsigned int i = (unsigned int)PFN_UP(size); i < 1u << order; i++)
		put_page(page + i);
	return page_address(page);
}

void free_pages_exact(void *addr, size_t size)
{
	for (size_t at = 0; at < size; at += PAGE_SIZE)
		free_page((unsigned long)addr + at);
}

void *mempool_alloc_pages(gfp_t gfp, void *pool_data)
{
	return alloc_pages(gfp, (unsigned int)(long)pool_data);
}

void mempool_free_pages(void *element, void *pool_data)
{
	__free_pages(element, (unsigned int)(long)pool_data);
}

/* The first page of the run that a frame is in, which is handed out; NULL: it is a slab's. */
static struct page *run_first(const struct page *page, unsigned int *order)
{
	u64 addr = page_to_phys(page);
	u8 kind = kmem_page_kind(addr);

	for (*order = 0; kind == VIRTIO_KMEM_PM_TAIL && *order <= VIRTIO_KMEM_MAX_ORDER; ++*order) {
		u64 first = addr & ~((PAGE_SIZE << *order) - 1);

		/* A run that begins here and is too short for it is another. */
		if (kmem_page_kind(first) == VIRTIO_KMEM_PM_RUN + *order)
			return phys_to_page(first);
	}
	*order = kind - VIRTIO_KMEM_PM_RUN;
	return *order <= VIRTIO_KMEM_MAX_ORDER ? phys_to_page(addr) : NULL;
}

/* Memory of kmalloc() has one reference, kfree()'s, that nobody counts as long as there is no
 * other. A large piece is a compound page: its run is counted from here on. */
static struct page *adopt(struct page *page)
{
	unsigned int order;
	struct page *first;

	if (kmem_page_kind(page_to_phys(page)) == VIRTIO_KMEM_PM_NONE)
		return page;
	first = run_first(page, &order);
	if (!first) {
		/* A slab's. Its page goes when the slab does, whatever is counted. */
		atomic_cmpxchg(&page->_refcount, 0, 1);
		return page;
	}
	spin_lock(&first->lock);
	if (!(first->flags & PG_RUN))
		run_count(first, order, true);
	spin_unlock(&first->lock);
	return compound_head(page);
}

int page_count(const struct page *page)
{
	int count = atomic_read(&compound_head(page)->_refcount);
	const struct page *first;
	unsigned int order;

	if (count || kmem_page_kind(page_to_phys(page)) == VIRTIO_KMEM_PM_NONE)
		return count;
	first = run_first(page, &order);
	return !first || !(first->flags & PG_RUN);
}

bool kmem_run_put(u64 addr)
{
	struct page *page = phys_to_page(addr);

	/* Acquire: whoever has it counted has set it up. */
	if (!(__atomic_load_n(&page->flags, __ATOMIC_ACQUIRE) & PG_RUN))
		return false;
	put_page(page);
	return true;
}

void get_page(struct page *page)
{
	int refs;

	page = compound_head(page);
	if (unlikely(!atomic_read(&page->_refcount)))
		page = adopt(page);
	refs = atomic_inc_return(&page->_refcount);
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

static unsigned int maps(unsigned long flags)
{
	return (flags & PG_MAPPED) >> PG_MAP_SHIFT;
}

/* Tells whether the reference that was dropped just now was a FOLL_GET's: if only such are left
 * besides the mapping's. The caller holds the page's lock. */
static bool was_get(const struct page *page, int refs)
{
	int plain = refs - (int)page->pins * GUP_PIN_COUNTING_BIAS - (int)maps(page->flags);

	return page->gets && (int)page->gets > plain;
}

void put_page(struct page *page)
{
	unsigned int unpin = 0;
	int refs;

	page = compound_head(page);
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
	__atomic_fetch_or(&page->flags, PG_ANON | PG_MAP_ONE, __ATOMIC_RELAXED);
}

int grt_page_insert(struct page *page)
{
	int err = 0;

	if (!page_count(page))
		return -EINVAL;
	get_page(page);
	page = compound_head(page);
	spin_lock(&page->lock);
	if (!(page->flags & (PG_RUN | PG_SPLIT)) || page->flags & PG_ANON)
		err = -EINVAL;
	else if ((page->flags & PG_MAPPED) == PG_MAPPED)
		err = -ENOMEM;
	else
		__atomic_fetch_add(&page->flags, PG_MAP_ONE, __ATOMIC_RELAXED);
	spin_unlock(&page->lock);
	if (err)
		put_page(page);
	return err;
}

void grt_page_unmap(struct page *page)
{
	unsigned int leases = 0;
	int refs;

	spin_lock(&page->lock);
	refs = atomic_dec_return(&page->_refcount);
	/* Release: see put_page(). */
	if (!maps(__atomic_sub_fetch(&page->flags, PG_MAP_ONE, __ATOMIC_RELEASE))) {
		__atomic_fetch_and(&page->flags, ~PG_ANON, __ATOMIC_RELAXED);
		leases = grt_lease_end(page);
	}
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

bool PageHead(const struct page *page)
{
	return READ_ONCE(page->flags) & PG_HEAD;
}

bool PageTail(const struct page *page)
{
	return compound_head(page) != page;
}

bool PageCompound(const struct page *page)
{
	return PageHead(page) || PageTail(page);
}

unsigned int compound_order(const struct page *page)
{
	return PageHead(page) ? run_order(page) : 0;
}
