/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the heap that are for user space: the runtime keeps off them, and who names their
 * node on the channel has runs of them. */
#include "selftest.h"
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <slabvisor/kmem.h>

#define RUNS 64

static bool lies_in(u64 addr, const struct virtio_kmem_range *range)
{
	return (addr & ~VIRTIO_KMEM_ADDR_FLAGS) - range->base < range->size;
}

static void runs_of(const struct kmem_channel *ch, const struct virtio_kmem_range *range)
{
	unsigned int cpu = smp_processor_id();
	struct virtio_kmem_bad bad[RUNS];
	size_t nr_bad;
	u64 addr[RUNS];
	bool there = true;
	bool written = true;
	long got;

	check(range->node >= ch->nr_nodes, "ranges: one for user space is on a node of its own");
	got = ch->ops->alloc(cpu, 1, range->node, 0, 0, 0, 1, addr);
	check(got == -EINVAL, "ranges: no object comes from there");
	got = ch->ops->alloc_pages(cpu, 0, range->node, VIRTIO_KMEM_GFP_ZERO, RUNS, addr);
	check(got == RUNS, "ranges: who names the node has runs of it");
	for (long i = 0; i < got; i++) {
		u64 *p = phys_to_virt(addr[i] & ~VIRTIO_KMEM_ADDR_FLAGS);

		there = there && lies_in(addr[i], range);
		written = written && bytes_are(p, PAGE_SIZE, 0);
		*p = addr[i] &= ~VIRTIO_KMEM_ADDR_FLAGS;
	}
	for (long i = 0; i < got; i++)
		written = written && *(u64 *)phys_to_virt(addr[i]) == addr[i];
	check(there && written, "ranges: ... which lie there, are zero, and can be used");
	if (got > 0)
		check(ch->ops->free_pages(cpu, got, addr, bad, &nr_bad) == got && !nr_bad,
		      "ranges: ... and go back");
}

/* The runtime's own allocations, while all nodes that it knows have some. */
static void keeps_off(const struct kmem_channel *ch, const struct virtio_kmem_range *range)
{
	struct page *page[RUNS];
	bool off = true;

	for (unsigned int i = 0; i < RUNS; i++) {
		page[i] = alloc_pages(GFP_KERNEL, i % 4);
		off = off && page[i] && !lies_in(page_to_phys(page[i]), range);
	}
	for (unsigned int i = 0; i < RUNS; i++)
		if (page[i])
			__free_pages(page[i], i % 4);
	check(off && !alloc_pages_node((int)ch->nr_nodes,
				       GFP_KERNEL | __GFP_THISNODE | __GFP_NOWARN, 0),
	      "ranges: the runtime takes nothing from there");
}

void test_ranges(void)
{
	const struct kmem_channel *ch = kmem_channel();
	unsigned int tried = 0;

	for (unsigned int i = 0; i < ch->nr_ranges; i++) {
		if (!(ch->range[i].flags & VIRTIO_KMEM_RANGE_USER))
			continue;
		runs_of(ch, &ch->range[i]);
		keeps_off(ch, &ch->range[i]);
		tried++;
	}
	if (!tried)
		check_skip("ranges: parts of the heap for user space",
			   "--heap names no user= part");
}
