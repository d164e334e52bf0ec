/* SPDX-License-Identifier: BSD-2-Clause */
/* Allocation flags, and the page allocator that <linux/mm.h> describes. */
#ifndef GUEST_LINUX_GFP_H
#define GUEST_LINUX_GFP_H

#include <asm/page.h>
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/gfp_types.h>
#include <linux/limits.h>
#include <linux/minmax.h>

struct page;

/* Orders of runs: up to MAX_PAGE_ORDER. As Linux has it until 6.3, MAX_ORDER is one more. */
#define MAX_PAGE_ORDER     10
#define MAX_ORDER          11
#define MAX_ORDER_NR_PAGES (1 << MAX_PAGE_ORDER)

struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order);
struct page *alloc_pages(gfp_t gfp, unsigned int order);
unsigned long __get_free_pages(gfp_t gfp, unsigned int order);
unsigned long get_zeroed_page(gfp_t gfp);
void __free_pages(struct page *page, unsigned int order);
void free_pages(unsigned long addr, unsigned int order);
void *alloc_pages_exact(size_t size, gfp_t gfp);
void free_pages_exact(void *addr, size_t size);

#define alloc_page(gfp)      alloc_pages(gfp, 0)
#define __get_free_page(gfp) __get_free_pages(gfp, 0)
#define __free_page(page)    __free_pages(page, 0)
#define free_page(addr)      free_pages(addr, 0)

/* Single pages where pages[] has NULL, n of them. Returns how many pages[] has from the first on:
 * less than n if memory is short. */
unsigned long alloc_pages_bulk_array(gfp_t gfp, unsigned long n, struct page **pages);

#endif
