// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Anonymous memory of a process on pages of the window: by the way the kernel moves it to memory of
 * devices (mm/migrate_device.c). */
#include <linux/highmem.h>
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "priv.h"

#define CHUNK VIRTIO_KMEM_MAX_BATCH

struct chunk {
	unsigned long src[CHUNK], dst[CHUNK];
	struct page *page[CHUNK];
};

/* Tells whether a page of the window is wanted there. */
static bool wanted(unsigned long src)
{
	return src & MIGRATE_PFN_MIGRATE;
}

static void fill(struct migrate_vma *args, struct chunk *c, size_t want, long *err)
{
	size_t i = 0;

	*err = 0;
	while (want) {
		long got = sv_pages_get(SV_PAGE_ANON, want, c->page);

		if (got <= 0) {
			*err = got;
			return;
		}
		want -= got;
		for (long k = 0; k < got; i++) {
			struct page *from = migrate_pfn_to_page(args->src[i]);

			if (!wanted(args->src[i]))
				continue;
			/* What comes from the host is zero. */
			if (from)
				copy_highpage(c->page[k], from);
			args->dst[i] = migrate_pfn(page_to_pfn(c->page[k++]));
		}
	}
}

/* [start, end) is in vma and at most CHUNK pages; the caller holds the lock of the address space.
 * Returns pages, -ENOMEM or another errno if the host has no more. */
static long back_chunk(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		       struct chunk *c)
{
	struct migrate_vma args = {
		.vma = vma,
		.start = start,
		.end = end,
		.src = c->src,
		.dst = c->dst,
		.flags = MIGRATE_VMA_SELECT_SYSTEM,
	};
	size_t want = 0;
	long done = 0;
	long err;

	memset(c->dst, 0, sizeof(c->dst));
	err = migrate_vma_setup(&args);
	if (err)
		return err;
	for (size_t i = 0; i < args.npages; i++)
		want += wanted(args.src[i]);
	fill(&args, c, want, &err);
	migrate_vma_pages(&args);
	for (size_t i = 0; i < args.npages; i++)
		done += wanted(args.src[i]) && args.dst[i];
	migrate_vma_finalize(&args);
	return done ?: err;
}

/* The area that addr is in, if its memory can be the host's. */
static struct vm_area_struct *area(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);

	if (!vma || !vma_is_anonymous(vma) || (vma->vm_flags & (VM_SHARED | VM_SPECIAL)))
		return NULL;
	return vma;
}

long sv_anon_back(unsigned long addr, unsigned long len)
{
	struct mm_struct *mm = current->mm;
	unsigned long end = addr + len;
	struct chunk *c;
	long pages = 0;
	long got = 0;

	if (sv_window_user_node() == VIRTIO_KMEM_NODE_ANY)
		return -ENODEV;
	c = kvmalloc(sizeof(*c), GFP_KERNEL);
	if (!c)
		return -ENOMEM;
	while (addr < end) {
		/* Chunks that agree with page tables. */
		unsigned long stop = min(ALIGN(addr + 1, CHUNK * PAGE_SIZE), end);
		struct vm_area_struct *vma;

		mmap_read_lock(mm);
		vma = area(mm, addr);
		if (vma) {
			stop = min(stop, vma->vm_end);
			got = back_chunk(vma, addr, stop, c);
		} else {
			got = -ENOMEM;
		}
		mmap_read_unlock(mm);
		if (!vma || got < 0)
			break;
		pages += got;
		addr = stop;
		if (fatal_signal_pending(current)) {
			got = -EINTR;
			break;
		}
		cond_resched();
	}
	kvfree(c);
	return pages ?: min(got, 0l);
}
