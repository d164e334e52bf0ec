/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages by their contents. All memory is mapped, always: see kmap() in <linux/mm.h>. */
#ifndef GUEST_LINUX_HIGHMEM_H
#define GUEST_LINUX_HIGHMEM_H

#include <linux/bug.h>
#include <linux/mm.h>
#include <linux/string.h>

static inline void clear_highpage(struct page *page)
{
	clear_page(page_address(page));
}

static inline void copy_highpage(struct page *to, struct page *from)
{
	copy_page(page_address(to), page_address(from));
}

/* Part of one page: offset + len is at most PAGE_SIZE. */
static inline void memcpy_from_page(char *to, struct page *page, size_t offset, size_t len)
{
	BUG_ON(offset > PAGE_SIZE || len > PAGE_SIZE - offset);
	memcpy(to, (const char *)page_address(page) + offset, len);
}

static inline void memcpy_to_page(struct page *page, size_t offset, const char *from, size_t len)
{
	BUG_ON(offset > PAGE_SIZE || len > PAGE_SIZE - offset);
	memcpy((char *)page_address(page) + offset, from, len);
}

static inline void memset_page(struct page *page, size_t offset, int value, size_t len)
{
	BUG_ON(offset > PAGE_SIZE || len > PAGE_SIZE - offset);
	memset((char *)page_address(page) + offset, value, len);
}

#define memzero_page(page, offset, len) memset_page(page, offset, 0, len)
#define zero_user(page, start, size)    memset_page(page, start, 0, size)

#endif
