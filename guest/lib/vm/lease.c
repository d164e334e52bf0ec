/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/lib/vm/lease.h"
#include "guest/lib/machine/grt.h"
#include "guest/lib/vm/page.h"
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <slabvisor/kmem.h>
#include <slabvisor/kmem_port.h>

#define MAX_LEASES ((1u << 11) - 1) /* of a page: see struct page */
#define BATCH      VIRTIO_KMEM_MAX_BATCH

/*
 * Which pages to look at for leases. A page's bit is set under its lock and is so while it has
 * leases; that of a page whose leases have become pins again stays, since they will be leases soon.
 */
static struct {
	unsigned long *bit;
	unsigned long words;
	unsigned long marked; /* bits that are set */
	spinlock_t lock;      /* whoever looks at one page after the other holds it; page locks come
				 after */
	unsigned long hand;   /* the word to look at next; under the lock */
} lease;

/* A bit of a page comes on top of the page. */
_Static_assert(sizeof(struct page) < PLATFORM_PAGE_ROOM, "what the monitor leaves room for");

int grt_lease_init(void)
{
	lease.words = (grt_page_total() + BITS_PER_LONG - 1) / BITS_PER_LONG;
	lease.bit = grt_ram_alloc_top(lease.words * sizeof(*lease.bit));
	return lease.bit ? 0 : -ENOMEM;
}

/* Relaxed, here and below: who sets or clears a page's bit holds its lock, the words are shared
 * with other pages, and whoever reads a bit that has just changed finds out under the lock. */
static void mark(const struct page *page)
{
	unsigned long i = grt_page_number(page);
	unsigned long *word = &lease.bit[i / BITS_PER_LONG];

	if (__atomic_load_n(word, __ATOMIC_RELAXED) & BIT(i % BITS_PER_LONG))
		return;
	__atomic_fetch_or(word, BIT(i % BITS_PER_LONG), __ATOMIC_RELAXED);
	__atomic_fetch_add(&lease.marked, 1, __ATOMIC_RELAXED);
}

static void unmark(const struct page *page)
{
	unsigned long i = grt_page_number(page);
	unsigned long *word = &lease.bit[i / BITS_PER_LONG];

	if (!(__atomic_load_n(word, __ATOMIC_RELAXED) & BIT(i % BITS_PER_LONG)))
		return;
	__atomic_fetch_and(word, ~BIT(i % BITS_PER_LONG), __ATOMIC_RELAXED);
	__atomic_fetch_sub(&lease.marked, 1, __ATOMIC_RELAXED);
}

/* Most pins that the host may have of us while some of them are leases. */
static s64 most_held(void)
{
	return (s64)min_t(u64, READ_ONCE(kmem_channel()->pin_quota) / 2, S64_MAX);
}

bool grt_lease_keep(struct page *page)
{
	if (!(READ_ONCE(page->flags) & PG_MAPPED) || page->leases == MAX_LEASES ||
	    grt_pins_held() > most_held())
		return false;
	if (!page->leases++)
		mark(page);
	return true;
}

unsigned int grt_lease_end(struct page *page)
{
	unsigned int leases = page->leases;

	page->leases = 0;
	unmark(page);
	return leases;
}

void grt_lease_add(size_t n, const u64 *addr)
{
	for (size_t i = 0; i < n; i++) {
		struct page *page = phys_to_page(addr[i]);
		bool kept;

		spin_lock(&page->lock);
		kept = grt_lease_keep(page);
		spin_unlock(&page->lock);
		if (!kept)
			grt_unpin(addr[i]);
	}
}

/* Frames whose pins are dropped by one request. */
struct batch {
	size_t n;
	u64 addr[BATCH];
};

static void drop(struct batch *b, unsigned int pins, u64 addr)
{
	for (; pins; pins--) {
		b->addr[b->n++] = addr;
		if (b->n == BATCH) {
			grt_unpin_now(b->n, b->addr);
			b->n = 0;
		}
	}
}

/* Gives up leases, from where the last call left off: at least so many, if there are. */
static void give_up(unsigned long wanted)
{
	unsigned long had = 0;
	struct batch b;

	/* What is on its way already need not be looked for. */
	if (!READ_ONCE(lease.marked))
		return;
	b.n = 0;
	spin_lock(&lease.lock);
	for (unsigned long i = 0; i < lease.words && had < wanted && READ_ONCE(lease.marked); i++) {
		unsigned long at = lease.hand;
		unsigned long word = __atomic_load_n(&lease.bit[at], __ATOMIC_RELAXED);

		lease.hand = at + 1 < lease.words ? at + 1 : 0;
		for (; word; word &= word - 1) {
			struct page *page = grt_page_at(at * BITS_PER_LONG +
							(unsigned long)__builtin_ctzl(word));
			unsigned int leases;

			spin_lock(&page->lock);
			leases = grt_lease_end(page);
			spin_unlock(&page->lock);
			drop(&b, leases, page_to_phys(page));
			had += leases;
		}
	}
	if (b.n)
		grt_unpin_now(b.n, b.addr);
	spin_unlock(&lease.lock);
}

bool grt_lease_room(size_t n)
{
	if (grt_pins_held() + (s64)n <= most_held())
		return true;
	give_up(BATCH);
	return grt_pins_held() + (s64)n <= most_held();
}

void kmem_unpin_unused(void)
{
	give_up(~0ul);
	grt_unpin_flush();
}
