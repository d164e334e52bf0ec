/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages: their numbers, addresses, references and pins; kernel and user memory by
 * the page. Names and semantics are Linux's; what differs is said here.
 */
#ifndef GUEST_LINUX_MM_H
#define GUEST_LINUX_MM_H

#include <asm/page.h>
#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/mm_types.h>
#include <linux/mman.h>
#include <linux/mmap_lock.h>
#include <linux/numa.h>
#ifndef SLABVISOR_HOSTED
#include <linux/smp.h>
#endif
#include <linux/types.h>
#include <linux/vmalloc.h>

#define PAGE_ALIGN(addr)   (((addr) + PAGE_SIZE - 1) & PAGE_MASK)
#define PAGE_ALIGNED(addr) (((unsigned long)(addr) & (PAGE_SIZE - 1)) == 0)
#define offset_in_page(p)  ((unsigned long)(p) & ~PAGE_MASK)
#define PFN_UP(x)          (((x) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define PFN_DOWN(x)        ((x) >> PAGE_SHIFT)
#define PFN_PHYS(x)        ((phys_addr_t)(x) << PAGE_SHIFT)
#define PAGE_OFFSET        0xffff888000000000ul /* PLATFORM_DIRECT_VA */

/* User space ends here, and begins after the first page. */
#define TASK_SIZE     0x7ffffffff000ul
#define TASK_SIZE_MAX TASK_SIZE

/* Of RAM, the heap, the program's image and (slower) stacks and vmalloc space. */
u64 grt_virt_to_phys_slow(unsigned long va);

static inline phys_addr_t virt_to_phys(const volatile void *address)
{
	unsigned long va = (unsigned long)address;

	/* The direct map ends long before the vCPU area. */
	if (likely(va >= PAGE_OFFSET && va < PAGE_OFFSET + (1ul << 44)))
		return va - PAGE_OFFSET;
	return grt_virt_to_phys_slow(va);
}

static inline void *phys_to_virt(phys_addr_t address)
{
	return (void *)(PAGE_OFFSET + address);
}

#define __pa(x) virt_to_phys((const void *)(unsigned long)(x))
#define __va(x) phys_to_virt((phys_addr_t)(x))

/* A frame number that is neither RAM nor heap has no page. */
bool pfn_valid(unsigned long pfn);
struct page *pfn_to_page(unsigned long pfn);
unsigned long page_to_pfn(const struct page *page);

static inline phys_addr_t page_to_phys(const struct page *page)
{
	return PFN_PHYS(page_to_pfn(page));
}

static inline struct page *phys_to_page(phys_addr_t address)
{
	return pfn_to_page(PFN_DOWN(address));
}

static inline struct page *virt_to_page(const void *address)
{
	return pfn_to_page(PFN_DOWN(virt_to_phys(address)));
}

static inline bool virt_addr_valid(const void *address)
{
	unsigned long va = (unsigned long)address;

	return va >= PAGE_OFFSET && va < PAGE_OFFSET + (1ul << 44) &&
	       pfn_valid(PFN_DOWN(va - PAGE_OFFSET));
}

static inline void *page_address(const struct page *page)
{
	return phys_to_virt(page_to_phys(page));
}

#define page_to_virt(page) page_address(page)
#define virt_to_pfn(p)     PFN_DOWN(virt_to_phys(p))

/* Everything is mapped, always. */
#define kmap(page)                page_address(page)
#define kunmap(page)              ((void)(page))
#define kmap_local_page(page)     page_address(page)
#define kunmap_local(addr)        ((void)(addr))
#define kmap_atomic(page)         page_address(page)
#define kunmap_atomic(addr)       ((void)(addr))
#define page_private(page)        ((page)->private)
#define set_page_private(page, v) ((page)->private = (v))

/* The smallest order whose run holds size bytes; of none, as in Linux, one that no run has. */
static inline int get_order(unsigned long size)
{
	if (size <= PAGE_SIZE)
		return size ? 0 : 64 - PAGE_SHIFT;
	return 64 - __builtin_clzl((size - 1) >> PAGE_SHIFT);
}

/*
 * Runs of 2^order pages, order 0 to 10, each with one reference, which
 * __free_pages(), free_pages() or the last put_page() of the first page drops. With __GFP_COMP the
 * run is a compound page: a reference of any of its pages is one of the first, and keeps them all.
 * NULL, or 0, when there is no memory.
 */
struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order);
struct page *alloc_pages(gfp_t gfp, unsigned int order);
unsigned long __get_free_pages(gfp_t gfp, unsigned int order);
unsigned long get_zeroed_page(gfp_t gfp);
void __free_pages(struct page *page, unsigned int order);
void free_pages(unsigned long addr, unsigned int order);
/*
 * Makes a run of 2^order pages, which is not compound and has one reference, pages of their own
 * with one each, which are freed one by one. Unlike Linux's, what is freed of them is of use to
 * others when all are: the host has handed the run out in one piece.
 */
void split_page(struct page *page, unsigned int order);
/* The pages that hold size bytes, in a row and split. 0 bytes give NULL. */
void *alloc_pages_exact(size_t size, gfp_t gfp);
void free_pages_exact(void *addr, size_t size);

/* The first page of a compound page, of each of its pages; else the page itself. */
static inline struct page *compound_head(const struct page *page)
{
	unsigned long head = READ_ONCE(page->compound_head);

	return (struct page *)(head & 1 ? head - 1 : (unsigned long)page);
}

static inline struct page *virt_to_head_page(const void *address)
{
	return compound_head(virt_to_page(address));
}

/* Of memory of a large kmalloc() they tell once somebody has got a reference of it. */
bool PageHead(const struct page *page);
bool PageTail(const struct page *page);
bool PageCompound(const struct page *page);
/* Of the first page of a compound page; 0 of others. */
unsigned int compound_order(const struct page *page);

static inline unsigned long compound_nr(const struct page *page)
{
	return 1ul << compound_order(page);
}

static inline unsigned long page_size(const struct page *page)
{
	return PAGE_SIZE << compound_order(page);
}

/*
 * References. A page is freed with its last. put_page() also ends a FOLL_GET
 * reference of get_user_pages_fast(), and the pin at the host that belongs to it;
 * where a page has references of both kinds, those of get_page() count as ended
 * first, so that the host's pin outlives the last of get_user_pages_fast(). While the page stays
 * mapped the pin may be kept for the next that gets it, and goes when the host wants it back.
 * What kmalloc() gave has one, which is kfree()'s, and above KMALLOC_MAX_CACHE_SIZE others keep it
 * past that, as in Linux 6.1. Pages of smaller pieces are shared and go with their slab: references
 * are counted there and keep nothing (Linux has forbidden them since 6.15).
 */
int page_count(const struct page *page);

static inline int page_ref_count(const struct page *page)
{
	return atomic_read(&page->_refcount);
}

void get_page(struct page *page);
void put_page(struct page *page);

/* Dirty: written through a pin, where page tables do not see it. */
int set_page_dirty(struct page *page);
int set_page_dirty_lock(struct page *page);
bool PageDirty(const struct page *page);
void ClearPageDirty(struct page *page);

/*
 * Flags of get_user_pages_fast().
 * FOLL_FORCE: gets pages that are mapped but not readable, and with FOLL_WRITE those of
 * private mappings that are not writable; what they are mapped with stays.
 * FOLL_NOFAULT: faults none in: up to the first page never touched.
 * FOLL_FAST_ONLY: that too, FOLL_FORCE has no effect, and 0 takes the place of errors.
 * FOLL_TOUCH (of get_user_pages() and pin_user_pages() alone), FOLL_LONGTERM (of pins),
 * FOLL_PCI_P2PDMA, FOLL_HONOR_NUMA_FAULT: make no difference here.
 */
#define FOLL_WRITE            0x01
#define FOLL_TOUCH            0x02
#define FOLL_GET              0x04
#define FOLL_FORCE            0x10
#define FOLL_NOFAULT          0x80
#define FOLL_HONOR_NUMA_FAULT 0x1000
#define FOLL_LONGTERM         0x10000
#define FOLL_PIN              0x40000
#define FOLL_FAST_ONLY        0x80000
#define FOLL_PCI_P2PDMA       0x100000

/* What a FOLL_PIN adds to a page's reference count. */
#define GUP_PIN_COUNTING_BIAS 1024

/*
 * Pins the user pages of [start rounded down to a page, + nr_pages), faulting them
 * in, and stores their struct pages (pages may be NULL for FOLL_GET: then the
 * range is only faulted in and counted). Each page gets a reference and one pin at
 * the host. A page that was got before has its pin still, as a rule, and so have pages that were
 * present around it: these take no request, the others one for each 512.
 * Returns how many, from the first on: fewer than nr_pages if something is in the
 * way further on. 0 if nr_pages <= 0. If the first cannot be had: -EFAULT (not
 * mapped, not readable, not writable with FOLL_WRITE, beyond user space),
 * -EOVERFLOW (the range wraps), -EINVAL (flags that are not for callers), -ENOMEM, -EAGAIN
 * (the host's quota of pins). put_page() each, without holding locks on user memory.
 */
int get_user_pages_fast(unsigned long start, int nr_pages, unsigned int gup_flags,
			struct page **pages);

/* The same with FOLL_PIN: pages is needed (-EINVAL), unpin_user_page() ends it. */
int pin_user_pages_fast(unsigned long start, int nr_pages, unsigned int gup_flags,
			struct page **pages);

/*
 * Both with FOLL_FAST_ONLY: up to the first page that is not there or may not be used so,
 * which may be 0 pages, and never an error. They do ask the host for pins that there are none of.
 */
int get_user_pages_fast_only(unsigned long start, int nr_pages, unsigned int gup_flags,
			     struct page **pages);
int pin_user_pages_fast_only(unsigned long start, int nr_pages, unsigned int gup_flags,
			     struct page **pages);

/* Tells whether one page could be got so. */
static inline bool get_user_page_fast_only(unsigned long addr, unsigned int gup_flags,
					   struct page **pagep)
{
	return get_user_pages_fast_only(addr, 1, gup_flags, pagep) == 1;
}

void unpin_user_page(struct page *page);
void unpin_user_pages(struct page **pages, unsigned long nr_pages);
void unpin_user_pages_dirty_lock(struct page **pages, unsigned long nr_pages, bool make_dirty);

/* True for every page with a FOLL_PIN reference, and for a few others. */
bool page_maybe_dma_pinned(struct page *page);

/* Tells whether a page may be pinned for long: every page may, none is moved. */
static inline bool is_longterm_pinnable_page(struct page *page)
{
	(void)page;
	return true;
}

/* Prints what is known of a page, and why somebody wants to know, if reason is not NULL. */
void dump_page(struct page *page, const char *reason);

/*
 * Linux's mappings by kernel code, of user_mmap()'s areas. file is NULL, since there are no files:
 * -EINVAL for any other; offset, which says where in a file, is a multiple of pages. Returns the
 * address or a negative errno; 0 or one.
 */
struct file;
unsigned long vm_mmap(struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
		      unsigned long flag, unsigned long offset);
int vm_munmap(unsigned long addr, size_t len);

/* What an area of user memory is. */
#define VM_READ       0x00000001ul
#define VM_WRITE      0x00000002ul
#define VM_EXEC       0x00000004ul
#define VM_SHARED     0x00000008ul
#define VM_MAYREAD    0x00000010ul
#define VM_MAYWRITE   0x00000020ul
#define VM_MAYEXEC    0x00000040ul
#define VM_PFNMAP     0x00000400ul /* has frames that nobody counts, and no others */
#define VM_IO         0x00004000ul
#define VM_DONTEXPAND 0x00040000ul /* no area of a program ever grows */
#define VM_DONTDUMP   0x04000000ul
#define VM_MIXEDMAP \
	0x10000000ul /* has pages of the program's own beside those that come by faults */

static inline pgprot_t vm_get_page_prot(unsigned long vm_flags)
{
	return (pgprot_t){vm_flags & (VM_READ | VM_WRITE | VM_EXEC)};
}

static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}

static inline void vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags |= flags;
}

/* The area that holds addr, else the first above it; vma_lookup(): that holds addr. NULL: there is
 * none, or, unlike in Linux, no memory for its structure. mm is current->mm, the only one. */
struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr);
struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr);

/*
 * Maps a page of the program's own at addr, which takes a reference of it until it is unmapped. 0;
 * -EFAULT: addr is not in the area; -EINVAL: nobody has a reference of it, or it is of small pieces
 * of kmalloc() or user memory; -EBUSY: something is mapped there; -ENOMEM. An area of
 * remap_pfn_range() is a BUG. Unlike in Linux get_user_pages() has no page but the first of a
 * compound page: split_page() makes others pages of their own. vm_insert_pages() does several, and
 * leaves in *num how many are left; vm_map_pages() fills an area from pages[vm_pgoff] on, of num
 * pages, vm_map_pages_zero() from the first on: -ENXIO if there are too few.
 */
int vm_insert_page(struct vm_area_struct *vma, unsigned long addr, struct page *page);
int vm_insert_pages(struct vm_area_struct *vma, unsigned long addr, struct page **pages,
		    unsigned long *num);
int vm_map_pages(struct vm_area_struct *vma, struct page **pages, unsigned long num);
int vm_map_pages_zero(struct vm_area_struct *vma, struct page **pages, unsigned long num);

/*
 * Maps the frames from pfn on at [addr, addr + size), of any memory or none, and counts none of
 * them: they stay the program's to keep. The area becomes VM_PFNMAP: get_user_pages() has none of
 * it, and what is not mapped in it comes by no fault. 0; -EINVAL: addr is not aligned, the range is
 * not in the area, or is only part of a private one; -ENOMEM. Where something is mapped already it
 * is a BUG.
 */
int remap_pfn_range(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn,
		    unsigned long size, pgprot_t prot);
/* Unmaps frames again. Does nothing beyond the area, or to one that has none of remap_pfn_range(). */
void zap_vma_ptes(struct vm_area_struct *vma, unsigned long address, unsigned long size);
/* The frame that is mapped at address. -EINVAL: there is none, or the area has pages. */
int follow_pfn(struct vm_area_struct *vma, unsigned long address, unsigned long *pfn);
/* Maps the pages of vmalloc()'s area at addr, from the pgoff'th on, all over vma. -EINVAL: it is no
 * such area, or too short. Linux wants it of vmalloc_user(). */
int remap_vmalloc_range(struct vm_area_struct *vma, void *addr, unsigned long pgoff);

/*
 * get_user_pages_fast() and pin_user_pages_fast() by the names of the slow ones, which the caller
 * calls with mmap_lock held. Linux until 6.4 has another parameter behind pages, which is NULL.
 */
long grt_get_user_pages(unsigned long start, unsigned long nr_pages, unsigned int gup_flags,
			struct page **pages);
long grt_pin_user_pages(unsigned long start, unsigned long nr_pages, unsigned int gup_flags,
			struct page **pages);
#define get_user_pages(start, nr, flags, pages, ...) grt_get_user_pages(start, nr, flags, pages)
#define pin_user_pages(start, nr, flags, pages, ...) grt_pin_user_pages(start, nr, flags, pages)

/*
 * Copies len bytes between buf and user memory at addr: from it, or with FOLL_WRITE to it;
 * FOLL_FORCE as for get_user_pages_fast(). Returns the bytes copied, up to what is not mapped so.
 * mm is current->mm, the only one.
 */
int access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, int len,
		     unsigned int gup_flags);

#endif
