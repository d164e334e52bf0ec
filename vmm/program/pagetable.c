/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/program/pagetable.h"

#include <errno.h>

#define PTE_PRESENT  (1ull << 0)
#define PTE_WRITE    (1ull << 1)
#define PTE_USER     (1ull << 2)
#define PTE_ACCESSED (1ull << 5)
#define PTE_DIRTY    (1ull << 6)
#define PTE_HUGE     (1ull << 7)
#define PTE_NX       (1ull << 63)
#define PTE_ADDR     0x000ffffffffff000ull
#define PAGE         4096ull
#define HUGE         (2ull << 20)

uint64_t ram_take(struct ram_alloc *ram, uint64_t size)
{
	uint64_t at = ram->next;

	if (size > ram->end - at)
		return 0;
	ram->next = at + ((size + PAGE - 1) & ~(PAGE - 1));
	return at;
}

int page_table_init(struct page_table *pt, struct ram_alloc *ram)
{
	pt->ram = ram;
	pt->root = ram_take(ram, PAGE);
	return pt->root ? 0 : -ENOMEM;
}

/* The entry for va in the table at address table, on a level (0: last). */
static uint64_t *entry_of(const struct page_table *pt, uint64_t table, uint64_t va, int level)
{
	uint64_t *entries = memory_ram(pt->ram->mem, table, PAGE);

	return &entries[va >> (12 + 9 * level) & 511];
}

static int map_one(struct page_table *pt, uint64_t va, uint64_t pa, unsigned int rights, int last)
{
	uint64_t table = pt->root;
	uint64_t *entry;

	for (int level = 3; level > last; level--) {
		entry = entry_of(pt, table, va, level);
		if (!*entry) {
			table = ram_take(pt->ram, PAGE);
			if (!table)
				return -ENOMEM;
			*entry = table | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED;
		}
		if (rights & PT_USER)
			*entry |= PTE_USER;
		table = *entry & PTE_ADDR;
	}
	entry = entry_of(pt, table, va, last);
	/* Accessed and dirty are set, so that the CPU need not write them. */
	if (!*entry)
		*entry = pa | PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY |
			 (rights & PT_WRITE ? PTE_WRITE : 0) | (rights & PT_USER ? PTE_USER : 0) |
			 (rights & PT_EXEC ? 0 : PTE_NX) | (last ? PTE_HUGE : 0);
	return 0;
}

int page_table_map(struct page_table *pt, uint64_t va, uint64_t pa, uint64_t size,
		   unsigned int rights, bool huge)
{
	uint64_t step;
	int ret;

	for (uint64_t done = 0; done < size; done += step) {
		step = huge && !((va + done) % HUGE) && !((pa + done) % HUGE) && size - done >= HUGE
			       ? HUGE
			       : PAGE;
		ret = map_one(pt, va + done, pa + done, rights, step == HUGE);
		if (ret)
			return ret;
	}
	return 0;
}
