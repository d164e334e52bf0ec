/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages, as page.c, gup.c, mmap.c and vmalloc.c see them. */
#ifndef GUEST_LIB_VM_PAGE_H
#define GUEST_LIB_VM_PAGE_H

#include <linux/mm_types.h>

/* page->flags */
#define PG_RUN         (1ul << 0) /* first page of a run whose references are counted */
#define PG_ANON        (1ul << 1) /* of user memory, from a fault */
#define PG_DIRTY       (1ul << 2)
#define PG_HEAD        (1ul << 3) /* of a compound page: tails point here */
#define PG_SPLIT       (1ul << 4) /* a page of its own, of a run that goes back as a whole */
#define PG_ORDER_SHIFT 8          /* of the run */
#define PG_ORDER_MASK  0xful
#define PG_MAP_SHIFT   12 /* how many user mappings hold a reference */
#define PG_MAP_ONE     (1ul << PG_MAP_SHIFT)
#define PG_MAPPED      (0xffffful << PG_MAP_SHIFT)
#define PG_LEFT_SHIFT  32 /* of a split run's first page: pages that are not free */

struct kmem_channel;

/* struct page for RAM and the heap. 0 or -ENOMEM. */
int grt_page_init(const struct kmem_channel *channel);

/* Of the array of all pages: how many there are, one by its number, and a page's number. */
unsigned long grt_page_total(void);
struct page *grt_page_at(unsigned long i);
unsigned long grt_page_number(const struct page *page);

/* The reference that comes with a new page becomes the mapping's. */
void grt_page_map(struct page *page);
/* A mapping takes a reference of a page of the program's own, of a compound page by its first. 0;
 * -EINVAL: nobody has the page, or it is a slab's or user memory; -ENOMEM: it is mapped too often. */
int grt_page_insert(struct page *page);
/* Drops a mapping's reference. */
void grt_page_unmap(struct page *page);

/* Takes a FOLL_GET reference, or a FOLL_PIN one. False: the page has as many as can be counted.
 * *leased: a lease has become the pin at the host; else the caller gets one. The caller holds the
 * user lock, under which the page is mapped. */
bool grt_page_take(struct page *page, bool pin, bool *leased);
/* Tells whether the host has a pin of the page, or will have for who takes one just now. */
bool grt_page_held(struct page *page);
/* Drops one that the host has not pinned. */
void grt_page_untake(struct page *page, bool pin);
/* Drops a FOLL_PIN reference and its pin at the host. False: there is none. */
bool grt_page_unpin(struct page *page);

#endif
