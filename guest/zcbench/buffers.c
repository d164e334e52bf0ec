/* SPDX-License-Identifier: BSD-2-Clause */
/* The buffers of I/O: of the heap, or user memory that is pinned. */
#include "zcbench.h"
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <slabvisor/user.h>

#define RUN_ORDER 9 /* a run is a huge frame, so that slices share windows */

static int alloc_user(struct buffers *b, unsigned long pages)
{
	b->area = user_mmap(0, pages << PAGE_SHIFT, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS);
	if (IS_ERR_VALUE(b->area)) {
		int err = (int)b->area;

		b->area = 0;
		return err;
	}
	for (unsigned long done = 0; done < pages;) {
		int got = pin_user_pages_fast(b->area + (done << PAGE_SHIFT),
					      (int)min(pages - done, 512ul), FOLL_WRITE,
					      b->page + done);

		if (got <= 0) {
			unpin_user_pages(b->page, done);
			user_munmap(b->area, pages << PAGE_SHIFT);
			b->area = 0;
			return got ? got : -EFAULT;
		}
		done += (unsigned long)got;
	}
	return 0;
}

static int alloc_runs(struct buffers *b, unsigned long pages)
{
	struct page *run = NULL;

	b->order = min(get_order(pages << PAGE_SHIFT), RUN_ORDER);
	for (unsigned long i = 0; i < pages; i++) {
		unsigned long in = i & ((1ul << b->order) - 1);

		if (!in)
			run = alloc_pages(GFP_KERNEL, b->order);
		if (!run) {
			b->count = (unsigned int)(i / b->per);
			return -ENOMEM;
		}
		b->page[i] = run + in;
	}
	return 0;
}

int buffers_alloc(struct buffers *b, const struct options *o)
{
	unsigned long pages;
	int err;

	*b = (struct buffers){.user = o->user};
	b->per = (unsigned int)(PAGE_ALIGN(o->bs) >> PAGE_SHIFT);
	b->count = (unsigned int)max_t(u64, o->depth, o->buffers / (b->per * PAGE_SIZE));
	pages = (unsigned long)b->count * b->per;
	b->page = kvmalloc_array(pages, sizeof(*b->page), GFP_KERNEL);
	if (!b->page)
		return -ENOMEM;
	err = o->user ? alloc_user(b, pages) : alloc_runs(b, pages);
	if (err)
		buffers_free(b);
	return err;
}

void buffers_free(struct buffers *b)
{
	unsigned long pages = (unsigned long)b->count * b->per;

	if (b->user && b->area) {
		unpin_user_pages_dirty_lock(b->page, pages, true);
		user_munmap(b->area, pages << PAGE_SHIFT);
	}
	for (unsigned long i = 0; !b->user && i < pages; i += 1ul << b->order)
		__free_pages(b->page[i], b->order);
	kvfree(b->page);
	b->page = NULL;
}
