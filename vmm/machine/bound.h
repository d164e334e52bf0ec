/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The most that a guest makes its host commit, whatever it does: its RAM, its heap, and
 * what the host keeps of the two. ARCHITECTURE.md lists who decides what, and where each
 * bound is kept.
 */
#ifndef VMM_MACHINE_BOUND_H
#define VMM_MACHINE_BOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/mm.h"
#include "vmm/config/options.h"

/* Bytes. */
struct memory_bound {
	uint64_t ram, heap; /* 0 for those that come from a hugetlb pool */
	uint64_t pool;      /* of hugetlb pools: the rest is ordinary memory */
	uint64_t metadata;  /* of the heap */
	uint64_t kvm;       /* shadow pages or the CPU's second page tables, slots, vCPUs */
	uint64_t monitor;   /* this process: its page tables, devices, threads */
	uint64_t total;     /* of ordinary memory */
};

#define MEMORY_BOUND_TEXT 224

/* Computes it for a guest of ram_size bytes of RAM and the heap that heap describes. shadow: KVM
 * keeps page tables of its own for the guest's (bound_kvm_shadows()). */
void memory_bound(const struct run_config *config, uint64_t ram_size, const struct mm_config *heap,
		  bool shadow, struct memory_bound *bound);

/* Writes "at most 1300 MiB: ram 72, heap 1024, ..." to text. Returns text. */
const char *memory_bound_format(const struct memory_bound *bound, char text[MEMORY_BOUND_TEXT]);

/*
 * The most page tables that KVM is to keep for the guest's (KVM_SET_NR_MMU_PAGES): enough to map
 * this much memory by single pages four times over.
 */
uint64_t bound_kvm_pages(uint64_t guest_bytes);

/* Tells whether this host's KVM keeps page tables of its own for the guest's: it has neither EPT
 * nor NPT, or was told to do without. Where it cannot be told, it does. */
bool bound_kvm_shadows(void);

#endif
