/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's RAM as it is filled before the start, and its page tables (4-level;
 * Intel SDM volume 3, section 4.5; AMD APM volume 2, section 5.3).
 */
#ifndef VMM_PROGRAM_PAGETABLE_H
#define VMM_PROGRAM_PAGETABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/machine/memory.h"

/* RAM is given out upwards and never back. */
struct ram_alloc {
	const struct memory *mem;
	uint64_t next; /* first byte that is free, page-aligned */
	uint64_t end;
};

/* Takes size bytes, rounded up to pages, of RAM that is zero. Returns their
 * guest-physical address, or 0 when there are not so many. */
uint64_t ram_take(struct ram_alloc *ram, uint64_t size);

#define PT_WRITE (1u << 0)
#define PT_EXEC  (1u << 1)
#define PT_USER  (1u << 2) /* reachable at CPL 3 */

struct page_table {
	struct ram_alloc *ram;
	uint64_t root; /* guest-physical address of the PML4 */
};

/* Returns 0 or -ENOMEM. */
int page_table_init(struct page_table *pt, struct ram_alloc *ram);

/*
 * Maps [va, va + size) to pa with PT_* rights, by pages of 2 MiB where the
 * alignment of both allows and huge is set, else of 4 KiB. What is mapped already is
 * not mapped again. Upper levels allow everything, with the user bit as the
 * mapping needs; the last level decides. Returns 0 or -ENOMEM.
 */
int page_table_map(struct page_table *pt, uint64_t va, uint64_t pa, uint64_t size,
		   unsigned int rights, bool huge);

#endif
