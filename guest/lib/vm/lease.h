/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leases: pins that the host has of pages which nobody uses just then. A lease is what is left of
 * a pin that was dropped, or it was taken ahead for a page beside one that was asked for. The next
 * get_user_pages_fast() of the page makes it its pin, and costs no request.
 *
 * What holds of each page: the host's count is the references of get_user_pages_fast() and
 * pin_user_pages_fast(), and its leases. So it is never less than what the program has, and equal
 * to it once the leases are gone. A lease belongs to a page and to no vCPU: whichever drops a pin
 * leaves it, whichever gets the page next takes it.
 *
 * Only pages that are mapped for a user have leases. They go
 *   - with the mapping of their page, so before it is freed;
 *   - all of them, when memory or pins are asked back (an event, memory that is short, a quota
 *     that is used up), and before pins are counted: kmem_unpin_unused();
 *   - some of them, when the host has more than half of its quota's pins of this program: the
 *     other half is for disks, and for pages that are in use.
 * A lease says nothing of permissions: these are looked up each time a page is got.
 *
 * Locks, in the order they are taken: that of user memory, that of whoever gives up leases, a
 * page's. Requests are made under the first two; nobody who holds one allocates for it.
 */
#ifndef GUEST_LIB_VM_LEASE_H
#define GUEST_LIB_VM_LEASE_H

#include <linux/types.h>

struct page;

/* Pages around one that is asked for, itself included, among which leases are taken: a part of
 * the address space that is aligned to its size. */
#define LEASE_AROUND 64ul

/* After grt_page_init(): makes room to know of each page whether it has leases. 0 or -ENOMEM. */
int grt_lease_init(void);

/* A pin of the page at the host has no user any more, and may become a lease: then true. False: it
 * is the caller's to drop there. The caller holds the page's lock. */
bool grt_lease_keep(struct page *page);

/* The page has no leases any more. Returns how many it had, which are the caller's to drop at the
 * host. The caller holds the page's lock. */
unsigned int grt_lease_end(struct page *page);

/* Tells whether n pins more, which may become leases, leave the others their half of the quota.
 * If not, some leases are given up first. */
bool grt_lease_room(size_t n);

/* The host has pinned these frames ahead: makes leases of them, or drops them where their page is
 * not mapped any more. */
void grt_lease_add(size_t n, const u64 *addr);

#endif
