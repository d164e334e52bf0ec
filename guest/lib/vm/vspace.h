/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges of virtual addresses that are in use: those of user memory and those of
 * vmalloc space. Disjoint, in a tree by address, since they are looked up on every fault
 * and a program may have any number of them. Each is a small object of its own: memory
 * that is asked for because no run of frames is left must not need one itself. The caller
 * locks.
 */
#ifndef GUEST_LIB_VM_VSPACE_H
#define GUEST_LIB_VM_VSPACE_H

#include <linux/types.h>

struct vrange {
	unsigned long start;
	unsigned long end; /* first address after it; both are page-aligned */
	unsigned long flags;

	/* The tree's own, of the range and all below it. */
	struct vrange *left, *right;
	unsigned long first, last; /* from the lowest start to the highest end */
	unsigned long gap;         /* largest gap between two of them */
};

struct vspace {
	unsigned long lo, hi; /* ranges lie in [lo, hi) */
	struct vrange *root;
	struct vrange *spare; /* by `right` */
	size_t nr_spare;
};

/* The range that holds addr, else the first above it, else NULL. */
struct vrange *vspace_find(const struct vspace *vs, unsigned long addr);
/* The range that holds addr, or NULL. */
struct vrange *vspace_at(const struct vspace *vs, unsigned long addr);
/* Tells whether no range touches [start, end). */
bool vspace_is_free(const struct vspace *vs, unsigned long start, unsigned long end);
/* Start of the highest free size bytes (page-aligned), or 0. */
unsigned long vspace_gap(const struct vspace *vs, unsigned long size);
/* Room for n more ranges, so that as many inserts cannot fail: 0 or -ENOMEM. It takes n small
 * objects at most, never a run of frames. */
int vspace_reserve(struct vspace *vs, size_t n);
/* Adds a copy of a range that overlaps no other; room has been reserved. */
void vspace_insert(struct vspace *vs, const struct vrange *range);
/* Removes a range that is there. Room that was reserved goes with the last. */
void vspace_remove(struct vspace *vs, struct vrange *range);
/* Makes addr a boundary between ranges; room for one has been reserved. */
void vspace_split(struct vspace *vs, unsigned long addr);
/* Joins neighbours of the same flags, from the one before start to the one at end. */
void vspace_merge(struct vspace *vs, unsigned long start, unsigned long end);

#endif
