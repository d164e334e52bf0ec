/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the struct page of a frame is, and of which frame a struct page is. */
#include "guest/lib/machine/grt.h"
#include "guest/lib/vm/page.h"
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/mm.h>

/* One array: RAM's pages, then the heap's. */
static struct {
	struct page *array;
	unsigned long ram_pages;
	unsigned long heap_pfn;
	unsigned long heap_pages;
} map;

int grt_page_init(const struct kmem_channel *channel)
{
	u64 pages;

	map.ram_pages = platform()->ram_size >> PAGE_SHIFT;
	map.heap_pfn = channel->heap_base >> PAGE_SHIFT;
	map.heap_pages = channel->heap_size >> PAGE_SHIFT;
	pages = (u64)map.ram_pages + map.heap_pages;
	map.array = grt_ram_alloc_top(pages * sizeof(struct page));
	return map.array ? 0 : -ENOMEM;
}

unsigned long grt_page_total(void)
{
	return map.ram_pages + map.heap_pages;
}

struct page *grt_page_at(unsigned long i)
{
	return &map.array[i];
}

unsigned long grt_page_number(const struct page *page)
{
	return (unsigned long)(page - map.array);
}

bool pfn_valid(unsigned long pfn)
{
	return pfn < map.ram_pages || pfn - map.heap_pfn < map.heap_pages;
}

struct page *pfn_to_page(unsigned long pfn)
{
	if (pfn - map.heap_pfn < map.heap_pages)
		return &map.array[map.ram_pages + (pfn - map.heap_pfn)];
	BUG_ON(pfn >= map.ram_pages);
	return &map.array[pfn];
}

unsigned long page_to_pfn(const struct page *page)
{
	unsigned long i = (unsigned long)(page - map.array);

	return i < map.ram_pages ? i : map.heap_pfn + (i - map.ram_pages);
}
