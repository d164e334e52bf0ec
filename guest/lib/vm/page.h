/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages, as page.c, gup.c, mmap.c and vmalloc.c see them. */
#ifndef GUEST_LIB_VM_PAGE_H
#define GUEST_LIB_VM_PAGE_H

#include <linux/mm_types.h>

/* page->flags */
#define PG_RUN         (1ul << 0) /* first page of a run that alloc_pages() gave */
#define PG_MAPPED      (1ul << 1) /* a user mapping holds a reference */
#define PG_DIRTY       (1ul << 2)
#define PG_ORDER_SHIFT 8
#define PG_ORDER_MASK  0xful

/* The reference that comes with a new page becomes the mapping's. */
void grt_page_map(struct page *page);
/* Drops it. */
void grt_page_unmap(struct page *page);

struct kmem_channel;

/* struct page for RAM and the heap. 0 or -ENOMEM. */
int grt_page_init(const struct kmem_channel *channel);

#endif
