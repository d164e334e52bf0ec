// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Pages for user space. Each has one reference, its user's; when the last reference goes, whoever
 * has it, the page is the host's again.
 */
#include <linux/io.h>
#include <linux/llist.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/page_ref.h>
#include <linux/workqueue.h>

#include "priv.h"

static void free_work(struct work_struct *work);

static LLIST_HEAD(freed);
static DECLARE_WORK(work, free_work);
static DEFINE_MUTEX(free_lock); /* guards batch[] */
static u64 batch[VIRTIO_KMEM_MAX_BATCH];
static atomic_long_t out;
static atomic_long_t total_given, total_freed;

static unsigned long max_pages;
module_param(max_pages, ulong, 0644);
MODULE_PARM_DESC(max_pages, "pages that programs may have at once; 0, as many as the host gives");

/*
 * Counts up to n pages that are about to be out. Returns how many of them the limit leaves. The
 * module stays while pages are out: they outlive files and mappings, in a pipe for instance.
 */
static size_t out_add(size_t n)
{
	unsigned long max = READ_ONCE(max_pages) ?: LONG_MAX;
	long old = atomic_long_read(&out);
	size_t some;

	do {
		if ((unsigned long)old >= max)
			return 0;
		some = min_t(unsigned long, n, max - old);
	} while (!atomic_long_try_cmpxchg(&out, &old, old + (long)some));
	if (!old)
		__module_get(THIS_MODULE);
	return some;
}

static void out_sub(size_t n)
{
	if (n && atomic_long_sub_return((long)n, &out) == 0)
		module_put(THIS_MODULE);
}

static void page_free(struct page *page)
{
	/* Of a page that is free nobody uses the driver's word. */
	if (llist_add((struct llist_node *)&page->zone_device_data, &freed))
		queue_work(sv_wq, &work);
}

const struct dev_pagemap_ops sv_page_ops = {
	.page_free = page_free,
};

static void free_work(struct work_struct *unused)
{
	sv_pages_flush();
}

static void give_back(size_t n)
{
	if (!n)
		return;
	sv_frames_free(n, batch);
	atomic_long_add(n, &total_freed);
	out_sub(n);
}

void sv_pages_flush(void)
{
	struct llist_node *node;
	struct llist_node *next;
	size_t n = 0;

	sv_unpin_flush();
	mutex_lock(&free_lock);
	node = llist_del_all(&freed);
	llist_for_each_safe(node, next, node)
	{
		struct page *page = container_of((void **)node, struct page, zone_device_data);

		batch[n++] = page_to_phys(page);
		if (n == ARRAY_SIZE(batch)) {
			give_back(n);
			n = 0;
			cond_resched();
		}
	}
	give_back(n);
	mutex_unlock(&free_lock);
}

/* Makes a frame that the host has handed out a page with one reference. False: it cannot be used. */
static bool prepare(enum sv_page_kind kind, u64 addr)
{
	struct page *page;

	if (sv_window_is_user(addr) != (kind == SV_PAGE_ANON) || sv_window_map(addr))
		return false;
	page = pfn_to_page(PHYS_PFN(addr));
	if (kind == SV_PAGE_ANON) {
		zone_device_page_init(page);
		return true;
	}
	/* The kernel makes the count 1 after it has called page_free(), on a CPU that may be a
	 * few instructions late. */
	while (page_ref_count(page) != 1)
		cpu_relax();
	return true;
}

long sv_pages_get(enum sv_page_kind kind, size_t n, struct page **page)
{
	u32 flags = VIRTIO_KMEM_GFP_ZERO | (kind == SV_PAGE_ANON ? VIRTIO_KMEM_GFP_THISNODE : 0);
	u32 node = kind == SV_PAGE_ANON ? sv_window_user_node() : VIRTIO_KMEM_NODE_ANY;
	/* The pages' room has the addresses first, which are as large. */
	u64 *addr = (u64 *)page;
	long kept = 0;
	long got;

	BUILD_BUG_ON(sizeof(*addr) != sizeof(*page));
	if (kind == SV_PAGE_ANON && node == VIRTIO_KMEM_NODE_ANY)
		return -ENODEV;
	n = out_add(n);
	if (!n)
		return -ENOMEM;
	got = sv_frames_alloc(node, flags, n, addr);
	for (long i = 0; i < got; i++) {
		u64 a = addr[i];

		if (prepare(kind, a))
			page[kept++] = pfn_to_page(PHYS_PFN(a));
		else
			sv_frames_free(1, &a);
	}
	out_sub(n - kept);
	atomic_long_add(kept, &total_given);
	if (kept)
		return kept;
	return got < 0 ? got : -ENOMEM;
}

void sv_pages_stats(struct sv_pages_stats *stats)
{
	stats->out = atomic_long_read(&out);
	stats->given = atomic_long_read(&total_given);
	stats->freed = atomic_long_read(&total_freed);
}
