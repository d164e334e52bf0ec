/* SPDX-License-Identifier: BSD-2-Clause */
/* get_user_pages_fast and pin_user_pages_fast: pages of user memory kept in place. */
#include "selftest.h"
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <slabvisor/user.h>

#define PAGES 6

static struct page *pages[PAGES + 2];

static void put_all(int n)
{
	while (n > 0)
		put_page(pages[--n]);
}

static void references(void)
{
	u8 __user *area = user_area(PAGES, true);
	unsigned long start = (unsigned long)area;
	u64 pinned = pages_pinned();
	bool same = true;
	u64 word = 0;
	int n;

	check(area, "get_user_pages_fast: user memory for it");
	if (!area)
		return;
	n = get_user_pages_fast(start, PAGES, FOLL_WRITE, pages);
	check(n == PAGES, "get_user_pages_fast: faults in pages never touched, and pins all");
	check(pages_pinned() == pinned + (u64)(n > 0 ? n : 0),
	      "get_user_pages_fast: the host counts a pin each");
	for (int i = 0; i < n; i++) {
		u64 *kernel = page_address(pages[i]);

		same = same && !put_user(0x900du + (u64)i, (u64 __user *)(area + i * PAGE_SIZE)) &&
		       kernel[0] == 0x900du + (u64)i;
		kernel[1] = (u64)i * 3;
		same = same && !get_user(word, (u64 __user *)(area + i * PAGE_SIZE + 8)) &&
		       word == (u64)i * 3;
	}
	check(n > 0 && same, "get_user_pages_fast: the pages are the memory that the user sees");
	put_all(n);
	check(pages_pinned() == pinned, "put_page: drops the pins");
	n = get_user_pages_fast(start + 100, 2, 0, pages);
	check(n == 2 && ((u64 *)page_address(pages[0]))[0] == 0x900d,
	      "get_user_pages_fast: an address within a page means that page");
	put_all(n);
	check(get_user_pages_fast(start, 0, 0, pages) == 0, "get_user_pages_fast: 0 for no pages");
	check(get_user_pages_fast(start, -3, 0, pages) == 0,
	      "get_user_pages_fast: 0 for fewer than none");
	check(pages_pinned() == pinned, "get_user_pages_fast: no pin is left over");
	user_release(area, PAGES);
}

static void refusals(void)
{
	u8 __user *area = user_area(PAGES, true);
	unsigned long start = (unsigned long)area;
	u64 pinned = pages_pinned();
	int n;

	if (!area || user_protect(area + 4 * PAGE_SIZE, 1, false) ||
	    user_release(area + 5 * PAGE_SIZE, 1)) {
		check(false, "get_user_pages_fast: user memory with a read-only page and a hole");
		return;
	}
	n = get_user_pages_fast(start, PAGES, 0, pages);
	check(n == 5, "get_user_pages_fast: fewer than asked, up to a hole");
	put_all(n);
	n = get_user_pages_fast(start, PAGES, FOLL_WRITE, pages);
	check(n == 4, "get_user_pages_fast: for writing, up to a read-only page");
	put_all(n);
	check(get_user_pages_fast(start + 4 * PAGE_SIZE, 1, FOLL_WRITE, pages) == -EFAULT,
	      "get_user_pages_fast: -EFAULT for writing to a read-only mapping");
	check(get_user_pages_fast(start + 5 * PAGE_SIZE, 1, 0, pages) == -EFAULT,
	      "get_user_pages_fast: -EFAULT where nothing is mapped");
	check(get_user_pages_fast(PAGE_OFFSET + PAGE_SIZE, 1, 0, pages) == -EFAULT,
	      "get_user_pages_fast: -EFAULT beyond user space");
	check(get_user_pages_fast(TASK_SIZE - PAGE_SIZE, 2, 0, pages) == -EFAULT,
	      "get_user_pages_fast: -EFAULT for a range that leaves user space");
	check(get_user_pages_fast(-PAGE_SIZE, 2, 0, pages) == -EOVERFLOW,
	      "get_user_pages_fast: -EOVERFLOW for a range that wraps around");
	check(get_user_pages_fast(0, 1, 0, pages) == -EFAULT,
	      "get_user_pages_fast: -EFAULT at NULL");
	check(pages_pinned() == pinned, "get_user_pages_fast: refusals leave no pin");
	user_release(area, 5);
}

static void pins(void)
{
	u8 __user *area = user_area(PAGES, true);
	unsigned long start = (unsigned long)area;
	u64 pinned = pages_pinned();
	int n;
	int again;

	if (!area) {
		check(area, "pin_user_pages_fast: user memory for it");
		return;
	}
	n = pin_user_pages_fast(start, PAGES, FOLL_WRITE, pages);
	check(n == PAGES && pages_pinned() == pinned + PAGES,
	      "pin_user_pages_fast: the host counts a pin each");
	if (n != PAGES)
		return;
	check(page_count(pages[0]) >= GUP_PIN_COUNTING_BIAS && page_maybe_dma_pinned(pages[0]),
	      "pin_user_pages_fast: counted by the bias of %d", GUP_PIN_COUNTING_BIAS);
	again = pin_user_pages_fast(start, 1, 0, pages + PAGES);
	check(again == 1 && pages[PAGES] == pages[0] &&
		      page_count(pages[0]) >= 2 * GUP_PIN_COUNTING_BIAS,
	      "pin_user_pages_fast: a page can be pinned twice");
	if (again == 1)
		unpin_user_page(pages[PAGES]);
	check(page_maybe_dma_pinned(pages[0]), "unpin_user_page: drops one pin of two");
	*(u64 *)page_address(pages[1]) = 0xbeef;
	check(!user_release(area, PAGES), "user_munmap: succeeds for pinned pages");
	check(*(u64 *)page_address(pages[1]) == 0xbeef && pages_pinned() == pinned + PAGES,
	      "pin_user_pages_fast: a pinned page stays, whoever unmaps it");
	unpin_user_page(pages[0]);
	unpin_user_pages(pages + 1, 2);
	unpin_user_pages_dirty_lock(pages + 3, 3, true);
	check(pages_pinned() == pinned,
	      "unpin_user_pages, unpin_user_pages_dirty_lock: none is left");
}

/* A page with almost as many references as can be counted: as if pinned two million
 * times, by a change of the count itself. */
static void counting_limit(void)
{
	const int many = INT_MAX - 2 * GUP_PIN_COUNTING_BIAS;
	u8 __user *area = user_area(2, true);
	unsigned long start = (unsigned long)area;
	u64 pinned = pages_pinned();
	int n;
	int again;
	int got;

	n = area ? pin_user_pages_fast(start, 2, 0, pages) : 0;
	if (n != 2) {
		check(false, "pin_user_pages_fast: two pages to count references of");
		return;
	}
	atomic_add(many, &pages[1]->_refcount);
	again = pin_user_pages_fast(start + PAGE_SIZE, 1, 0, pages + 2);
	got = get_user_pages_fast(start + PAGE_SIZE, 1, 0, pages + 3);
	check(again == -ENOMEM && page_count(pages[1]) > 0,
	      "pin_user_pages_fast: -ENOMEM rather than a count that overflows");
	if (again == 1)
		unpin_user_page(pages[2]);
	if (got == 1)
		put_page(pages[3]);
	again = pin_user_pages_fast(start, 2, 0, pages + 2);
	check(again == 1, "pin_user_pages_fast: up to the page that has too many");
	unpin_user_pages(pages + 2, again > 0 ? (unsigned long)again : 0);
	atomic_sub(many, &pages[1]->_refcount);
	unpin_user_pages(pages, 2);
	check(pages_pinned() == pinned, "pin_user_pages_fast: no pin is left of those");
	user_release(area, 2);
}

static int get_one(u8 __user *area, unsigned int flags)
{
	int n = get_user_pages_fast((unsigned long)area, 1, flags, pages);

	put_all(n);
	return n;
}

/* The second of three pages has been touched. */
static void present_only(void)
{
	u8 __user *area = user_area(3, true);
	u8 __user *touched = area + PAGE_SIZE;
	unsigned long start = (unsigned long)area;
	unsigned long resident;
	u64 pinned = pages_pinned();
	int n;

	if (!area || put_user((u8)1, touched)) {
		check(false, "FOLL_NOFAULT: user memory for it");
		return;
	}
	resident = user_resident_pages();
	check(get_one(area, FOLL_NOFAULT) == -EFAULT,
	      "FOLL_NOFAULT: -EFAULT for a page never touched");
	n = pin_user_pages_fast(start + PAGE_SIZE, 2, FOLL_WRITE | FOLL_NOFAULT, pages);
	check(n == 1 && *(u8 *)page_address(pages[0]) == 1,
	      "FOLL_NOFAULT: up to a page never touched");
	unpin_user_pages(pages, n > 0 ? (unsigned long)n : 0);
	check(get_user_pages_fast(start, 2, FOLL_FAST_ONLY, pages) == 0,
	      "FOLL_FAST_ONLY: 0 in the place of -EFAULT");
	check(get_user_pages_fast_only(start, 2, 0, pages) == 0 &&
		      !get_user_page_fast_only(start, FOLL_WRITE, pages) &&
		      pin_user_pages_fast_only(start, 2, 0, pages) == 0,
	      "get_user_pages_fast_only: 0 for a page never touched");
	check(get_user_pages_fast_only(-PAGE_SIZE, 2, 0, pages) == 0 &&
		      get_user_pages_fast_only(start, 1, FOLL_PIN, pages) == 0 &&
		      pin_user_pages_fast_only(start, 1, FOLL_GET, pages) == 0,
	      "get_user_pages_fast_only: 0 for what is an error of others");
	n = get_user_pages_fast_only(start + PAGE_SIZE, 2, FOLL_WRITE, pages);
	check(n == 1 && pages_pinned() == pinned + 1,
	      "get_user_pages_fast_only: the pages that are there, pinned");
	put_all(n);
	n = pin_user_pages_fast_only(start + PAGE_SIZE, 2, FOLL_WRITE, pages);
	check(n == 1 && page_maybe_dma_pinned(pages[0]),
	      "pin_user_pages_fast_only: the same as pins");
	unpin_user_pages(pages, n > 0 ? (unsigned long)n : 0);
	check(user_resident_pages() == resident && pages_pinned() == pinned,
	      "FOLL_NOFAULT: no page was brought in, and no pin is left");
	user_release(area, 3);
}

static void forced(void)
{
	const unsigned int write = FOLL_WRITE | FOLL_FORCE;
	u8 __user *area = user_area(3, true);
	u8 __user *shared;
	unsigned long start = (unsigned long)area;
	unsigned long addr;
	u64 pinned = pages_pinned();
	u8 byte = 0;

	addr = user_mmap(0, PAGE_SIZE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS);
	shared = (u8 __user *)addr;
	if (!area || IS_ERR_VALUE(addr) || put_user((u8)7, area) || user_protect(area, 1, false) ||
	    user_mprotect(start + PAGE_SIZE, PAGE_SIZE, PROT_NONE) ||
	    user_release(area + 2 * PAGE_SIZE, 1)) {
		check(false, "FOLL_FORCE: user memory for it");
		return;
	}
	check(get_user_pages_fast(start, 1, write, pages) == 1,
	      "FOLL_FORCE: a private read-only page for writing");
	*(u8 *)page_address(pages[0]) = 8;
	put_page(pages[0]);
	check(!get_user(byte, area) && byte == 8 && put_user(byte, area),
	      "FOLL_FORCE: the store is seen, and the mapping is as it was");
	check(get_one(area, write | FOLL_NOFAULT) == 1, "FOLL_FORCE: also without faults");
	check(get_user_pages_fast_only(start, 1, write, pages) == 0,
	      "FOLL_FORCE: no effect on FOLL_FAST_ONLY");
	check(get_one(area + PAGE_SIZE, 0) == -EFAULT &&
		      get_one(area + PAGE_SIZE, FOLL_FORCE) == 1 &&
		      get_one(area + PAGE_SIZE, write) == 1 && get_user(byte, area + PAGE_SIZE),
	      "FOLL_FORCE: a page that may not be read");
	check(get_one(area + 2 * PAGE_SIZE, FOLL_FORCE) == -EFAULT,
	      "FOLL_FORCE: -EFAULT where nothing is mapped");
	check(get_one(shared, FOLL_FORCE) == 1 && get_one(shared, write) == -EFAULT,
	      "FOLL_FORCE: -EFAULT for writing to a shared read-only page");
	check(!user_mprotect(addr, PAGE_SIZE, PROT_NONE) && get_one(shared, write) == -EFAULT &&
		      !user_mprotect(addr, PAGE_SIZE, PROT_READ | PROT_WRITE) &&
		      get_one(shared, FOLL_WRITE) == 1,
	      "FOLL_FORCE: a shared mapping stays one when it is protected");
	check(pages_pinned() == pinned, "FOLL_FORCE: no pin is left over");
	user_munmap(addr, PAGE_SIZE);
	user_release(area, 2);
}

/* Flags that are for others, and those that make no difference. */
static void flags(void)
{
	u8 __user *area = user_area(1, true);
	unsigned long start = (unsigned long)area;
	int n;

	if (!area) {
		check(false, "get_user_pages_fast: user memory for flags");
		return;
	}
	check(get_one(area, FOLL_PIN) == -EINVAL && get_one(area, FOLL_LONGTERM) == -EINVAL &&
		      get_one(area, 0x2) == -EINVAL,
	      "get_user_pages_fast: -EINVAL for FOLL_PIN, FOLL_LONGTERM and what is not known");
	check(pin_user_pages_fast(start, 1, FOLL_GET, pages) == -EINVAL &&
		      pin_user_pages_fast(start, 1, 0, NULL) == -EINVAL,
	      "pin_user_pages_fast: -EINVAL for FOLL_GET, and without room for pages");
	check(get_one(area, FOLL_GET | FOLL_PCI_P2PDMA | FOLL_HONOR_NUMA_FAULT) == 1,
	      "get_user_pages_fast: flags that make no difference");
	n = pin_user_pages_fast(start, 1, FOLL_LONGTERM | FOLL_PCI_P2PDMA, pages);
	check(n == 1, "pin_user_pages_fast: the same");
	unpin_user_pages(pages, n > 0 ? (unsigned long)n : 0);
	user_release(area, 1);
}

void test_gup(void)
{
	u64 before = objects_out();

	references();
	refusals();
	pins();
	counting_limit();
	present_only();
	forced();
	flags();
	check(objects_out() == before, "gup family: nothing leaked");
}
