/* SPDX-License-Identifier: BSD-2-Clause */
/* User memory: areas, permissions, and pages at the first touch. */
#include "guest/lib/vm/mmap.h"
#include "guest/lib/machine/grt.h"
#include "guest/lib/vm/page.h"
#include "guest/lib/vm/vma.h"
#include "guest/lib/vm/vspace.h"
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <slabvisor/user.h>

#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)

#define MAX_AHEAD (64 * PAGE_SIZE) /* that one fault brings in for a copy */

/* Page fault error code. */
#define PF_WRITE (1u << 1)
#define PF_FETCH (1u << 4)

static struct {
	struct mutex lock;
	struct vspace areas; /* flags: VM_*, of which the first three are PROT_* */
	unsigned long resident;
} user = {
	.areas = {.lo = PAGE_SIZE, .hi = TASK_SIZE},
};

void user_lock(void)
{
	mutex_lock(&user.lock);
}

void user_unlock(void)
{
	mutex_unlock(&user.lock);
}

unsigned long user_resident_pages(void)
{
	return __atomic_load_n(&user.resident, __ATOMIC_RELAXED);
}

/* The entry for a frame under these permissions. Accessed and dirty are set at once:
 * nobody reads them, and the CPU need not. */
static u64 make_pte(u64 addr, unsigned long prot)
{
	u64 pte = addr | PTE_USER | PTE_ACCESSED;

	if (!(prot & PROT_ALL))
		return pte | PTE_PARKED;
	pte |= PTE_PRESENT;
	if (prot & PROT_WRITE)
		pte |= PTE_WRITE | PTE_DIRTY;
	if (!(prot & PROT_EXEC))
		pte |= PTE_NX;
	return pte;
}

/* The entry for the same frame. */
static u64 change_pte(u64 pte, unsigned long prot)
{
	return make_pte(pte & PTE_ADDR, prot) | (pte & (PTE_SPECIAL | PTE_INSERTED));
}

/* As on x86, what may be written or executed may be read. */
static bool permits(unsigned long prot, bool write, bool fetch)
{
	if (write)
		return prot & PROT_WRITE;
	if (fetch)
		return prot & PROT_EXEC;
	return prot & PROT_ALL;
}

/* A frame that is not counted is nobody's to get, and one of a compound page only by its first
 * page, by which the host knows it. */
static int page_of(u64 pte, struct page **page)
{
	if (pte & PTE_SPECIAL)
		return -EFAULT;
	*page = phys_to_page(pte & PTE_ADDR);
	return PageTail(*page) ? -EFAULT : 0;
}

static int fault_in(const struct vrange *area, unsigned long addr, struct page **page)
{
	u64 *pte = grt_pte(addr, true, NULL);
	u64 value;

	if (!pte)
		return -ENOMEM;
	value = pte_read(pte);
	if (value)
		return page_of(value, page);
	/* Of frames alone, there is nothing to bring in. */
	if (area->flags & VM_PFNMAP)
		return -EFAULT;
	*page = alloc_page(GFP_USER | __GFP_ZERO);
	if (!*page)
		return -ENOMEM;
	grt_page_map(*page);
	user.resident++;
	pte_set(pte, make_pte(page_to_phys(*page), area->flags));
	return 0;
}

/* As in Linux, FOLL_FORCE reads whatever is mapped, and writes what is private, since nobody
 * else sees that. The permissions of the mapping stay. */
static bool may_get(const struct vrange *area, unsigned int gup_flags)
{
	const bool write = gup_flags & FOLL_WRITE;

	if (permits(area->flags, write, false))
		return true;
	return gup_flags & FOLL_FORCE && !(write && area->flags & VM_SHARED);
}

int user_page(unsigned long addr, unsigned int gup_flags, struct page **page)
{
	const struct vrange *area = vspace_at(&user.areas, addr);
	u64 *pte;

	if (!area || !may_get(area, gup_flags))
		return -EFAULT;
	if (!(gup_flags & FOLL_NOFAULT))
		return fault_in(area, addr, page);
	pte = grt_pte(addr, false, NULL);
	if (!pte || !pte_read(pte))
		return -EFAULT;
	return page_of(pte_read(pte), page);
}

size_t user_present(unsigned long addr, unsigned long start, unsigned long end, struct page **page)
{
	const struct vrange *area = vspace_at(&user.areas, addr);
	size_t n = 0;
	u64 *pte;

	if (!area)
		return 0;
	start = max(start, area->start);
	end = min(end, area->end);
	for (; (pte = grt_pte_next(&start, end)); start += PAGE_SIZE) {
		u64 value = pte_read(pte);

		if (value && !(value & (PTE_SPECIAL | PTE_INSERTED)) && start != addr)
			page[n++] = phys_to_page(value & PTE_ADDR);
	}
	return n;
}

/* As fault_in(), of a fault: an entry that is there already is right unless it says less than the
 * area, as one of remap_pfn_range() may, or is a frame's, of which there is no page to find. */
static int come_in(const struct vrange *area, unsigned long addr, unsigned int error,
		   struct page **page)
{
	const u64 *pte = grt_pte(addr, false, NULL);
	const u64 value = pte ? pte_read(pte) : 0;

	if (!value)
		return fault_in(area, addr, page);
	if (!(value & PTE_PRESENT) || (error & PF_WRITE && !(value & PTE_WRITE)) ||
	    (error & PF_FETCH && value & PTE_NX))
		return -EFAULT;
	return 0;
}

int grt_user_fault(unsigned long addr, unsigned long ahead, unsigned int error)
{
	const struct vrange *area;
	struct page *page;
	int err = -EFAULT;

	mutex_lock(&user.lock);
	area = vspace_at(&user.areas, addr);
	if (area && permits(area->flags, error & PF_WRITE, error & PF_FETCH))
		err = come_in(area, addr, error, &page);
	if (!err && ahead > 1) {
		unsigned long last = min(min(addr + ahead, area->end) - 1, addr + MAX_AHEAD);

		/* A failure here is met again when its page is touched. */
		for (addr = (addr & PAGE_MASK) + PAGE_SIZE; addr <= last; addr += PAGE_SIZE)
			if (fault_in(area, addr, &page))
				break;
	}
	mutex_unlock(&user.lock);
	return err;
}

/* Gives the pages of [start, end) back. Entries are parked first, so that one flush
 * comes between the last use of any of them and the first reuse. */
void grt_user_zap(unsigned long start, unsigned long end)
{
	bool flush = false;
	u64 *pte;

	for (unsigned long va = start; (pte = grt_pte_next(&va, end)); va += PAGE_SIZE) {
		u64 value = pte_read(pte);

		if (value & PTE_PRESENT) {
			pte_set(pte, (value & ~(PTE_PRESENT | PTE_WRITE)) | PTE_PARKED);
			flush = true;
		}
	}
	if (flush)
		platform_tlb_flush();
	for (unsigned long va = start; (pte = grt_pte_next(&va, end)); va += PAGE_SIZE) {
		u64 value = pte_set(pte, 0);

		if (value && !(value & PTE_SPECIAL)) {
			user.resident--;
			grt_page_unmap(compound_head(phys_to_page(value & PTE_ADDR)));
		}
	}
}

/* Makes start and end boundaries of areas. At most two ranges more, and one for the
 * caller. */
static int cut_out(unsigned long start, unsigned long end)
{
	int err = vspace_reserve(&user.areas, 3);

	if (err)
		return err;
	vspace_split(&user.areas, start);
	vspace_split(&user.areas, end);
	return 0;
}

static int unmap_locked(unsigned long start, unsigned long end)
{
	struct vrange *area;
	int err;

	if (vspace_is_free(&user.areas, start, end))
		return 0;
	err = cut_out(start, end);
	if (err)
		return err;
	grt_vma_forget(start, end);
	while ((area = vspace_find(&user.areas, start)) && area->start < end) {
		grt_user_zap(area->start, area->end);
		vspace_remove(&user.areas, area);
	}
	return 0;
}

static bool range_ok(unsigned long addr, unsigned long len)
{
	return len && len <= TASK_SIZE && addr <= TASK_SIZE - len && PAGE_ALIGNED(addr);
}

/* Where to map: an address, or a negative errno. */
static unsigned long place(unsigned long addr, unsigned long len, int flags)
{
	unsigned long gap;

	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (!PAGE_ALIGNED(addr))
			return -EINVAL;
		if (addr > TASK_SIZE - len)
			return -ENOMEM;
		if (addr < PAGE_SIZE)
			return -EPERM;
		if ((flags & MAP_FIXED_NOREPLACE) && !vspace_is_free(&user.areas, addr, addr + len))
			return -EEXIST;
		return addr;
	}
	addr = addr <= TASK_SIZE - len ? PAGE_ALIGN(addr) : 0;
	if (addr >= PAGE_SIZE && addr <= TASK_SIZE - len &&
	    vspace_is_free(&user.areas, addr, addr + len))
		return addr;
	gap = vspace_gap(&user.areas, len);
	return gap ? gap : (unsigned long)-ENOMEM;
}

unsigned long user_mmap(unsigned long addr, unsigned long len, int prot, int flags)
{
	const int known = MAP_SHARED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED |
			  MAP_FIXED_NOREPLACE | MAP_POPULATE;
	struct vrange area = {
		.flags = (unsigned long)prot | (flags & MAP_SHARED ? VM_SHARED : 0),
	};
	struct page *page;
	int err;

	if (!len || (prot & ~PROT_ALL) || (flags & ~known) || !(flags & MAP_ANONYMOUS) ||
	    !(flags & MAP_SHARED) == !(flags & MAP_PRIVATE))
		return -EINVAL;
	if (len > TASK_SIZE - PAGE_SIZE)
		return -ENOMEM;
	len = PAGE_ALIGN(len);

	mutex_lock(&user.lock);
	addr = place(addr, len, flags);
	if (addr > TASK_SIZE)
		goto out;
	err = unmap_locked(addr, addr + len);
	if (!err)
		err = vspace_reserve(&user.areas, 1);
	if (err) {
		addr = (unsigned long)err;
		goto out;
	}
	area.start = addr;
	area.end = addr + len;
	vspace_insert(&user.areas, &area);
	vspace_merge(&user.areas, area.start, area.end);
	/* As in Linux, a failure to populate is not one to map. */
	if ((flags & MAP_POPULATE) && prot != PROT_NONE)
		for (unsigned long va = area.start; va < area.end; va += PAGE_SIZE)
			if (fault_in(&area, va, &page))
				break;
out:
	mutex_unlock(&user.lock);
	return addr;
}

int user_munmap(unsigned long addr, unsigned long len)
{
	int err;

	if (len > TASK_SIZE || !range_ok(addr, PAGE_ALIGN(len)))
		return -EINVAL;
	mutex_lock(&user.lock);
	err = unmap_locked(addr, addr + PAGE_ALIGN(len));
	mutex_unlock(&user.lock);
	return err;
}

static bool mapped_throughout(unsigned long start, unsigned long end)
{
	const struct vrange *area;

	for (; start < end; start = area->end) {
		area = vspace_at(&user.areas, start);
		if (!area)
			return false;
	}
	return true;
}

static void protect_pages(unsigned long start, unsigned long end, unsigned long prot)
{
	bool flush = false;
	u64 *pte;

	for (unsigned long va = start; (pte = grt_pte_next(&va, end)); va += PAGE_SIZE) {
		u64 value = pte_read(pte);
		u64 next;

		if (!value)
			continue;
		next = change_pte(value, prot);
		pte_set(pte, next);
		/* What was allowed and no longer is may be in a TLB. */
		flush |= (value & PTE_PRESENT) &&
			 ((value & ~next & (PTE_PRESENT | PTE_WRITE)) || (next & ~value & PTE_NX));
	}
	if (flush)
		platform_tlb_flush();
}

int user_mprotect(unsigned long addr, unsigned long len, int prot)
{
	unsigned long end;
	int err = -ENOMEM;

	if (prot & ~PROT_ALL || !PAGE_ALIGNED(addr))
		return -EINVAL;
	if (!len)
		return 0;
	if (len > TASK_SIZE || !range_ok(addr, PAGE_ALIGN(len)))
		return -ENOMEM;
	end = addr + PAGE_ALIGN(len);
	mutex_lock(&user.lock);
	if (mapped_throughout(addr, end))
		err = cut_out(addr, end);
	if (!err) {
		grt_vma_forget(addr, end);
		for (struct vrange *area = vspace_find(&user.areas, addr);
		     area && area->start < end; area = vspace_find(&user.areas, area->end))
			area->flags = (area->flags & ~(unsigned long)PROT_ALL) |
				      (unsigned long)prot;
		protect_pages(addr, end, (unsigned long)prot);
		vspace_merge(&user.areas, addr, end);
	}
	mutex_unlock(&user.lock);
	return err;
}

struct vrange *grt_user_area(unsigned long addr)
{
	return vspace_find(&user.areas, addr);
}

int grt_user_enter(unsigned long addr, u64 frame, unsigned long prot, u64 kind)
{
	u64 *pte = grt_pte(addr, true, NULL);

	if (!pte)
		return -ENOMEM;
	if (pte_read(pte))
		return -EBUSY;
	pte_set(pte, make_pte(frame, prot) | kind);
	if (kind == PTE_INSERTED)
		user.resident++;
	return 0;
}

void grt_user_exit(void)
{
	struct vrange *area;

	mutex_lock(&user.lock);
	grt_vma_forget(0, TASK_SIZE);
	while ((area = vspace_find(&user.areas, 0))) {
		grt_user_zap(area->start, area->end);
		vspace_remove(&user.areas, area);
	}
	mutex_unlock(&user.lock);
}
