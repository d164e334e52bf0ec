// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The kernel's pins of user memory, which the host is told of where the memory is its own. */
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "slabvisor/kmem.h"
#include "slabvisor/svm.h"

#include "enter.h"
#include "priv.h"

#define BATCH 64 /* on the stack */

static bool hosts(struct page *page)
{
	return sv_in_window(page_to_virt(page));
}

void sv_host_unpin(size_t n, struct page **page)
{
	u64 addr[BATCH];
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (!hosts(page[i]))
			continue;
		addr[k++] = page_to_phys(page[i]);
		if (k == BATCH) {
			sv_unpin_frames(k, addr);
			k = 0;
		}
	}
	if (k)
		sv_unpin_frames(k, addr);
}

int sv_host_pin(size_t n, struct page **page)
{
	u64 addr[BATCH];
	size_t first = 0; /* of those in addr[] */
	size_t k = 0;
	long got;

	for (size_t i = 0; i <= n; i++) {
		if (k == BATCH || (i == n && k)) {
			got = sv_pin_frames(k, addr);
			if (got != (long)k) {
				if (got > 0)
					sv_unpin_frames(got, addr);
				sv_host_unpin(first, page);
				return got < 0 ? (int)got : -ENOSPC;
			}
			k = 0;
			first = i;
		}
		if (i < n && hosts(page[i]))
			addr[k++] = page_to_phys(page[i]);
	}
	return 0;
}

int svm_get_user_pages_fast(unsigned long start, int nr, unsigned int flags, struct page **pages)
{
	int got = nr > 0 ? get_user_pages_fast(start, nr, flags, pages) : 0;
	int err;

	if (got <= 0)
		return got;
	err = sv_host_pin(got, pages);
	if (!err)
		return got;
	for (int i = 0; i < got; i++)
		put_page(pages[i]);
	return err;
}
EXPORT_SYMBOL_GPL(svm_get_user_pages_fast);

void svm_put_page(struct page *page)
{
	sv_host_unpin(1, &page);
	put_page(page);
}
EXPORT_SYMBOL_GPL(svm_put_page);

int svm_pin_user_pages_fast(unsigned long start, int nr, unsigned int flags, struct page **pages)
{
	int got = nr > 0 ? pin_user_pages_fast(start, nr, flags, pages) : 0;
	int err;

	if (got <= 0)
		return got;
	err = sv_host_pin(got, pages);
	if (!err)
		return got;
	unpin_user_pages(pages, got);
	return err;
}
EXPORT_SYMBOL_GPL(svm_pin_user_pages_fast);

void svm_unpin_user_pages_dirty_lock(struct page **pages, unsigned long nr, bool make_dirty)
{
	sv_host_unpin(nr, pages);
	unpin_user_pages_dirty_lock(pages, nr, make_dirty);
}
EXPORT_SYMBOL_GPL(svm_unpin_user_pages_dirty_lock);

void svm_unpin_user_page(struct page *page)
{
	sv_host_unpin(1, &page);
	unpin_user_page(page);
}
EXPORT_SYMBOL_GPL(svm_unpin_user_page);
