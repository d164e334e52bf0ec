/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages that are got again cost no request, and the host counts no pin too few, nor, once they are
 * asked back, one too many. */
#include "selftest.h"
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <slabvisor/kmem.h>
#include <slabvisor/smp.h>
#include <slabvisor/user.h>

#define AROUND 64ul /* LEASE_AROUND of guest/lib/vm/lease.h */
#define MANY   512

static struct page *page[MANY];

/* What the host counts, with the pins that are in no use; pages_pinned() has it drop these. */
static u64 host_pins(void)
{
	struct virtio_kmem_stats stats;

	if (kmem_channel()->ops->stats(smp_processor_id(), 0, &stats))
		return ~0ull;
	return stats.pages_pinned;
}

/* User memory of so many pages, present, that begins where leases are taken together. */
static unsigned long present_area(unsigned long pages)
{
	unsigned long addr =
		user_mmap(AROUND << 30, pages * PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_FIXED_NOREPLACE);

	return IS_ERR_VALUE(addr) ? 0 : addr;
}

/* Gets one page and lets go of it again. Returns how many requests that took; 1000: it failed. */
static u64 requests_for(unsigned long addr, bool pin)
{
	u64 before = kicks_here();

	if (pin) {
		if (pin_user_pages_fast(addr, 1, 0, page) != 1)
			return 1000;
		unpin_user_page(page[0]);
	} else {
		if (get_user_pages_fast(addr, 1, 0, page) != 1)
			return 1000;
		put_page(page[0]);
	}
	return kicks_here() - before;
}

static void hits(void)
{
	u64 pinned = pages_pinned();
	unsigned long area = present_area(2 * AROUND);
	u64 requests = 0;

	if (!area) {
		check(area, "lease: user memory for it");
		return;
	}
	check(requests_for(area + 5 * PAGE_SIZE, true) == 1, "lease: the first pin is one request");
	check(requests_for(area + 5 * PAGE_SIZE, true) == 0, "lease: the second is none");
	check(requests_for(area + 5 * PAGE_SIZE, false) == 0,
	      "lease: it serves get_user_pages_fast() as well");
	for (unsigned long i = 0; i < AROUND; i++)
		requests += requests_for(area + i * PAGE_SIZE, true);
	check(requests == 0, "lease: nor are those of the pages around it");
	check(requests_for(area + AROUND * PAGE_SIZE, false) == 1,
	      "lease: one further on is a request");
	check(host_pins() >= pinned + 2 * AROUND, "lease: the host counts a pin for each");
	check(pin_user_pages_fast(area, 2, 0, page) == 2 && host_pins() >= pinned + 2 &&
		      pages_pinned() == pinned + 2,
	      "lease: once they are asked back it counts what is in use");
	unpin_user_pages(page, 2);
	check(requests_for(area, true) == 0 && pages_pinned() == pinned,
	      "lease: what is dropped after that is one again");
	kmem_give_back();
	check(host_pins() == pinned, "lease: none is left where memory is asked back");
	check(requests_for(area, true) == 1 && !user_munmap(area, 2 * AROUND * PAGE_SIZE),
	      "lease: then it begins anew");
	/* A sleep of no time sleeps all the same, and so does one whose time the host took. */
	msleep(0);
	check(host_pins() == pinned, "lease: they end with the mapping of their pages");
}

/* Pages that are not there, or may be used in another way, are left alone. */
static void neighbours(void)
{
	unsigned long area = present_area(AROUND);
	unsigned long half = AROUND / 2 * PAGE_SIZE;
	unsigned long resident;
	u64 pinned = pages_pinned();

	if (!area || user_mprotect(area, half, PROT_READ)) {
		check(false, "lease: user memory with two permissions");
		return;
	}
	check(requests_for(area, true) == 1 && host_pins() == pinned + AROUND / 2,
	      "lease: of neighbours with the same permission only");
	check(pages_pinned() == pinned && requests_for(area + half, true) == 1 &&
		      host_pins() == pinned + AROUND / 2,
	      "lease: those with another have their own");
	check(get_user_pages_fast(area, 1, FOLL_WRITE, page) == -EFAULT,
	      "lease: of a page that may be read lets nobody write");
	check(!user_mprotect(area, AROUND * PAGE_SIZE, PROT_NONE) &&
		      get_user_pages_fast(area, 1, 0, page) == -EFAULT &&
		      !user_mprotect(area, AROUND * PAGE_SIZE, PROT_READ) &&
		      requests_for(area + half, false) == 0,
	      "lease: serves nobody while its page may not be read");
	user_munmap(area, AROUND * PAGE_SIZE);

	area = user_mmap(AROUND << 30, AROUND * PAGE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE);
	if (IS_ERR_VALUE(area) || put_user(1, (int __user *)(area + PAGE_SIZE)) ||
	    put_user(1, (int __user *)(area + 7 * PAGE_SIZE))) {
		check(false, "lease: user memory that is partly there");
		return;
	}
	resident = user_resident_pages();
	pinned = pages_pinned();
	check(requests_for(area + PAGE_SIZE, true) == 1 && host_pins() == pinned + 2 &&
		      user_resident_pages() == resident,
	      "lease: brings no neighbour in that was never touched");
	user_munmap(area, AROUND * PAGE_SIZE);
	check(pages_pinned() == pinned, "lease: none is left of those");
}

/* For the next three: to make it takes its time where instructions are emulated. */
static unsigned long large;

static void many(void)
{
	unsigned long area = large;
	u64 pinned = pages_pinned();
	u64 before;
	int n;

	check(requests_for(area + 3 * PAGE_SIZE, true) == 1, "lease: of a few pages of many");
	before = kicks_here();
	n = get_user_pages_fast(area, MANY, FOLL_WRITE, page);
	check(n == MANY && kicks_here() - before == 1,
	      "get_user_pages_fast: one request for all pages of 512 that have no lease");
	before = kicks_here();
	for (int i = 0; i < n; i++)
		put_page(page[i]);
	n = get_user_pages_fast(area, MANY, FOLL_WRITE, page);
	check(n == MANY && kicks_here() == before, "get_user_pages_fast: none when all have");
	for (int i = 0; i < n; i++)
		put_page(page[i]);
	check(pages_pinned() == pinned, "lease: none is left of many");
}

/* Pages that are freed leave no pin, for which they would wait at the host. */
static void freed(void)
{
	unsigned long area = present_area(AROUND);
	unsigned long run = __get_free_pages(GFP_KERNEL, VIRTIO_KMEM_MAX_ORDER);
	u64 pinned = pages_pinned();

	if (!area || !run || pin_user_pages_fast(area, 1, 0, page) != 1) {
		check(false, "lease: user memory to free");
		return;
	}
	check(host_pins() == pinned + AROUND && !user_munmap(area, AROUND * PAGE_SIZE) &&
		      (debug_mode() || host_pins() > pinned + 1),
	      "lease: pins of pages that are freed are dropped together");
	/* A large run goes back with no detour; in debug modes each page does. */
	free_pages(run, VIRTIO_KMEM_MAX_ORDER);
	check(host_pins() == pinned + 1, "lease: before any page goes back to the host");
	unpin_user_page(page[0]);
	msleep(1);
	check(host_pins() == pinned, "lease: none is of a page that was unmapped in use");
}

/* Uses the quota up as a disk may, by pins of which the runtime keeps no account: n of one page. */
static u64 use_up(u64 frame)
{
	static u64 same[MANY];
	u64 n = 0;
	long got;

	for (int i = 0; i < MANY; i++)
		same[i] = frame;
	do {
		got = kmem_pin(MANY, same);
		n += got > 0 ? (u64)got : 0;
	} while (got == MANY);
	return n;
}

static void drop_all(u64 frame, u64 n)
{
	static u64 same[MANY];

	for (int i = 0; i < MANY; i++)
		same[i] = frame;
	for (u64 some; n; n -= some) {
		some = n < MANY ? n : MANY;
		kmem_unpin(some, same);
	}
}

/* The quota is used up, and page[] has the pages from start on, pinned: calls of which the host
 * grants a part. */
static void partly(unsigned long start)
{
	struct page *more[6];

	unpin_user_pages(page, 4);
	check(pin_user_pages_fast(start, 6, 0, page) == 4,
	      "pin_user_pages_fast: up to the first page without a lease, if the host has no pin");
	unpin_user_pages(page + 10, 2);
	check(pin_user_pages_fast(start - 2 * PAGE_SIZE, 6, 0, more) == 2,
	      "pin_user_pages_fast: as many as leases of other pages give way for");
	check(pin_user_pages_fast(start, 1, 0, more + 2) == -EAGAIN,
	      "pin_user_pages_fast: and no more");
	unpin_user_pages(more, 2);
	check(pin_user_pages_fast(start + 10 * PAGE_SIZE, 2, 0, page + 10) == 2,
	      "pin_user_pages_fast: again when these are dropped");
}

static void used_up(void)
{
	u64 pinned = pages_pinned();
	unsigned long area = large;
	struct page *one;
	u64 others;
	int n;

	if (get_user_pages_fast(area, 1, 0, &one) != 1) {
		check(false, "lease: a page to pin");
		return;
	}
	for (unsigned long i = 0; i < 4; i++)
		requests_for(area + i * AROUND * PAGE_SIZE, true);
	others = use_up(page_to_phys(one));
	check(host_pins() == kmem_channel()->pin_quota && others, "lease: a quota that is used up");
	n = pin_user_pages_fast(area + MANY / 2 * PAGE_SIZE, MANY / 2, 0, page);
	check(n == 4 * AROUND, "lease: gives way to pins that are in use");
	check(get_user_pages_fast(area + PAGE_SIZE, 1, 0, page + MANY - 1) == -EAGAIN,
	      "get_user_pages_fast: -EAGAIN when no lease is left to give way");
	if (n == MANY / 2)
		partly(area + MANY / 2 * PAGE_SIZE);
	unpin_user_pages(page, n > 0 ? (unsigned long)n : 0);
	drop_all(page_to_phys(one), others);
	put_page(one);
	check(pages_pinned() == pinned, "lease: all of the quota comes back");
}

/* As after an event that says so, the quota is a small one. */
static void half(void)
{
	u64 *quota = (u64 *)&kmem_channel()->pin_quota;
	u64 pinned = pages_pinned();
	unsigned long area = large;
	u64 was = *quota;
	int n;

	*quota = 200;
	n = get_user_pages_fast(area, MANY, 0, page);
	check(n == MANY, "lease: a quota of 200, which the host does not keep to");
	for (int i = 0; i < n; i++)
		put_page(page[i]);
	msleep(1);
	check(host_pins() <= pinned + 100, "lease: leaves half of the quota to others");
	for (unsigned long i = 0; i < MANY; i += AROUND)
		requests_for(area + i * PAGE_SIZE, true);
	msleep(1);
	check(host_pins() > pinned && host_pins() <= pinned + 100,
	      "lease: gives way to others that come later");
	*quota = was;
	check(pages_pinned() == pinned, "lease: none is left of what came later");
}

/* What one vCPU drops serves the others, and they count together. */
static struct {
	unsigned long area;
	u64 failures;
	u64 requests;
} shared;

static void get_and_put(void *arg)
{
	struct page *mine[4];
	u64 before = kicks_here();
	int n;

	(void)arg;
	for (unsigned int i = 0; i < 30; i++) {
		n = i % 2 ? pin_user_pages_fast(shared.area + i % AROUND * PAGE_SIZE, 4, 0, mine)
			  : get_user_pages_fast(shared.area + i % AROUND * PAGE_SIZE, 4, 0, mine);
		if (n != 4)
			__atomic_fetch_add(&shared.failures, 1, __ATOMIC_RELAXED);
		for (int k = 0; k < n; k++) {
			if (i % 2)
				unpin_user_page(mine[k]);
			else
				put_page(mine[k]);
		}
	}
	__atomic_fetch_add(&shared.requests, kicks_here() - before, __ATOMIC_RELAXED);
}

static void across_cpus(void)
{
	u64 pinned = pages_pinned();

	shared.area = present_area(2 * AROUND);
	if (!shared.area) {
		check(false, "lease: user memory for several vCPUs");
		return;
	}
	smp_call_all(get_and_put, NULL);
	check(!shared.failures && shared.requests < 20 * num_online_cpus(),
	      "lease: what a vCPU drops serves the others");
	check(pages_pinned() == pinned, "lease: and none is lost between them");
	user_munmap(shared.area, 2 * AROUND * PAGE_SIZE);
}

void test_lease(void)
{
	u64 before = objects_out();

	hits();
	neighbours();
	freed();
	large = present_area(MANY);
	check(large, "lease: user memory of many pages");
	if (large) {
		many();
		alone(used_up);
		half();
		user_munmap(large, MANY * PAGE_SIZE);
	}
	across_cpus();
	check(objects_out() == before, "lease: nothing leaked");
}
