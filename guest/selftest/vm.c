/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages and what is mapped from them: alloc_pages, vmalloc, kvmalloc, vm_map_ram. */
#include "selftest.h"
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <slabvisor/kmem.h>

/* More than a kmalloc can be. */
#define BIG (KMALLOC_MAX_SIZE + PAGE_SIZE)

/* Writes and reads one word a page. */
static bool pages_usable(void *area, size_t pages)
{
	u64 *words = area;

	for (size_t i = 0; i < pages; i++)
		words[i * (PAGE_SIZE / 8)] = i ^ 0x5eed;
	for (size_t i = 0; i < pages; i++)
		if (words[i * (PAGE_SIZE / 8)] != (i ^ 0x5eed))
			return false;
	return true;
}

static void page_runs(void)
{
	bool aligned = true;
	bool same = true;
	struct page *page;
	unsigned long va;
	void *p;

	for (unsigned int order = 0; order <= 10; order++) {
		page = alloc_pages(GFP_KERNEL, order);
		if (!page) {
			aligned = false;
			break;
		}
		aligned = aligned && !(page_to_phys(page) & ((PAGE_SIZE << order) - 1));
		same = same && virt_to_page(page_address(page)) == page &&
		       pages_usable(page_address(page), 1ul << (order < 4 ? order : 4));
		__free_pages(page, order);
	}
	check(aligned, "alloc_pages: orders 0 to 10, naturally aligned");
	check(same, "alloc_pages: page_address and virt_to_page agree");
	check(!alloc_pages(GFP_KERNEL | __GFP_NOWARN, 11), "alloc_pages: order 11 gives NULL");
	va = get_zeroed_page(GFP_KERNEL);
	check(va && bytes_are((void *)va, PAGE_SIZE, 0), "get_zeroed_page: zeroed");
	free_page(va);
	free_pages(0, 3);
	page = alloc_pages(GFP_KERNEL, 0);
	if (page) {
		get_page(page);
		__free_pages(page, 0);
		p = page_address(page);
		check(page_count(page) == 1 && pages_usable(p, 1),
		      "get_page: holds a page that was freed");
		put_page(page);
	}
	p = alloc_pages_exact(5 * PAGE_SIZE - 100, GFP_KERNEL);
	check(p && pages_usable(p, 5), "alloc_pages_exact: whole pages, no power of two");
	if (p)
		free_pages_exact(p, 5 * PAGE_SIZE - 100);
}

static void vmallocs(void)
{
	u8 *p = vmalloc(5 * PAGE_SIZE + 1);
	u8 *q;
	u64 kicks;

	check(p && is_vmalloc_addr(p) && !((unsigned long)p & (PAGE_SIZE - 1)) &&
		      pages_usable(p, 6),
	      "vmalloc: page-aligned and usable to the end of its last page");
	if (p)
		memset(p, 0xcc, PAGE_SIZE);
	q = vzalloc(2 * PAGE_SIZE);
	check(q && q != p && bytes_are(q, 2 * PAGE_SIZE, 0), "vzalloc: zeroed");
	check(p && vmalloc_to_page(p) && bytes_are(page_address(vmalloc_to_page(p)), 64, 0xcc),
	      "vmalloc_to_page: the page that is mapped there");
	vfree(p);
	vfree(q);
	vfree(NULL);
	check(!vmalloc(0), "vmalloc: zero size gives NULL");
	check(!vmalloc(~0ul) && !vmalloc(~0ul - 2 * PAGE_SIZE), "vmalloc: no size wraps");
	kicks = kicks_here();
	check(!vmalloc(kmem_channel()->heap_size + 1) && kicks_here() == kicks,
	      "vmalloc: more than there is gives NULL, and takes nothing first");
}

static void areas(void)
{
	u8 *p;
	bool right = true;
	struct page *page;
	u8 *mapped;

	for (unsigned long align = 1; align <= 1ul << 30; align <<= 3) {
		p = __vmalloc_node(3 * PAGE_SIZE, align, GFP_KERNEL, NUMA_NO_NODE, areas);
		right = right && p && !((unsigned long)p & (align - 1)) && pages_usable(p, 3);
		vfree(p);
	}
	check(right, "__vmalloc_node: aligned as asked");
	page = alloc_page(GFP_KERNEL);
	mapped = page ? vmap(&page, 1, VM_MAP, PAGE_KERNEL) : NULL;
	if (!mapped) {
		check(mapped, "vmap: maps a page");
		return;
	}
	*mapped = 7;
	vfree(mapped);
	check(!vmalloc_to_page(mapped) && page_count(page) == 1 && *(u8 *)page_address(page) == 7,
	      "vfree: takes an area of vmap() down, and leaves its pages");
	printk("# five warnings of bad addresses follow\n");
	vfree(mapped);
	vunmap(mapped);
	vfree(page_address(page));
	p = vmalloc(PAGE_SIZE);
	vfree(p + 8);
	vunmap(p + 8);
	check(p && pages_usable(p, 1), "vfree: what is no area's is left alone, and all goes on");
	/* As in Linux it takes the mapping, and the pages are for who still knows them. */
	__free_page(page);
	page = vmalloc_to_page(p);
	vunmap(p);
	check(!vmalloc_to_page(p) && page_count(page) == 1, "vunmap: leaves vmalloc()'s pages");
	__free_page(page);
}

static void kvmallocs(void)
{
	volatile size_t huge = ~0ul / 4;
	u8 *p = kvmalloc(100, GFP_KERNEL);

	check(p && !is_vmalloc_addr(p), "kvmalloc: a small object is kmalloc's");
	kvfree(p);
	p = kvmalloc(BIG, GFP_KERNEL);
	check(p && is_vmalloc_addr(p) && pages_usable(p, 16),
	      "kvmalloc: beyond the largest kmalloc it is vmalloc's");
	if (p)
		p[BIG - 1] = 1;
	kvfree(p);
	p = kvzalloc(900, GFP_KERNEL);
	check(p && bytes_are(p, 900, 0), "kvzalloc: zeroed");
	kvfree(p);
	check(!kvmalloc_array(huge, 16, GFP_KERNEL | __GFP_NOWARN),
	      "kvmalloc_array: a product that overflows gives NULL");
	p = kvcalloc(30, 30, GFP_KERNEL);
	check(p && bytes_are(p, 900, 0), "kvcalloc: zeroed");
	kvfree(p);
	kvfree(NULL);
}

static void mapped_pages(void)
{
	enum {
		COUNT = 4
	};
	struct page *pages[COUNT];
	bool right = true;
	unsigned int n;
	u64 *area;

	for (n = 0; n < COUNT; n++) {
		pages[n] = alloc_page(GFP_KERNEL);
		if (!pages[n])
			break;
		*(u64 *)page_address(pages[n]) = n + 100;
	}
	area = n == COUNT ? vm_map_ram(pages, COUNT, NUMA_NO_NODE) : NULL;
	check(area, "vm_map_ram: maps pages in a row");
	if (area) {
		for (unsigned int i = 0; i < COUNT; i++) {
			right = right && area[i * (PAGE_SIZE / 8)] == i + 100;
			area[i * (PAGE_SIZE / 8) + 1] = i;
			right = right && ((u64 *)page_address(pages[i]))[1] == i;
		}
		vm_unmap_ram(area, COUNT);
	}
	check(area && right, "vm_map_ram: the area and the pages are the same memory");
	while (n)
		__free_page(pages[--n]);
}

void test_vm(void)
{
	u64 before = objects_out();

	page_runs();
	vmallocs();
	areas();
	kvmallocs();
	mapped_pages();
	check(objects_out() == before, "pages: nothing leaked");
}
