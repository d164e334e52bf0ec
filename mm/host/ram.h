/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's RAM, as mm.h is its heap: memory of this process that is the guest's from its
 * start to its end. It is anonymous, with transparent huge pages, and taken as it is
 * touched, or pages of a hugetlb pool, all of which are reserved before the guest starts.
 */
#ifndef MM_HOST_RAM_H
#define MM_HOST_RAM_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/mm.h"

struct mm_ram_config {
	/* Its parts, one behind the other in host memory; .base and .node do not matter. Sizes
	 * are multiples of the size of its pages, 2 MiB for anonymous memory. */
	const struct mm_range *range;
	unsigned int nr_ranges;
	uint64_t page; /* MM_HUGE_SIZE, MM_GIANT_SIZE: of the pool of such; 0: anonymous */
	bool populate; /* takes all of it at once */
	bool dry_run;  /* checks that instead */
};

struct mm_ram {
	uint8_t *host; /* at a multiple of 2 MiB, or of .page */
	uint64_t size; /* bytes */
};

/*
 * Maps RAM that is zero, each part bound to its host node. Where a reservation is no promise,
 * since it knows neither nodes nor limits of control groups, pages of a pool are taken at once.
 * Returns 0; -EINVAL: no such host node; -ENOMEM: the host cannot give it. Then *why says what
 * is missing, until the next call by this thread.
 */
int mm_ram_create(const struct mm_ram_config *config, struct mm_ram *ram, const char **why);
void mm_ram_destroy(struct mm_ram *ram);

/* Bytes that could be taken at once, of a pool's pages or of ordinary memory (page 0); those
 * that no control group of this process's would refuse. -ENOENT: the kernel has no such pool. */
int64_t mm_ram_room(uint64_t page);

#endif
