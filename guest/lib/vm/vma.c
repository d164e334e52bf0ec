/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages and frames of the program's own in user memory, as in Linux's mm/memory.c. What an area's
 * structure says is looked up again under the user lock, since areas come and go.
 */
#include "guest/lib/vm/vma.h"
#include "guest/lib/machine/grt.h"
#include "guest/lib/vm/mmap.h"
#include "guest/lib/vm/page.h"
#include "guest/lib/vm/vspace.h"
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = NULL;
	const struct vrange *area;

	(void)mm;
	user_lock();
	area = grt_user_area(addr);
	if (area)
		vma = grt_vma_of(area);
	user_unlock();
	return vma;
}

struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && vma->vm_start <= addr ? vma : NULL;
}

static bool in_vma(const struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	return start >= vma->vm_start && start <= end && end <= vma->vm_end;
}

/* Of [start, end), which lies in it: the area, or NULL if there is none any more. */
static struct vrange *area_of(unsigned long start, unsigned long end)
{
	struct vrange *area = grt_user_area(start);

	return area && area->start <= start && end <= area->end ? area : NULL;
}

static unsigned long vm_prot(pgprot_t prot)
{
	return prot.pgprot & (VM_READ | VM_WRITE | VM_EXEC);
}

static int insert_locked(struct vm_area_struct *vma, unsigned long addr, struct page *page)
{
	struct vrange *area = area_of(addr, addr + PAGE_SIZE);
	int err;

	if (!area)
		return -EFAULT;
	if (!page_count(page))
		return -EINVAL;
	BUG_ON(area->flags & VM_PFNMAP);
	area->flags |= VM_MIXEDMAP;
	vma->vm_flags |= VM_MIXEDMAP;
	err = grt_page_insert(page);
	if (err)
		return err;
	err = grt_user_enter(addr, page_to_phys(page), vm_prot(vma->vm_page_prot), PTE_INSERTED);
	if (err)
		grt_page_unmap(compound_head(page));
	return err;
}

int vm_insert_page(struct vm_area_struct *vma, unsigned long addr, struct page *page)
{
	int err;

	if (addr < vma->vm_start || addr >= vma->vm_end)
		return -EFAULT;
	user_lock();
	err = insert_locked(vma, addr & PAGE_MASK, page);
	user_unlock();
	return err;
}

int vm_insert_pages(struct vm_area_struct *vma, unsigned long addr, struct page **pages,
		    unsigned long *num)
{
	int err = 0;

	if (addr < vma->vm_start || *num > (vma->vm_end - addr) >> PAGE_SHIFT)
		return -EFAULT;
	while (*num && !err) {
		err = vm_insert_page(vma, addr, *pages++);
		addr += PAGE_SIZE;
		*num -= !err;
	}
	return err;
}

static int map_pages(struct vm_area_struct *vma, struct page **pages, unsigned long num,
		     unsigned long offset)
{
	unsigned long count = vma_pages(vma);

	if (offset >= num || count > num - offset)
		return -ENXIO;
	return vm_insert_pages(vma, vma->vm_start, pages + offset, &count);
}

int vm_map_pages(struct vm_area_struct *vma, struct page **pages, unsigned long num)
{
	return map_pages(vma, pages, num, vma->vm_pgoff);
}

int vm_map_pages_zero(struct vm_area_struct *vma, struct page **pages, unsigned long num)
{
	return map_pages(vma, pages, num, 0);
}

static int remap_locked(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn,
			unsigned long end, pgprot_t prot)
{
	struct vrange *area = area_of(addr, end);

	if (!area)
		return -EINVAL;
	/* What is private may be written, and would be the writer's alone from then on. */
	if (!(area->flags & VM_SHARED)) {
		if (addr != vma->vm_start || end != vma->vm_end)
			return -EINVAL;
		vma->vm_pgoff = pfn;
	}
	area->flags |= VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;
	vma->vm_flags |= VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;
	for (unsigned long at = addr; at < end; at += PAGE_SIZE, pfn++) {
		int err = grt_user_enter(at, PFN_PHYS(pfn), vm_prot(prot), PTE_SPECIAL);

		BUG_ON(err == -EBUSY);
		if (err) {
			grt_user_zap(addr, at);
			return err;
		}
	}
	return 0;
}

int remap_pfn_range(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn,
		    unsigned long size, pgprot_t prot)
{
	const unsigned long end = addr + PAGE_ALIGN(size);
	const unsigned long frames = PTE_ADDR >> PAGE_SHIFT;
	int err;

	if (WARN_ON_ONCE(!PAGE_ALIGNED(addr)))
		return -EINVAL;
	BUG_ON(addr >= end);
	if (!in_vma(vma, addr, end) || pfn > frames || (end - addr) >> PAGE_SHIFT > frames - pfn)
		return -EINVAL;
	user_lock();
	err = remap_locked(vma, addr, pfn, end, prot);
	user_unlock();
	return err;
}

void zap_vma_ptes(struct vm_area_struct *vma, unsigned long address, unsigned long size)
{
	const struct vrange *area;

	if (!in_vma(vma, address, address + size) || !(vma->vm_flags & VM_PFNMAP))
		return;
	user_lock();
	area = area_of(address, address + size);
	if (area && area->flags & VM_PFNMAP)
		grt_user_zap(address, address + size);
	user_unlock();
}

int follow_pfn(struct vm_area_struct *vma, unsigned long address, unsigned long *pfn)
{
	const u64 *pte;
	u64 value = 0;

	if (!(vma->vm_flags & (VM_IO | VM_PFNMAP)))
		return -EINVAL;
	user_lock();
	pte = address < TASK_SIZE ? grt_pte(address, false, NULL) : NULL;
	if (pte)
		value = pte_read(pte);
	user_unlock();
	if (!(value & PTE_PRESENT))
		return -EINVAL;
	*pfn = PFN_DOWN(value & PTE_ADDR);
	return 0;
}

int remap_vmalloc_range(struct vm_area_struct *vma, void *addr, unsigned long pgoff)
{
	const char *from = (const char *)addr + (pgoff << PAGE_SHIFT);

	if (!PAGE_ALIGNED(addr) || !is_vmalloc_addr(addr) || pgoff > VMALLOC_END >> PAGE_SHIFT)
		return -EINVAL;
	for (unsigned long i = 0; i < vma_pages(vma); i++)
		if (!vmalloc_to_page(from + (i << PAGE_SHIFT)))
			return -EINVAL;
	for (unsigned long at = vma->vm_start; at < vma->vm_end; at += PAGE_SIZE) {
		int err = vm_insert_page(vma, at, vmalloc_to_page(from));

		if (err)
			return err;
		from += PAGE_SIZE;
	}
	return 0;
}
