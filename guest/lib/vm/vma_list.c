/* SPDX-License-Identifier: BSD-2-Clause */
/* The structures of areas that programs have asked for. They are few. */
#include "guest/lib/machine/grt.h"
#include "guest/lib/vm/vma.h"
#include "guest/lib/vm/vspace.h"
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

static LIST_HEAD(vmas); /* under the user lock */

struct vm_area_struct *grt_vma_of(const struct vrange *area)
{
	struct vm_area_struct *vma;

	list_for_each_entry(vma, &vmas, grt_link)
		if (vma->vm_start == area->start && vma->vm_end == area->end)
			return vma;
	vma = kzalloc(sizeof(*vma), GFP_KERNEL);
	if (!vma)
		return NULL;
	vma->vm_start = area->start;
	vma->vm_end = area->end;
	vma->vm_mm = current->mm;
	vma->vm_flags = area->flags | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	vma->vm_page_prot = vm_get_page_prot(area->flags);
	vma->vm_pgoff = area->start >> PAGE_SHIFT;
	list_add(&vma->grt_link, &vmas);
	return vma;
}

void grt_vma_forget(unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma;
	struct vm_area_struct *next;

	list_for_each_entry_safe(vma, next, &vmas, grt_link) {
		if (vma->vm_start >= end || vma->vm_end <= start)
			continue;
		list_del(&vma->grt_link);
		kfree(vma);
	}
}
