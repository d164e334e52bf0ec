/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page tables, which are the guest's own: read and written through the direct
 * map. Entries that become present need no flush on any CPU; the callers flush when
 * they take something away. Tables stay for reuse until the program ends.
 */
#include "guest/lib/machine/grt.h"
#include <linux/mm.h>

#define LEVELS  4
#define ENTRIES 512

static struct {
	u64 *pml4;
	u64 ring;        /* PTE_USER if the program runs at CPL 3 */
	spinlock_t lock; /* held to hang in a new table */
} tables;

void grt_pgtable_init(void)
{
	tables.pml4 = phys_to_virt(platform()->page_table);
	tables.ring = platform()->ring ? PTE_USER : 0;
}

u64 grt_pte_ring(void)
{
	return tables.ring;
}

static u64 *entry(u64 *table, unsigned long va, int level)
{
	return &table[(va >> (PAGE_SHIFT + 9 * level)) % ENTRIES];
}

static bool hang_in(u64 *slot, unsigned long va)
{
	/* Upper tables grant everything: the last entry decides. */
	u64 flags = PTE_PRESENT | PTE_WRITE | (va < TASK_SIZE ? PTE_USER : tables.ring);
	void *table;
	bool ok = true;

	spin_lock(&tables.lock);
	if (!(pte_read(slot) & PTE_PRESENT)) {
		table = grt_ram_alloc(PAGE_SIZE, PAGE_SIZE);
		ok = table != NULL;
		if (ok)
			pte_set(slot, virt_to_phys(table) | flags);
	}
	spin_unlock(&tables.lock);
	return ok;
}

u64 *grt_pte(unsigned long va, bool create, bool *huge)
{
	u64 *table = tables.pml4;

	if (huge)
		*huge = false;
	for (int level = LEVELS - 1; level > 0; level--) {
		u64 *slot = entry(table, va, level);
		u64 value = pte_read(slot);

		if (!(value & PTE_PRESENT)) {
			if (!create || !hang_in(slot, va))
				return NULL;
			value = pte_read(slot);
		}
		if (value & PTE_HUGE) {
			if (!huge)
				return NULL;
			*huge = true;
			return slot;
		}
		table = phys_to_virt(value & PTE_ADDR);
	}
	return entry(table, va, 0);
}

u64 *grt_pte_next(unsigned long *va, unsigned long end)
{
	while (*va < end) {
		u64 *table = tables.pml4;
		int level;

		for (level = LEVELS - 1; level > 0; level--) {
			u64 value = pte_read(entry(table, *va, level));

			if (!(value & PTE_PRESENT) || (value & PTE_HUGE))
				break;
			table = phys_to_virt(value & PTE_ADDR);
		}
		if (!level)
			return entry(table, *va, 0);
		/* Nothing below this entry: on to the next of its level. */
		*va = (*va | ((PAGE_SIZE << 9 * level) - 1)) + 1;
		if (!*va)
			break;
	}
	return NULL;
}

u64 grt_virt_to_phys_slow(unsigned long va)
{
	u64 *pte;
	u64 value;
	bool huge;

	if (va >= (unsigned long)_text && va < (unsigned long)_end)
		return platform()->image_base + (va - PLATFORM_IMAGE_VA);
	/* A stack, per-vCPU data or vmalloc space: these have 4 KiB pages only. */
	pte = grt_pte(va, false, &huge);
	value = pte ? pte_read(pte) : 0;
	if (!(value & PTE_PRESENT) || huge)
		grt_bug(va, "virt_to_phys() of an address that is not mapped");
	return (value & PTE_ADDR) | (va & ~PAGE_MASK);
}
