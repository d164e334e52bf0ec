// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The window as the kernel sees it: struct pages for each piece of 2 MiB that the host has handed
 * something out of. Struct pages take 1.6 % of what they stand for, in the guest's RAM, so that a
 * window costs only what of it is used. Pieces stay mapped until the module goes, since to unmap
 * one takes several grace periods.
 *
 * To map a piece takes locks of the kernel's (of memory and CPU hotplug) and its memory, and
 * whoever asks for one may hold anything that may be held by who allocates. So a worker maps, and
 * he waits for it, though not for ever.
 *
 * There are two kinds of pages. Those of ranges for user space are coherent: they have no reference
 * while they are free, and may become anonymous memory. All others are generic, and have a
 * reference from their birth, so that whoever takes and drops one on an object's page does no harm.
 */
#include <linux/bitmap.h>
#include <linux/io.h>
#include <linux/ktime.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "priv.h"

#define PIECE    SZ_2M
#define PATIENCE (10 * HZ)

struct piece {
	struct dev_pagemap pgmap;
	struct work_struct unmap;
};

static struct {
	struct sv_device *dev;
	u64 base, size;
	unsigned long pieces;
	struct piece **piece;
	unsigned long *mapped; /* a bit a piece: set, with release, when its pages are there */
	unsigned long *wanted; /* until the worker has tried to map it */
	struct work_struct work;
	wait_queue_head_t wait; /* for the worker */
	struct mutex lock;      /* guards piece[] */
	u64 nr_mapped, map_ns;
} window;

static const struct virtio_kmem_range *range_of(u64 addr)
{
	unsigned int n = le16_to_cpu(window.dev->config.num_ranges);

	for (unsigned int i = 0; i < n; i++) {
		const struct virtio_kmem_range *r = &window.dev->config.range[i];

		if (addr - le64_to_cpu(r->base) < le64_to_cpu(r->size))
			return r;
	}
	return NULL;
}

static bool range_is_user(const struct virtio_kmem_range *r)
{
	return le32_to_cpu(r->flags) & VIRTIO_KMEM_RANGE_USER;
}

u32 sv_window_user_node(void)
{
	unsigned int n = le16_to_cpu(window.dev->config.num_ranges);

	for (unsigned int i = 0; i < n; i++) {
		if (range_is_user(&window.dev->config.range[i]))
			return le32_to_cpu(window.dev->config.range[i].node);
	}
	return VIRTIO_KMEM_NODE_ANY;
}

bool sv_window_is_user(u64 addr)
{
	const struct virtio_kmem_range *r = range_of(addr);

	return r && range_is_user(r);
}

bool sv_in_window(const void *p)
{
	return (unsigned long)p - (unsigned long)__va(window.base) < window.size;
}

bool sv_window_mapped(u64 addr)
{
	unsigned long n = (addr - window.base) / PIECE;

	if (addr - window.base >= window.size || !test_bit(n, window.mapped))
		return false;
	smp_rmb(); /* with the barrier of map_piece(): the pages are seen after the bit */
	return true;
}

static void unmap_work(struct work_struct *work)
{
	struct piece *p = container_of(work, struct piece, unmap);

	memunmap_pages(&p->pgmap);
	kfree(p);
}

static bool whole_piece(const struct virtio_kmem_range *r, u64 start)
{
	return r && start >= le64_to_cpu(r->base) &&
	       start + PIECE <= le64_to_cpu(r->base) + le64_to_cpu(r->size);
}

static void map_piece(unsigned long n)
{
	u64 start = window.base + n * PIECE;
	const struct virtio_kmem_range *r = range_of(start);
	int nid = NUMA_NO_NODE;
	struct piece *p;
	ktime_t before;
	void *va;

	if (!whole_piece(r, start))
		return;
	mutex_lock(&window.lock);
	if (window.piece[n])
		goto unlock;
	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		goto unlock;
	p->pgmap.type = range_is_user(r) ? MEMORY_DEVICE_COHERENT : MEMORY_DEVICE_GENERIC;
	p->pgmap.range.start = start;
	p->pgmap.range.end = start + PIECE - 1;
	p->pgmap.nr_range = 1;
	p->pgmap.ops = &sv_page_ops;
	p->pgmap.owner = &window;
	INIT_WORK(&p->unmap, unmap_work);
	/* What is user space's is of a node by itself, which the guest has none of. */
	if (!range_is_user(r) && le32_to_cpu(r->node) < nr_node_ids &&
	    node_online(le32_to_cpu(r->node)))
		nid = le32_to_cpu(r->node);
	before = ktime_get();
	va = memremap_pages(&p->pgmap, nid);
	if (IS_ERR(va)) {
		kfree(p);
		pr_warn_once("slabvisor: cannot map 2 MiB at %#llx, error %ld\n", start,
			     PTR_ERR(va));
		goto unlock;
	}
	window.piece[n] = p;
	window.nr_mapped++;
	window.map_ns += ktime_to_ns(ktime_sub(ktime_get(), before));
	smp_wmb(); /* see sv_window_mapped() */
	set_bit(n, window.mapped);
unlock:
	mutex_unlock(&window.lock);
}

static void map_work(struct work_struct *work)
{
	unsigned long n;

	for_each_set_bit(n, window.wanted, window.pieces)
	{
		map_piece(n);
		smp_mb__before_atomic(); /* who finds it not wanted any more sees whether it is
					    mapped */
		clear_bit(n, window.wanted);
		wake_up_all(&window.wait);
	}
}

void sv_window_map_later(u64 addr)
{
	unsigned long n = (addr - window.base) / PIECE;

	if (n < window.pieces && !test_and_set_bit(n, window.wanted))
		queue_work(sv_wq, &window.work);
}

int sv_window_map(u64 addr)
{
	unsigned long n = (addr - window.base) / PIECE;

	if (sv_window_mapped(addr))
		return 0;
	if (!whole_piece(range_of(addr), ALIGN_DOWN(addr, PIECE)))
		return -EINVAL;
	sv_window_map_later(addr);
	if (!wait_event_timeout(window.wait, !test_bit(n, window.wanted), PATIENCE))
		return -EBUSY;
	smp_rmb(); /* with the barrier of map_work() */
	return sv_window_mapped(addr) ? 0 : -ENOMEM;
}

int sv_window_init(struct sv_device *dev)
{
	u64 base = le64_to_cpu(dev->config.heap_base);
	u64 size = le64_to_cpu(dev->config.heap_size);

	if (base % PIECE || !size)
		return -EINVAL;
	window.dev = dev;
	window.pieces = DIV_ROUND_UP(size, PIECE);
	window.piece = kvcalloc(window.pieces, sizeof(*window.piece), GFP_KERNEL);
	window.mapped = kvcalloc(BITS_TO_LONGS(window.pieces), sizeof(long), GFP_KERNEL);
	window.wanted = kvcalloc(BITS_TO_LONGS(window.pieces), sizeof(long), GFP_KERNEL);
	mutex_init(&window.lock);
	INIT_WORK(&window.work, map_work);
	init_waitqueue_head(&window.wait);
	window.base = base;
	window.nr_mapped = 0;
	window.map_ns = 0;
	if (!window.piece || !window.mapped || !window.wanted) {
		sv_window_exit();
		return -ENOMEM;
	}
	/* Last: by this an address is known as one of the window. */
	WRITE_ONCE(window.size, size);
	return 0;
}

void sv_window_exit(void)
{
	WRITE_ONCE(window.size, 0);
	cancel_work_sync(&window.work);
	/* Each waits for grace periods: all at once. */
	for (unsigned long i = 0; window.piece && i < window.pieces; i++) {
		if (window.piece[i])
			queue_work(sv_wq, &window.piece[i]->unmap);
	}
	flush_workqueue(sv_wq);
	kvfree(window.piece);
	kvfree(window.mapped);
	kvfree(window.wanted);
	window.piece = NULL;
	window.mapped = NULL;
	window.wanted = NULL;
}

void sv_window_stats(struct sv_window_stats *stats)
{
	mutex_lock(&window.lock);
	stats->pieces = window.pieces;
	stats->mapped = window.nr_mapped;
	stats->map_ns = window.map_ns;
	mutex_unlock(&window.lock);
}
