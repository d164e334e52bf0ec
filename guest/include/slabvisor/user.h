/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program's user address space: what copy_from_user(), get_user_pages_fast() and
 * the like act on. It has real page tables, areas with permissions, and pages that
 * come with the first touch and read as zero; the program may also touch them
 * directly. There is one, from the second page to TASK_SIZE. Where the runtime is at
 * CPL 3 it shares the ring: user pages are protected from nothing but their own
 * permissions.
 *
 * All functions may be called from any vCPU.
 */
#ifndef SLABVISOR_USER_H
#define SLABVISOR_USER_H

#include <linux/mman.h>
#include <linux/types.h>

/*
 * Maps len bytes, rounded up to pages, of anonymous memory with PROT_*. flags:
 * MAP_PRIVATE or MAP_SHARED (which only FOLL_FORCE tells apart) and MAP_ANONYMOUS, perhaps
 * MAP_POPULATE, MAP_FIXED (replaces what was there) or MAP_FIXED_NOREPLACE; without
 * the last two addr is a hint.
 * Returns the address, or a negative errno as mmap(2) has them (test it with
 * IS_ERR_VALUE): -EINVAL, -ENOMEM, -EEXIST, -EPERM (MAP_FIXED at the first page).
 */
unsigned long user_mmap(unsigned long addr, unsigned long len, int prot, int flags);

/* Unmaps what is mapped in [addr, addr + len). Its pages are freed, but for those with
 * other references. Returns 0, -EINVAL or -ENOMEM, as munmap(2). */
int user_munmap(unsigned long addr, unsigned long len);

/* Changes the permissions of [addr, addr + len), which must be mapped throughout, else
 * -ENOMEM and nothing is changed. -EINVAL as mprotect(2). */
int user_mprotect(unsigned long addr, unsigned long len, int prot);

/* Pages that are there, of the whole address space. */
unsigned long user_resident_pages(void);

#endif
