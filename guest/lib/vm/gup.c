/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * get_user_pages_fast() and its kin. A page so got is pinned at the host, once for
 * each reference, so that the host neither reuses nor discards it while a device
 * may touch it. Pins are asked for a batch at a time and dropped a batch at a time.
 */
#include "guest/lib/machine/grt.h"
#include "guest/lib/vm/mmap.h"
#include "guest/lib/vm/page.h"
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <slabvisor/kmem.h>

#define BATCH VIRTIO_KMEM_MAX_BATCH /* pages under the lock at once, and a request */

/* Two of them have nothing to be about here: there is no memory of devices, and no mapping
 * is taken away to see who faults. */
#define FOLL_ANYONE                                                                  \
	(FOLL_WRITE | FOLL_FORCE | FOLL_NOFAULT | FOLL_FAST_ONLY | FOLL_PCI_P2PDMA | \
	 FOLL_HONOR_NUMA_FAULT)

/* Takes a reference; the caller holds the user lock, under which the page is mapped.
 * False: it has as many as can be counted. */
static bool take(struct page *page, bool pin)
{
	int more = pin ? GUP_PIN_COUNTING_BIAS : 1;

	spin_lock(&page->lock);
	/* Others, which hold no lock, add a few at most meanwhile. */
	if (atomic_read(&page->_refcount) > INT_MAX - GUP_PIN_COUNTING_BIAS - more) {
		spin_unlock(&page->lock);
		return false;
	}
	if (pin) {
		page->pins++;
		atomic_add(GUP_PIN_COUNTING_BIAS, &page->_refcount);
	} else {
		page->gets++;
		atomic_inc(&page->_refcount);
	}
	spin_unlock(&page->lock);
	return true;
}

/* Drops one that the host has not pinned. */
static void untake(struct page *page, bool pin)
{
	spin_lock(&page->lock);
	if (pin) {
		page->pins--;
		atomic_sub(GUP_PIN_COUNTING_BIAS - 1, &page->_refcount);
	} else {
		page->gets--;
	}
	spin_unlock(&page->lock);
	put_page(page);
}

/* Pins the batch at the host; if the quota is short, tries again with what the
 * program has given back. Returns how many, or a negative errno if none. */
static long pin_at_host(size_t n, const u64 *addr)
{
	long got = kmem_pin(n, addr);
	long more;

	if (got == (long)n || (got < 0 && got != -EAGAIN))
		return got;
	grt_unpin_flush();
	if (got < 0)
		return kmem_pin(n, addr);
	more = kmem_pin(n - (size_t)got, addr + got);
	return got + max_t(long, more, 0);
}

/* Up to BATCH pages; as the callers' return values. */
static long get_batch(unsigned long start, size_t n, unsigned int gup_flags, struct page **pages)
{
	const bool pin = gup_flags & FOLL_PIN;
	struct page *local[BATCH];
	u64 addr[BATCH];
	size_t taken;
	long pinned;
	int err = 0;

	user_lock();
	for (taken = 0; taken < n; taken++) {
		err = user_page(start + taken * PAGE_SIZE, gup_flags, &local[taken]);
		if (!err && !take(local[taken], pin))
			err = -ENOMEM;
		if (err)
			break;
		addr[taken] = page_to_phys(local[taken]);
	}
	user_unlock();
	if (!taken)
		return err;

	pinned = pin_at_host(taken, addr);
	for (size_t i = (size_t)max_t(long, pinned, 0); i < taken; i++)
		untake(local[i], pin);
	for (long i = 0; i < pinned; i++) {
		if (pages)
			pages[i] = local[i];
		else
			put_page(local[i]);
	}
	return pinned;
}

static int get_range(unsigned long start, int nr_pages, unsigned int gup_flags, struct page **pages)
{
	unsigned long len;
	unsigned long end;
	int got = 0;

	if (nr_pages <= 0)
		return 0;
	start &= PAGE_MASK;
	len = (unsigned long)nr_pages << PAGE_SHIFT;
	if (__builtin_add_overflow(start, len, &end))
		return -EOVERFLOW;
	if (end > TASK_SIZE)
		return -EFAULT;
	while (got < nr_pages) {
		size_t n = min_t(size_t, (size_t)(nr_pages - got), BATCH);
		long more = get_batch(start + (unsigned long)got * PAGE_SIZE, n, gup_flags,
				      pages ? pages + got : NULL);

		if (more < 0)
			return got ? got : (int)more;
		got += (int)more;
		if (more < (long)n)
			break;
	}
	return got;
}

static int get(unsigned long start, int nr_pages, unsigned int gup_flags, struct page **pages)
{
	int got;

	/* Only what the page tables let the CPU do right now. */
	if (gup_flags & FOLL_FAST_ONLY)
		gup_flags = (gup_flags | FOLL_NOFAULT) & ~(unsigned int)FOLL_FORCE;
	got = get_range(start, nr_pages, gup_flags, pages);
	return gup_flags & FOLL_FAST_ONLY ? max(got, 0) : got;
}

int get_user_pages_fast(unsigned long start, int nr_pages, unsigned int gup_flags,
			struct page **pages)
{
	if (gup_flags & ~(unsigned int)(FOLL_ANYONE | FOLL_GET))
		return -EINVAL;
	return get(start, nr_pages, gup_flags, pages);
}

int get_user_pages_fast_only(unsigned long start, int nr_pages, unsigned int gup_flags,
			     struct page **pages)
{
	return max(get_user_pages_fast(start, nr_pages, gup_flags | FOLL_FAST_ONLY, pages), 0);
}

int pin_user_pages_fast(unsigned long start, int nr_pages, unsigned int gup_flags,
			struct page **pages)
{
	if (!pages || (gup_flags & ~(unsigned int)(FOLL_ANYONE | FOLL_PIN | FOLL_LONGTERM)))
		return -EINVAL;
	return get(start, nr_pages, gup_flags | FOLL_PIN, pages);
}

int pin_user_pages_fast_only(unsigned long start, int nr_pages, unsigned int gup_flags,
			     struct page **pages)
{
	return max(pin_user_pages_fast(start, nr_pages, gup_flags | FOLL_FAST_ONLY, pages), 0);
}

void unpin_user_page(struct page *page)
{
	bool pinned;

	spin_lock(&page->lock);
	pinned = page->pins;
	if (pinned) {
		page->pins--;
		/* One reference is left for put_page(), which knows how to be the last. */
		atomic_sub(GUP_PIN_COUNTING_BIAS - 1, &page->_refcount);
	}
	spin_unlock(&page->lock);
	if (WARN(!pinned, "unpin_user_page() of a page that is not pinned"))
		return;
	grt_unpin(page_to_phys(page));
	put_page(page);
}

void unpin_user_pages(struct page **pages, unsigned long nr_pages)
{
	for (unsigned long i = 0; i < nr_pages; i++)
		unpin_user_page(pages[i]);
}

void unpin_user_pages_dirty_lock(struct page **pages, unsigned long nr_pages, bool make_dirty)
{
	for (unsigned long i = 0; i < nr_pages; i++) {
		if (make_dirty)
			set_page_dirty_lock(pages[i]);
		unpin_user_page(pages[i]);
	}
}

bool page_maybe_dma_pinned(struct page *page)
{
	return (unsigned int)page_count(page) >= GUP_PIN_COUNTING_BIAS;
}
