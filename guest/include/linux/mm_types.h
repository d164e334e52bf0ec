/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of a page, as in Linux's <linux/mm_types.h>. */
#ifndef GUEST_LINUX_MM_TYPES_H
#define GUEST_LINUX_MM_TYPES_H

#include <linux/atomic.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/* What a mapping allows. */
typedef struct {
	u64 pgprot;
} pgprot_t;

/*
 * One for each 4 KiB frame of RAM and of the heap. Opaque to programs, but for lru, index and
 * private, which are theirs while they hold a page that they have allocated; of a compound page
 * that is so of the first alone.
 */
struct page {
	unsigned long flags; /* PG_* */
	atomic_t _refcount;  /* users, and GUP_PIN_COUNTING_BIAS for each FOLL_PIN */
	u32 pins : 21;       /* FOLL_PIN references */
	u32 leases : 11;     /* pins that the host has and nobody uses: guest/lib/vm/lease.h */
	u32 gets;            /* FOLL_GET references: each is a pin at the host, too */
	spinlock_t lock;     /* guards pins, leases and gets */
	union {
		struct list_head lru;
		unsigned long compound_head; /* of a tail page: the first page, plus 1 */
	};
	unsigned long index;
	unsigned long private;
};

_Static_assert(sizeof(struct page) == 56, "less than one and a half percent of what it describes");

/* The user address space: see <slabvisor/user.h>. The runtime has locks of its own for it, so that
 * mmap_lock is for programs alone. */
struct mm_struct {
	struct rw_semaphore mmap_lock;
};

/*
 * An area of user memory as find_vma() found it. vm_private_data is the program's. It is there
 * until something of the area is unmapped, mapped over or given other permissions; as in Linux
 * whoever keeps one beyond that holds mmap_lock, and so do those who do it.
 */
struct vm_area_struct {
	unsigned long vm_start; /* the first byte, */
	unsigned long vm_end;   /* and the first after the last */
	struct mm_struct *vm_mm;
	unsigned long vm_flags; /* VM_* */
	pgprot_t vm_page_prot;
	unsigned long vm_pgoff; /* the first page's number; of remap_pfn_range() in a private area,
				 * its frame's */
	void *vm_private_data;
	struct list_head grt_link;
};

#endif
