/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A treap (Seidel and Aragon, "Randomized Search Trees", 1996): in order by address, and
 * a heap by a hash of it, so that its depth is that of a random tree whatever the order of
 * the calls. Nothing in it is hostile: addresses are chosen by the program it belongs to.
 */
#include "guest/lib/vm/vspace.h"
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/slab.h>

/* The finaliser of MurmurHash3: each bit of the result depends on all of the address. */
static u64 rank(const struct vrange *range)
{
	u64 hash = range->start;

	hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdull;
	hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53ull;
	return hash ^ hash >> 33;
}

/* What a range says of those below it, made true again after one of them has changed. */
static struct vrange *sum_up(struct vrange *range)
{
	const struct vrange *left = range->left;
	const struct vrange *right = range->right;

	range->first = left ? left->first : range->start;
	range->last = right ? right->last : range->end;
	range->gap = 0;
	if (left)
		range->gap = max(left->gap, range->start - left->last);
	if (right)
		range->gap = max(range->gap, max(right->gap, right->first - range->end));
	return range;
}

/* Parts a tree into the ranges that start below addr and the others. */
static void cut(struct vrange *tree, unsigned long addr, struct vrange **below,
		struct vrange **above)
{
	if (!tree) {
		*below = NULL;
		*above = NULL;
	} else if (tree->start < addr) {
		cut(tree->right, addr, &tree->right, above);
		*below = sum_up(tree);
	} else {
		cut(tree->left, addr, below, &tree->left);
		*above = sum_up(tree);
	}
}

/* Makes one tree of two, of which the first has the lower addresses. */
static struct vrange *join(struct vrange *below, struct vrange *above)
{
	if (!below || !above)
		return below ? below : above;
	if (rank(below) > rank(above)) {
		below->right = join(below->right, above);
		return sum_up(below);
	}
	above->left = join(below, above->left);
	return sum_up(above);
}

static void attach(struct vspace *vs, struct vrange *range)
{
	struct vrange *below;
	struct vrange *above;

	cut(vs->root, range->start, &below, &above);
	range->left = NULL;
	range->right = NULL;
	vs->root = join(join(below, sum_up(range)), above);
}

static void detach(struct vspace *vs, const struct vrange *range)
{
	struct vrange *below;
	struct vrange *rest;
	struct vrange *above;

	cut(vs->root, range->start, &below, &rest);
	cut(rest, range->start + 1, &rest, &above);
	vs->root = join(below, above);
}

struct vrange *vspace_find(const struct vspace *vs, unsigned long addr)
{
	struct vrange *found = NULL;

	for (struct vrange *at = vs->root; at;) {
		if (at->end > addr) {
			found = at;
			at = at->left;
		} else {
			at = at->right;
		}
	}
	return found;
}

struct vrange *vspace_at(const struct vspace *vs, unsigned long addr)
{
	struct vrange *range = vspace_find(vs, addr);

	return range && range->start <= addr ? range : NULL;
}

bool vspace_is_free(const struct vspace *vs, unsigned long start, unsigned long end)
{
	const struct vrange *range = vspace_find(vs, start);

	return !range || range->start >= end;
}

/* The same of what a tree leaves free of [lo, hi). What has no such gap by its sums is not
 * looked into. */
static unsigned long highest_gap(const struct vrange *tree, unsigned long lo, unsigned long hi,
				 unsigned long size)
{
	unsigned long gap;

	if (!tree)
		return hi - lo >= size ? hi - size : 0;
	if (tree->gap < size && tree->first - lo < size && hi - tree->last < size)
		return 0;
	gap = highest_gap(tree->right, tree->end, hi, size);
	return gap ? gap : highest_gap(tree->left, lo, tree->start, size);
}

unsigned long vspace_gap(const struct vspace *vs, unsigned long size)
{
	return highest_gap(vs->root, vs->lo, vs->hi, size);
}

int vspace_reserve(struct vspace *vs, size_t n)
{
	while (vs->nr_spare < n) {
		struct vrange *range = kmalloc(sizeof(*range), GFP_KERNEL);

		if (!range)
			return -ENOMEM;
		range->right = vs->spare;
		vs->spare = range;
		vs->nr_spare++;
	}
	return 0;
}

static struct vrange *take_spare(struct vspace *vs)
{
	struct vrange *range = vs->spare;

	vs->spare = range->right;
	vs->nr_spare--;
	return range;
}

void vspace_insert(struct vspace *vs, const struct vrange *range)
{
	struct vrange *mine = take_spare(vs);

	*mine = *range;
	attach(vs, mine);
}

void vspace_remove(struct vspace *vs, struct vrange *range)
{
	detach(vs, range);
	kfree(range);
	/* An empty space holds no memory, so that a program which has unmapped all has
	 * given all back. */
	while (!vs->root && vs->spare)
		kfree(take_spare(vs));
}

void vspace_split(struct vspace *vs, unsigned long addr)
{
	struct vrange *at = vspace_at(vs, addr);
	struct vrange upper;

	if (!at || at->start == addr)
		return;
	upper = *at;
	upper.start = addr;
	detach(vs, at);
	at->end = addr;
	attach(vs, at);
	vspace_insert(vs, &upper);
}

void vspace_merge(struct vspace *vs, unsigned long start, unsigned long end)
{
	struct vrange *at = vspace_find(vs, start ? start - 1 : 0);

	while (at && at->start < end) {
		struct vrange *next = vspace_find(vs, at->end);

		if (!next)
			return;
		if (at->end != next->start || at->flags != next->flags) {
			at = next;
			continue;
		}
		detach(vs, at);
		at->end = next->end;
		vspace_remove(vs, next);
		attach(vs, at);
	}
}
