/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtually contiguous memory: single pages in a row of addresses of their own, with
 * an unmapped page after each area. All functions may ask the host and wait.
 */
#ifndef GUEST_LINUX_VMALLOC_H
#define GUEST_LINUX_VMALLOC_H

#include <linux/mm_types.h>
#include <linux/types.h>

struct page;

#define VMALLOC_START 0xffffc90000000000ul
#define VMALLOC_END   0xffffc98000000000ul /* 512 GiB */

/* Read, write and execute are as VM_* in <linux/mm.h> has them. */
#define PAGE_KERNEL    ((pgprot_t){3})
#define PAGE_KERNEL_RO ((pgprot_t){1})
/* How the caches take it is the host's to say. */
#define pgprot_noncached(prot)    (prot)
#define pgprot_writecombine(prot) (prot)

#define VM_MAP 0x04 /* flags of vmap() */

/*
 * size bytes, rounded up to pages. NULL: no memory, or size 0. __vmalloc_node() aligns them to
 * align, a power of two; caller, which Linux shows in /proc/vmallocinfo, is not kept.
 */
void *vmalloc(unsigned long size);
void *vzalloc(unsigned long size);
void *__vmalloc(unsigned long size, gfp_t gfp);
void *__vmalloc_node(unsigned long size, unsigned long align, gfp_t gfp, int node,
		     const void *caller);
void *vmalloc_node(unsigned long size, int node);
void *vzalloc_node(unsigned long size, int node);
/* n * size bytes, NULL when that overflows; vcalloc() zeroed. */
void *vmalloc_array(size_t n, size_t size);
void *vcalloc(size_t n, size_t size);
/*
 * NULL does nothing. An address that is in no area, or begins no page, is warned of and left alone.
 * An area of vmap() goes, and its pages stay their owner's.
 */
void vfree(const void *addr);

/*
 * Maps count pages, which stay the caller's, one after the other. NULL: no memory. vunmap() takes
 * what vfree() does, and frees no page, not even vmalloc()'s.
 */
void *vmap(struct page **pages, unsigned int count, unsigned long flags, pgprot_t prot);
void vunmap(const void *addr);
/*
 * The same of count frames that have no page, as those of a device: of any that pfn_valid() takes
 * it warns, and NULL is returned. vunmap() takes it.
 */
void *vmap_pfn(unsigned long *pfns, unsigned int count, pgprot_t prot);
void *vm_map_ram(struct page **pages, unsigned int count, int node);
void vm_unmap_ram(const void *mem, unsigned int count);

bool is_vmalloc_addr(const void *p);
/* The page behind an address in an area, or NULL. */
struct page *vmalloc_to_page(const void *p);
#define vmalloc_to_pfn(p) page_to_pfn(vmalloc_to_page(p))

/* kmalloc() if it can be had in one piece, else vmalloc(). kvfree() takes either, and
 * kvfree_sensitive() zeroes len bytes first. */
void *kvmalloc(size_t size, gfp_t gfp);
void *kvmalloc_node(size_t size, gfp_t gfp, int node);
void *kvzalloc(size_t size, gfp_t gfp);
void *kvzalloc_node(size_t size, gfp_t gfp, int node);
void *kvmalloc_array(size_t n, size_t size, gfp_t gfp);
void *kvcalloc(size_t n, size_t size, gfp_t gfp);
void kvfree(const void *p);
void kvfree_sensitive(const void *p, size_t len);

/* Zeroed; below 4 GiB; both. Linux's vmalloc_huge() tries larger pages, and here has the same ones.
 */
void *vmalloc_user(unsigned long size);
void *vmalloc_32(unsigned long size);
void *vmalloc_32_user(unsigned long size);
void *vmalloc_huge(unsigned long size, gfp_t gfp);

#endif
