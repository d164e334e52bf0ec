/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lowest layer: a window of address space for the heap, and the host's memory
 * behind parts of it. The window is one mapping, 2 MiB aligned, PROT_NONE wherever
 * nothing is backed, so that a stray access by anyone is a fault and not a page. Only
 * hugetlb memory stays accessible once it was backed: a stray access takes a page of the
 * pool, of which as many were reserved for the window at start. A page that is given back
 * is reserved no more, and backing may fail for want of it.
 *
 * Memory comes and goes in whole huge frames: a guest's 2 MiB mapping is made at
 * once only over a host huge page that is already there.
 */
#ifndef MM_HOST_REGION_H
#define MM_HOST_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/mm.h"

struct region {
	enum mm_backing backing;
	uint8_t *host; /* where the window is mapped */
	uint64_t size; /* bytes of the window, holes included */
	int fd;        /* the memfd, or -1 */
	void *map;     /* the whole reservation, alignment slack included */
	size_t map_size;
};

/*
 * Reserves the window of the config's ranges, which are taken to be valid, and of the reserve, which
 * lies before the first and is backed and accessible from here on. Checks
 * that the host can honour what has memory at once at most, and binds ranges to host nodes.
 * Returns 0, -EINVAL (no such host node) or -ENOMEM; then *why says what is missing.
 */
int region_create(struct region *region, const struct mm_config *config, const char **why);
void region_destroy(struct region *region);

/*
 * Backs [offset, offset + size) of the window, whole huge frames: on return the
 * memory is there, zero and writable. The caller serialises calls on one range.
 * Returns 0 or -ENOMEM, with nothing backed.
 */
int region_back(struct region *region, uint64_t offset, uint64_t size);

/*
 * Gives the memory back to the host; the range is PROT_NONE (but for hugetlb) and reads
 * as zero when backed again. Returns 0, or a negative errno with the contents unspecified and
 * the range still backed.
 */
int region_discard(struct region *region, uint64_t offset, uint64_t size);

/* Bytes that the memfd has memory for, the reserve included; 0 without one. */
uint64_t region_stored(const struct region *region);
/* How many of [offset, offset + size), one huge frame, the memfd has memory for; and where the
 * first byte from offset on is that it has memory for, or the window's end. */
uint64_t region_stored_in(const struct region *region, uint64_t offset, uint64_t size);
uint64_t region_next_stored(const struct region *region, uint64_t offset);

/* Makes one backed frame inaccessible, or accessible again, contents kept. It is made
 * accessible by backing it anew as well. Returns 0 or a negative errno. */
int region_guard(struct region *region, uint64_t offset, bool on);

/* Zeroed metadata of the host, touched on demand; NULL when there is no room. */
void *region_meta_alloc(size_t size);
void region_meta_free(void *meta, size_t size);
/* Makes metadata zero again and gives its memory back. */
void region_meta_clear(void *meta, size_t size);

#endif
