/* SPDX-License-Identifier: BSD-2-Clause */
/* The size of a page, as in Linux's <asm/page.h>. */
#ifndef GUEST_ASM_PAGE_H
#define GUEST_ASM_PAGE_H

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1ul << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

/* A whole page, by its address. */
#define clear_page(page)    __builtin_memset(page, 0, PAGE_SIZE)
#define copy_page(to, from) __builtin_memcpy(to, from, PAGE_SIZE)

#endif
