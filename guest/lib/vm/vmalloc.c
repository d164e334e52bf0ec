/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtually contiguous memory, with an unmapped page behind each area. */
#include "guest/lib/machine/grt.h"
#include "guest/lib/vm/vspace.h"
#include <linux/bug.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <slabvisor/kmem.h>

#define AREA_OWNED 1ul /* vmalloc's: its pages go with it */

static struct {
	struct mutex lock;
	struct vspace areas; /* guard pages included */
} space = {
	.areas = {.lo = VMALLOC_START, .hi = VMALLOC_END},
};

static unsigned long reserve(unsigned long size, unsigned long align, unsigned long flags)
{
	struct vrange area = {.flags = flags};
	/* So much more that a boundary is in it; the rest stays free. */
	unsigned long more = align > PAGE_SIZE ? align - PAGE_SIZE : 0;

	if (more > VMALLOC_END - VMALLOC_START)
		return 0;
	mutex_lock(&space.lock);
	if (!vspace_reserve(&space.areas, 1))
		area.start = vspace_gap(&space.areas, size + PAGE_SIZE + more);
	if (area.start) {
		area.start = ALIGN(area.start, more + PAGE_SIZE);
		area.end = area.start + size + PAGE_SIZE;
		vspace_insert(&space.areas, &area);
	}
	mutex_unlock(&space.lock);
	return area.start;
}

/* The area that addr is in, perhaps in its guard page, as find_vm_area() of Linux has it. False: in
 * none. */
static bool area_of(unsigned long addr, struct vrange *found)
{
	const struct vrange *area;

	mutex_lock(&space.lock);
	area = vspace_at(&space.areas, addr);
	if (area)
		*found = *area;
	mutex_unlock(&space.lock);
	return area;
}

static bool map_frame(unsigned long va, u64 frame, bool write)
{
	u64 *pte = grt_pte(va, true, NULL);

	if (!pte)
		return false;
	pte_set(pte, frame | PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | PTE_NX | grt_pte_ring() |
			     (write ? PTE_WRITE : 0));
	return true;
}

static bool map_page(unsigned long va, const struct page *page, bool write)
{
	return map_frame(va, page_to_phys(page), write);
}

/* Takes an area down. The addresses are free again after the flush only. */
static void release(unsigned long start, unsigned long end, bool owned)
{
	bool flush = false;
	u64 *pte;

	for (unsigned long va = start; (pte = grt_pte_next(&va, end)); va += PAGE_SIZE) {
		u64 value = pte_read(pte);

		if (value) {
			pte_set(pte, (value & PTE_ADDR) | PTE_PARKED);
			flush = true;
		}
	}
	if (flush)
		platform_tlb_flush();
	for (unsigned long va = start; (pte = grt_pte_next(&va, end)); va += PAGE_SIZE) {
		u64 value = pte_set(pte, 0);

		if (value && owned)
			put_page(phys_to_page(value & PTE_ADDR));
	}
	mutex_lock(&space.lock);
	vspace_remove(&space.areas, vspace_at(&space.areas, start));
	mutex_unlock(&space.lock);
}

static void *allocate(unsigned long size, unsigned long align, gfp_t gfp, int node)
{
	const struct kmem_channel *channel = kmem_channel();
	unsigned long start;
	unsigned long end;

	/* What can never be had is not tried: it would take all memory there is first. */
	if (!size || !channel || size > channel->heap_size)
		return NULL;
	size = PAGE_ALIGN(size);
	start = reserve(size, align, AREA_OWNED);
	if (!start)
		return NULL;
	end = start + size;
	for (unsigned long va = start; va < end; va += PAGE_SIZE) {
		struct page *page = alloc_pages_node(node, gfp, 0);

		if (page && map_page(va, page, true))
			continue;
		if (page)
			put_page(page);
		release(start, end, true);
		return NULL;
	}
	return (void *)start;
}

void *__vmalloc(unsigned long size, gfp_t gfp)
{
	return allocate(size, 1, gfp, NUMA_NO_NODE);
}

void *vmalloc(unsigned long size)
{
	return allocate(size, 1, GFP_KERNEL, NUMA_NO_NODE);
}

void *vzalloc(unsigned long size)
{
	return allocate(size, 1, GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE);
}

void *vmalloc_node(unsigned long size, int node)
{
	return allocate(size, 1, GFP_KERNEL, node);
}

void *vzalloc_node(unsigned long size, int node)
{
	return allocate(size, 1, GFP_KERNEL | __GFP_ZERO, node);
}

void *__vmalloc_node(unsigned long size, unsigned long align, gfp_t gfp, int node,
		     const void *caller)
{
	(void)caller;
	return allocate(size, align, gfp, node);
}

void *vmalloc_array(size_t n, size_t size)
{
	return vmalloc(array_size(n, size));
}

void *vcalloc(size_t n, size_t size)
{
	return vzalloc(array_size(n, size));
}

/* As __vunmap() of Linux's mm/vmalloc.c. */
static void take_down(const void *addr, bool free_pages, const char *who)
{
	struct vrange area;

	if (!addr)
		return;
	if (WARN((unsigned long)addr & ~PAGE_MASK, "Trying to %s() bad address (0x%lx)", who,
		 (unsigned long)addr))
		return;
	if (WARN(!area_of((unsigned long)addr, &area), "Trying to %s() nonexistent vm area (0x%lx)",
		 who, (unsigned long)addr))
		return;
	release(area.start, area.end - PAGE_SIZE, free_pages && area.flags == AREA_OWNED);
}

void vfree(const void *addr)
{
	take_down(addr, true, "vfree");
}

void *vmap(struct page **pages, unsigned int count, unsigned long flags, pgprot_t prot)
{
	unsigned long start;
	unsigned long end;

	(void)flags;
	if (!count)
		return NULL;
	start = reserve((unsigned long)count << PAGE_SHIFT, PAGE_SIZE, 0);
	if (!start)
		return NULL;
	end = start + ((unsigned long)count << PAGE_SHIFT);
	for (unsigned int i = 0; i < count; i++) {
		if (!map_page(start + ((unsigned long)i << PAGE_SHIFT), pages[i],
			      prot.pgprot & VM_WRITE)) {
			release(start, end, false);
			return NULL;
		}
	}
	return (void *)start;
}

void *vmap_pfn(unsigned long *pfns, unsigned int count, pgprot_t prot)
{
	const unsigned long size = (unsigned long)count << PAGE_SHIFT;
	const unsigned long frames = PTE_ADDR >> PAGE_SHIFT;
	unsigned long start = count ? reserve(size, PAGE_SIZE, 0) : 0;

	if (!start)
		return NULL;
	for (unsigned int i = 0; i < count; i++) {
		if (WARN_ON_ONCE(pfn_valid(pfns[i])) || pfns[i] > frames ||
		    !map_frame(start + ((unsigned long)i << PAGE_SHIFT), PFN_PHYS(pfns[i]),
			       prot.pgprot & VM_WRITE)) {
			release(start, start + size, false);
			return NULL;
		}
	}
	return (void *)start;
}

void vunmap(const void *addr)
{
	take_down(addr, false, "vunmap");
}

void *vm_map_ram(struct page **pages, unsigned int count, int node)
{
	(void)node;
	return vmap(pages, count, VM_MAP, PAGE_KERNEL);
}

void vm_unmap_ram(const void *mem, unsigned int count)
{
	struct vrange area;

	WARN(area_of((unsigned long)mem, &area) &&
		     (area.start != (unsigned long)mem ||
		      area.end != area.start + ((unsigned long)count << PAGE_SHIFT) + PAGE_SIZE),
	     "vm_unmap_ram() of %u pages, which is not what was mapped", count);
	vunmap(mem);
}

bool is_vmalloc_addr(const void *p)
{
	return (unsigned long)p >= VMALLOC_START && (unsigned long)p < VMALLOC_END;
}

struct page *vmalloc_to_page(const void *p)
{
	u64 *pte = is_vmalloc_addr(p) ? grt_pte((unsigned long)p, false, NULL) : NULL;
	u64 value = pte ? pte_read(pte) : 0;

	return value & PTE_PRESENT && pfn_valid(PFN_DOWN(value & PTE_ADDR))
		       ? phys_to_page(value & PTE_ADDR)
		       : NULL;
}
