/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's other names for memory by the page: each is made of what the rest of the room has. */
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <slabvisor/user.h>

void *grt_kvrealloc(const void *p, size_t oldsize, size_t newsize, gfp_t gfp)
{
	void *q;

	if (oldsize >= newsize)
		return (void *)p;
	q = kvmalloc(newsize, gfp);
	if (!q)
		return NULL;
	if (oldsize)
		memcpy(q, p, oldsize);
	kvfree(p);
	return q;
}

void *grt_kvrealloc_known(const void *p, size_t newsize, gfp_t gfp)
{
	size_t oldsize = 0;

	if (!newsize) {
		kvfree(p);
		return is_vmalloc_addr(p) ? NULL : ZERO_SIZE_PTR;
	}
	if (is_vmalloc_addr(p)) {
		const char *end = p;

		/* An area ends where no page is mapped. */
		while (is_vmalloc_addr(end) && vmalloc_to_page(end))
			end += PAGE_SIZE;
		oldsize = (size_t)(end - (const char *)p);
	} else if (!ZERO_OR_NULL_PTR(p)) {
		oldsize = ksize(p);
	}
	return grt_kvrealloc(p, oldsize, newsize, gfp);
}

void dump_page(struct page *page, const char *reason)
{
	const struct page *head = compound_head(page);

	printk("page:%px refcount:%d gets:%u pins:%u index:0x%lx pfn:0x%lx\n", page,
	       page_count(page), head->gets, (unsigned int)head->pins, page->index,
	       page_to_pfn(page));
	if (head != page || PageHead(page))
		printk("head:%px order:%u\n", head, compound_order(head));
	printk("flags: 0x%lx\n", page->flags);
	if (reason)
		printk("page dumped because: %s\n", reason);
}

unsigned long alloc_pages_bulk_array(gfp_t gfp, unsigned long n, struct page **pages)
{
	unsigned long i;

	for (i = 0; i < n; i++) {
		if (!pages[i])
			pages[i] = alloc_page(gfp);
		if (!pages[i])
			break;
	}
	return i;
}

void *vmalloc_user(unsigned long size)
{
	return vzalloc(size);
}

void *vmalloc_32(unsigned long size)
{
	return __vmalloc(size, GFP_KERNEL | GFP_DMA32);
}

void *vmalloc_32_user(unsigned long size)
{
	return __vmalloc(size, GFP_KERNEL | GFP_DMA32 | __GFP_ZERO);
}

void *vmalloc_huge(unsigned long size, gfp_t gfp)
{
	return __vmalloc(size, gfp);
}

unsigned long vm_mmap(struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
		      unsigned long flag, unsigned long offset)
{
	if (file || !PAGE_ALIGNED(offset) || offset + PAGE_ALIGN(len) < offset || prot > INT_MAX ||
	    flag > INT_MAX)
		return -EINVAL;
	return user_mmap(addr, len, (int)prot, (int)flag | MAP_ANONYMOUS);
}

int vm_munmap(unsigned long addr, size_t len)
{
	return user_munmap(addr, len);
}

long grt_get_user_pages(unsigned long start, unsigned long nr_pages, unsigned int gup_flags,
			struct page **pages)
{
	return get_user_pages_fast(start, (int)min_t(unsigned long, nr_pages, INT_MAX),
				   gup_flags & ~(unsigned int)FOLL_TOUCH, pages);
}

long grt_pin_user_pages(unsigned long start, unsigned long nr_pages, unsigned int gup_flags,
			struct page **pages)
{
	return pin_user_pages_fast(start, (int)min_t(unsigned long, nr_pages, INT_MAX),
				   gup_flags & ~(unsigned int)FOLL_TOUCH, pages);
}

int access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, int len,
		     unsigned int gup_flags)
{
	char *own = buf;
	int done = 0;

	(void)mm;
	while (done < len) {
		const unsigned long offset = offset_in_page(addr);
		const int n = min_t(int, len - done, (int)(PAGE_SIZE - offset));
		struct page *page;
		char *there;

		if (get_user_pages_fast(addr, 1, gup_flags, &page) != 1)
			break;
		there = (char *)page_address(page) + offset;
		if (gup_flags & FOLL_WRITE) {
			memcpy(there, own + done, n);
			set_page_dirty_lock(page);
		} else {
			memcpy(own + done, there, n);
		}
		put_page(page);
		done += n;
		addr += n;
	}
	return done;
}
