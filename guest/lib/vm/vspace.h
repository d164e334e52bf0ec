/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges of virtual addresses that are in use: those of user memory and those of
 * vmalloc space. Sorted and disjoint, in one array, because they are looked up on
 * every fault and change seldom. The caller locks.
 */
#ifndef GUEST_LIB_VM_VSPACE_H
#define GUEST_LIB_VM_VSPACE_H

#include <linux/types.h>

struct vrange {
	unsigned long start;
	unsigned long end; /* first address after it; both are page-aligned */
	unsigned long flags;
};

struct vspace {
	unsigned long lo, hi; /* ranges lie in [lo, hi) */
	struct vrange *range;
	size_t count;
	size_t capacity;
};

/* Index of the range that holds addr, else of the first above it, else count. */
size_t vspace_find(const struct vspace *vs, unsigned long addr);
/* The range that holds addr, or NULL. */
struct vrange *vspace_at(const struct vspace *vs, unsigned long addr);
/* Tells whether no range touches [start, end). */
bool vspace_is_free(const struct vspace *vs, unsigned long start, unsigned long end);
/* Start of the highest free size bytes (page-aligned), or 0. */
unsigned long vspace_gap(const struct vspace *vs, unsigned long size);
/* Room for n more ranges, so that as many inserts cannot fail: 0 or -ENOMEM. */
int vspace_reserve(struct vspace *vs, size_t n);
/* Adds a range that overlaps no other; room has been reserved. */
void vspace_insert(struct vspace *vs, const struct vrange *range);
/* Removes n ranges from index i on. Room that was reserved may go with the last. */
void vspace_remove(struct vspace *vs, size_t i, size_t n);
/* Makes addr a boundary between ranges; room for one has been reserved. */
void vspace_split(struct vspace *vs, unsigned long addr);
/* Joins neighbours of the same flags, from the one before start to the one at end. */
void vspace_merge(struct vspace *vs, unsigned long start, unsigned long end);

#endif
