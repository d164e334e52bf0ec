/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GUEST_LIB_VM_MMAP_H
#define GUEST_LIB_VM_MMAP_H

#include <linux/types.h>

struct page;

/* Around user_page(). Whoever holds it touches no user memory: that may fault, and a
 * fault takes it. */
void user_lock(void);
void user_unlock(void);

/* The page at a user address, as get_user_pages_fast() has it by these of its flags:
 * FOLL_WRITE, FOLL_FORCE, FOLL_NOFAULT. -EFAULT: there is none with that permission, or
 * none yet; -ENOMEM. It has no reference of the caller's. */
int user_page(unsigned long addr, unsigned int gup_flags, struct page **page);

/* The pages that are present in [start, end), in the area of addr alone and addr's own aside, into
 * page[], which has room for all. Returns how many. The caller holds the user lock. */
size_t user_present(unsigned long addr, unsigned long start, unsigned long end, struct page **page);

/* A fault at a user address, after which ahead bytes (at least 1) are about to be touched;
 * error is the #PF error code. 0: try again; -EFAULT; -ENOMEM. */
int grt_user_fault(unsigned long addr, unsigned long ahead, unsigned int error);

/* For vma.c, all of whom hold the user lock. The area that holds addr, else the first above it,
 * else NULL; its flags are VM_*, of which what a program may set can be added. */
struct vrange;
struct vrange *grt_user_area(unsigned long addr);
/* Maps a frame: of kind PTE_SPECIAL nobody counts it, of kind PTE_INSERTED the caller has its page
 * count it. 0; -EBUSY: something is there; -ENOMEM. */
int grt_user_enter(unsigned long addr, u64 frame, unsigned long prot, u64 kind);
/* Unmaps what is mapped in [start, end), and gives back what is counted. */
void grt_user_zap(unsigned long start, unsigned long end);

/* Gives all user memory back. */
void grt_user_exit(void);

#endif
