/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs see of areas of user memory: see struct vm_area_struct in <linux/mm_types.h>. */
#ifndef GUEST_LIB_VM_VMA_H
#define GUEST_LIB_VM_VMA_H

#include <linux/types.h>

struct vm_area_struct;
struct vrange;

/* The area's structure, which is made when it is first asked for. NULL: no memory. The caller holds
 * the user lock, as for the other. */
struct vm_area_struct *grt_vma_of(const struct vrange *area);
/* Frees those of areas of which something lies in [start, end). */
void grt_vma_forget(unsigned long start, unsigned long end);

#endif
