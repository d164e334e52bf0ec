/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages and frames of a program's own in user memory, and addresses of frames without pages. */
#include "selftest.h"
#include <linux/device.h>
#include <linux/dmapool.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <slabvisor/user.h>

#define LEN (8 * PAGE_SIZE)

static unsigned long area(int flags)
{
	return user_mmap(0, LEN, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS);
}

static struct vm_area_struct *lookup(unsigned long addr)
{
	return IS_ERR_VALUE(addr) ? NULL : vma_lookup(current->mm, addr);
}

static u8 first_byte(unsigned long addr)
{
	u8 byte = 0xff;

	if (copy_from_user(&byte, (const void __user *)addr, 1))
		return 0xee;
	return byte;
}

static void looked_up(void)
{
	unsigned long addr = area(MAP_SHARED);
	struct vm_area_struct *vma = lookup(addr + PAGE_SIZE);

	check(vma && vma->vm_start == addr && vma->vm_end == addr + LEN && vma_pages(vma) == 8 &&
		      vma->vm_mm == current->mm,
	      "vma_lookup: the area that holds an address");
	if (!vma)
		return;
	check((vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC | VM_SHARED)) ==
		      (VM_READ | VM_WRITE | VM_SHARED),
	      "vma_lookup: what it allows");
	check(!lookup(PAGE_SIZE) && find_vma(current->mm, PAGE_SIZE) != NULL && lookup(addr) == vma,
	      "find_vma: the next above an address that is in none");
	user_mprotect(addr, PAGE_SIZE, PROT_READ);
	vma = lookup(addr);
	check(vma && vma->vm_end == addr + PAGE_SIZE && !(vma->vm_flags & VM_WRITE),
	      "vma_lookup: areas as they have become");
	user_munmap(addr, LEN);
	check(!lookup(addr), "vma_lookup: NULL for what is unmapped");
}

static void inserted(void)
{
	const u64 before = objects_out();
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	unsigned long addr = area(MAP_SHARED);
	struct vm_area_struct *vma = lookup(addr);
	struct page *got[2] = {NULL};
	u8 *small = kmalloc(64, GFP_KERNEL);

	if (!page || !vma || !small)
		return;
	*(u8 *)page_address(page) = 0x41;
	check(vm_insert_page(vma, addr, page) == 0 && page_count(page) == 2,
	      "vm_insert_page: takes a reference");
	check(vma->vm_flags & VM_MIXEDMAP, "vm_insert_page: marks the area");
	check(first_byte(addr) == 0x41 && first_byte(addr + PAGE_SIZE) == 0,
	      "vm_insert_page: the page is there, others come as before");
	check(put_user((u8)0x42, (u8 __user *)addr) == 0 && *(u8 *)page_address(page) == 0x42,
	      "vm_insert_page: what is written is written to the page");
	check(vm_insert_page(vma, addr, page) == -EBUSY &&
		      vm_insert_page(vma, addr + PAGE_SIZE, page) == -EBUSY &&
		      page_count(page) == 2,
	      "vm_insert_page: -EBUSY where something is mapped");
	check(vm_insert_page(vma, addr + 2 * PAGE_SIZE, page) == 0 && page_count(page) == 3 &&
		      first_byte(addr + 2 * PAGE_SIZE) == 0x42,
	      "vm_insert_page: a page may be mapped twice");
	check(vm_insert_page(vma, addr + LEN, page) == -EFAULT &&
		      vm_insert_page(vma, addr - 1, page) == -EFAULT,
	      "vm_insert_page: -EFAULT beyond the area");
	check(get_user_pages_fast(addr + PAGE_SIZE, 1, 0, &got[1]) == 1 &&
		      vm_insert_page(vma, addr + 3 * PAGE_SIZE, got[1]) == -EINVAL &&
		      vm_insert_page(vma, addr + 3 * PAGE_SIZE, virt_to_page(small)) == -EINVAL,
	      "vm_insert_page: -EINVAL for user memory, and for pieces of a slab");
	if (got[1])
		put_page(got[1]);
	check(get_user_pages_fast(addr, 1, FOLL_WRITE, got) == 1 && got[0] == page &&
		      page_count(page) == 4,
	      "vm_insert_page: get_user_pages_fast() has the page");
	__free_page(page);
	check(user_munmap(addr, LEN) == 0 && page_count(page) == 1 &&
		      *(u8 *)page_address(page) == 0x42,
	      "vm_insert_page: a page outlives its mappings while it is in use");
	put_page(page);
	kfree(small);
	check(objects_out() == before, "vm_insert_page: nothing leaked");
}

/* Its pin at the host goes with the reference, however often the page is mapped. */
static void mapped_twice(void)
{
	const u64 pinned = pages_pinned();
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long addr = area(MAP_SHARED);
	struct vm_area_struct *vma = lookup(addr);
	struct page *got;

	if (!page || !vma)
		return;
	vm_insert_page(vma, addr, page);
	vm_insert_page(vma, addr + PAGE_SIZE, page);
	if (get_user_pages_fast(addr, 1, 0, &got) != 1)
		return;
	check(pages_pinned() == pinned + 1, "vm_insert_page: a page that is got is pinned");
	__free_page(page);
	user_munmap(addr, PAGE_SIZE);
	put_page(got);
	check(pages_pinned() == pinned && page_count(page) == 1,
	      "vm_insert_page: the pin goes with put_page() while the page is mapped elsewhere");
	user_munmap(addr, LEN);
}

static void compound(void)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_ZERO, 1);
	unsigned long addr = area(MAP_SHARED);
	struct vm_area_struct *vma = lookup(addr);
	struct page *pages[2] = {page, page ? page + 1 : NULL};
	unsigned long num = 2;
	struct page *got;

	if (!page || !vma)
		return;
	*((u8 *)page_address(page) + PAGE_SIZE) = 0x51;
	check(vm_insert_pages(vma, addr, pages, &num) == 0 && num == 0 && page_count(page) == 3,
	      "vm_insert_pages: pages of a compound one are counted by its first");
	check(first_byte(addr + PAGE_SIZE) == 0x51 &&
		      get_user_pages_fast(addr + PAGE_SIZE, 1, 0, &got) == -EFAULT,
	      "vm_insert_pages: get_user_pages_fast() has none but the first");
	num = 2;
	check(vm_insert_pages(vma, addr + PAGE_SIZE, pages, &num) == -EBUSY && num == 2 &&
		      vm_insert_pages(vma, addr + LEN - PAGE_SIZE, pages, &num) == -EFAULT,
	      "vm_insert_pages: tells how many are left");
	user_munmap(addr, LEN);
	check(page_count(page) == 1, "vm_insert_pages: munmap drops each");
	__free_pages(page, 1);
}

static void filled(void)
{
	u8 *p = vmalloc_user(LEN);
	unsigned long addr = area(MAP_SHARED);
	struct vm_area_struct *vma = lookup(addr);
	struct page *pages[8];
	unsigned long other;

	if (!p || !vma)
		return;
	for (int i = 0; i < 8; i++) {
		pages[i] = vmalloc_to_page(p + i * PAGE_SIZE);
		p[i * PAGE_SIZE] = (u8)(i + 1);
	}
	check(remap_vmalloc_range(vma, p, 0) == 0 && first_byte(addr) == 1 &&
		      first_byte(addr + 7 * PAGE_SIZE) == 8,
	      "remap_vmalloc_range: the whole area");
	user_munmap(addr, LEN);
	other = area(MAP_SHARED);
	vma = lookup(other);
	check(vma && remap_vmalloc_range(vma, p, 1) == -EINVAL &&
		      remap_vmalloc_range(vma, &p, 0) == -EINVAL,
	      "remap_vmalloc_range: -EINVAL for one too short, or none");
	if (vma) {
		check(vm_map_pages_zero(vma, pages, 7) == -ENXIO &&
			      vm_map_pages_zero(vma, pages, 8) == 0 &&
			      first_byte(other + 6 * PAGE_SIZE) == 7,
		      "vm_map_pages_zero: fills the area, or -ENXIO");
	}
	vfree(p);
	check(first_byte(other) == 1, "vm_map_pages_zero: pages outlive vfree()");
	user_munmap(other, LEN);
	addr = area(MAP_SHARED);
	vma = lookup(addr);
	pages[0] = alloc_page(GFP_KERNEL);
	if (!vma || !pages[0])
		return;
	vma->vm_pgoff = 1;
	for (int i = 1; i < 8; i++)
		pages[i] = pages[0];
	check(vm_map_pages(vma, pages, 8) == -ENXIO, "vm_map_pages: from vm_pgoff on");
	user_munmap(addr, LEN);
	__free_page(pages[0]);
}

static void remapped(void)
{
	struct page *run = alloc_pages(GFP_KERNEL | __GFP_ZERO, 1);
	unsigned long addr = area(MAP_SHARED);
	unsigned long private = area(MAP_PRIVATE);
	struct vm_area_struct *vma = lookup(addr);
	unsigned long pfn = 0;
	struct page *got;

	if (!run || !vma)
		return;
	*((u8 *)page_address(run) + PAGE_SIZE) = 0x61;
	check(follow_pfn(vma, addr, &pfn) == -EINVAL, "follow_pfn: -EINVAL of an area of pages");
	check(remap_pfn_range(vma, addr, page_to_pfn(run), PAGE_SIZE + 1, vma->vm_page_prot) == 0 &&
		      first_byte(addr + PAGE_SIZE) == 0x61 && page_count(run) == 1,
	      "remap_pfn_range: frames are there, and not counted");
	check((vma->vm_flags & (VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP)) ==
		      (VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP),
	      "remap_pfn_range: marks the area");
	check(follow_pfn(vma, addr + PAGE_SIZE, &pfn) == 0 && pfn == page_to_pfn(run) + 1 &&
		      follow_pfn(vma, addr + 2 * PAGE_SIZE, &pfn) == -EINVAL,
	      "follow_pfn: the frame, or -EINVAL");
	check(get_user_pages_fast(addr, 1, 0, &got) == -EFAULT &&
		      get_user_pages(addr, 1, FOLL_FORCE, &got) == -EFAULT &&
		      first_byte(addr + 2 * PAGE_SIZE) == 0xee,
	      "remap_pfn_range: no page to get, and nothing comes by a fault");
	check(put_user((u8)0x62, (u8 __user *)addr + PAGE_SIZE) == 0 &&
		      *((u8 *)page_address(run) + PAGE_SIZE) == 0x62,
	      "remap_pfn_range: may be written");
	zap_vma_ptes(vma, addr + PAGE_SIZE, LEN);
	check(first_byte(addr + PAGE_SIZE) == 0x62, "zap_vma_ptes: nothing beyond the area");
	zap_vma_ptes(vma, addr + PAGE_SIZE, PAGE_SIZE);
	check(first_byte(addr) == 0 && first_byte(addr + PAGE_SIZE) == 0xee,
	      "zap_vma_ptes: unmaps what it is told");
	check(remap_pfn_range(vma, addr + PAGE_SIZE, page_to_pfn(run), PAGE_SIZE,
			      vm_get_page_prot(VM_READ)) == 0 &&
		      first_byte(addr + PAGE_SIZE) == 0 &&
		      put_user((u8)1, (u8 __user *)addr + PAGE_SIZE) == -EFAULT,
	      "remap_pfn_range: what it allows may be less than the area");
	check(remap_pfn_range(vma, addr + 7 * PAGE_SIZE, 0, 2 * PAGE_SIZE, vma->vm_page_prot) ==
		      -EINVAL,
	      "remap_pfn_range: -EINVAL beyond the area");
	vma = lookup(private);
	if (vma) {
		check(remap_pfn_range(vma, private, page_to_pfn(run), PAGE_SIZE,
				      vma->vm_page_prot) == -EINVAL,
		      "remap_pfn_range: -EINVAL of a part of a private area");
		zap_vma_ptes(vma, private, LEN);
	}
	check(user_munmap(addr, LEN) == 0 && user_munmap(private, LEN) == 0 && page_count(run) == 1,
	      "remap_pfn_range: munmap leaves the frames alone");
	__free_pages(run, 1);
}

static void frames_mapped(void)
{
	unsigned long none[2] = {1ul << 39, (1ul << 39) + 1};
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long pfn;
	u8 *p = vmap_pfn(none, 2, PAGE_KERNEL);

	check(p && is_vmalloc_addr(p) && !vmalloc_to_page(p) &&
		      __pa(p + PAGE_SIZE) >> PAGE_SHIFT == none[1],
	      "vmap_pfn: frames without pages have addresses");
	vunmap(p);
	if (!page)
		return;
	pfn = page_to_pfn(page);
	check(!vmap_pfn(&pfn, 1, PAGE_KERNEL), "vmap_pfn: NULL for a frame that has a page");
	__free_page(page);
}

static void managed_pools(void)
{
	const u64 before = objects_out();
	struct device *dev = root_device_register("pools");
	struct dma_pool *pool;
	struct dma_pool *other;
	dma_addr_t handle;
	void *block;

	if (IS_ERR(dev))
		return;
	pool = dmam_pool_create("kept", dev, 64, 0, 0);
	other = dmam_pool_create("gone", dev, 128, 16, 4096);
	check(pool && other, "dmam_pool_create: pools of a device");
	block = pool ? dma_pool_alloc(pool, GFP_KERNEL, &handle) : NULL;
	check(block && handle == virt_to_phys(block), "dmam_pool_create: a pool like any other");
	if (block)
		dma_pool_free(pool, block, handle);
	if (other)
		dmam_pool_destroy(other);
	check(!dmam_pool_create("wrong", dev, 64, 3, 0), "dmam_pool_create: NULL for wrong values");
	root_device_unregister(dev);
	check(objects_out() == before, "dmam_pool_create: a pool goes with its device");
}

void test_vma(void)
{
	looked_up();
	inserted();
	mapped_twice();
	compound();
	filled();
	remapped();
	frames_mapped();
	managed_pools();
}
