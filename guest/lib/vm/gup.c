/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * get_user_pages_fast() and its kin. A page so got is pinned at the host, once for
 * each reference, so that the host neither reuses nor discards it while a device
 * may touch it. A page that has a lease (lease.h) has that pin already; pins of the others are
 * asked for a batch at a time, with leases of their neighbours.
 */
#include "guest/lib/machine/grt.h"
#include "guest/lib/vm/lease.h"
#include "guest/lib/vm/mmap.h"
#include "guest/lib/vm/page.h"
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <slabvisor/kmem.h>
#include <slabvisor/kmem_port.h>

#define BATCH VIRTIO_KMEM_MAX_BATCH /* pages under the lock at once, and a request */

/* Two of them have nothing to be about here: there is no memory of devices, and no mapping
 * is taken away to see who faults. */
#define FOLL_ANYONE                                                                  \
	(FOLL_WRITE | FOLL_FORCE | FOLL_NOFAULT | FOLL_FAST_ONLY | FOLL_PCI_P2PDMA | \
	 FOLL_HONOR_NUMA_FAULT)

/* Pages that are got together. */
struct batch {
	size_t taken;              /* pages that have a reference */
	size_t missing;            /* of them those that had no lease, */
	u16 index[BATCH];          /* which these are, */
	u64 addr[BATCH];           /* and their frames; then those of neighbours */
	struct page *local[BATCH]; /* where the caller has no room for them */
};

/* Pins the frames at the host; if the quota is short, tries again with what the program has given
 * back or does not use. Returns how many, or a negative errno if none. */
static long pin_at_host(size_t n, const u64 *addr)
{
	long got = grt_pin(n, addr);
	long more;

	if (got == (long)n || (got < 0 && got != -EAGAIN))
		return got;
	kmem_unpin_unused();
	if (got < 0)
		return grt_pin(n, addr);
	more = grt_pin(n - (size_t)got, addr + got);
	return got + max_t(long, more, 0);
}

/* Takes references of up to n pages, under the user lock. The reason if it is fewer. */
static int take(struct batch *b, unsigned long start, size_t n, unsigned int gup_flags,
		struct page **pages)
{
	for (; b->taken < n; b->taken++) {
		struct page **page = &pages[b->taken];
		bool leased;
		int err = user_page(start + b->taken * PAGE_SIZE, gup_flags, page);

		if (!err && !grt_page_take(*page, gup_flags & FOLL_PIN, &leased))
			err = -ENOMEM;
		if (err)
			return err;
		if (!leased) {
			b->index[b->missing] = (u16)b->taken;
			b->addr[b->missing++] = page_to_phys(*page);
		}
	}
	return 0;
}

/* Adds to b->addr[] the frames of neighbours of the first page that is missing: of those that are
 * present in the same area and have no lease. Returns how many. They get no reference: whoever
 * unmaps one meanwhile is noticed when the lease is made. The caller holds the user lock. */
static size_t look_around(struct batch *b, unsigned long start)
{
	unsigned long at = start + b->index[0] * PAGE_SIZE;
	unsigned long from = round_down(at, LEASE_AROUND * PAGE_SIZE);
	struct page *around[LEASE_AROUND];
	size_t found = user_present(at, from, from + LEASE_AROUND * PAGE_SIZE, around);
	size_t n = 0;

	for (size_t i = 0; i < found && b->missing + n < BATCH; i++)
		if (!grt_page_held(around[i]))
			b->addr[b->missing + n++] = page_to_phys(around[i]);
	return n;
}

/* Has the host pin what is missing, and neighbours beside it. Returns how many of b->taken pages
 * have their pins then, from the first on, or a negative errno if none. */
static long pin_missing(struct batch *b, size_t ahead)
{
	size_t asked = b->missing + ahead;
	long pinned = pin_at_host(asked, b->addr);
	size_t first;

	if (pinned >= (long)b->missing) {
		grt_lease_add((size_t)pinned - b->missing, b->addr + b->missing);
		return (long)b->taken;
	}
	first = b->index[max_t(long, pinned, 0)];
	return first ? (long)first : pinned;
}

/* Drops the references from page i on that were taken and are not to be had: of those that are
 * missing, the host has pinned the first few. */
static void give_back(struct batch *b, size_t i, bool pin, struct page **pages)
{
	size_t m = 0;

	while (m < b->missing && b->index[m] < i)
		m++;
	for (; i < b->taken; i++) {
		if (m < b->missing && b->index[m] == i) {
			grt_page_untake(pages[i], pin);
			m++;
		} else if (pin) {
			grt_page_unpin(pages[i]);
		} else {
			put_page(pages[i]);
		}
	}
}

/* Up to BATCH pages; as the callers' return values. */
static long get_batch(unsigned long start, size_t n, unsigned int gup_flags, struct page **pages)
{
	struct batch b;
	struct page **page = pages ? pages : b.local;
	size_t ahead = 0;
	long got;
	int err;

	b.taken = 0;
	b.missing = 0;
	user_lock();
	err = take(&b, start, n, gup_flags, page);
	if (b.missing && grt_lease_room(b.missing + LEASE_AROUND))
		ahead = look_around(&b, start);
	user_unlock();
	if (!b.taken)
		return err;

	got = (long)b.taken;
	if (b.missing) {
		got = pin_missing(&b, ahead);
		give_back(&b, (size_t)max_t(long, got, 0), gup_flags & FOLL_PIN, page);
	}
	for (long i = 0; !pages && i < got; i++)
		put_page(page[i]);
	return got;
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
	WARN(!grt_page_unpin(page), "unpin_user_page() of a page that is not pinned");
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
