/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/lib/vm/vspace.h"
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>

size_t vspace_find(const struct vspace *vs, unsigned long addr)
{
	size_t lo = 0;
	size_t hi = vs->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (vs->range[mid].end > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

struct vrange *vspace_at(const struct vspace *vs, unsigned long addr)
{
	size_t i = vspace_find(vs, addr);

	return i < vs->count && vs->range[i].start <= addr ? &vs->range[i] : NULL;
}

bool vspace_is_free(const struct vspace *vs, unsigned long start, unsigned long end)
{
	size_t i = vspace_find(vs, start);

	return i == vs->count || vs->range[i].start >= end;
}

unsigned long vspace_gap(const struct vspace *vs, unsigned long size)
{
	unsigned long top = vs->hi;

	for (size_t i = vs->count; i > 0; i--) {
		if (top - vs->range[i - 1].end >= size)
			return top - size;
		top = vs->range[i - 1].start;
	}
	return top - vs->lo >= size ? top - size : 0;
}

int vspace_reserve(struct vspace *vs, size_t n)
{
	size_t capacity = vs->capacity ? vs->capacity : 16;
	struct vrange *range;

	if (vs->capacity - vs->count >= n)
		return 0;
	while (capacity - vs->count < n)
		capacity *= 2;
	range = krealloc(vs->range, capacity * sizeof(*range), GFP_KERNEL);
	if (!range)
		return -ENOMEM;
	vs->range = range;
	vs->capacity = capacity;
	return 0;
}

void vspace_insert(struct vspace *vs, const struct vrange *range)
{
	size_t i = vspace_find(vs, range->start);

	memmove(&vs->range[i + 1], &vs->range[i], (vs->count - i) * sizeof(*range));
	vs->range[i] = *range;
	vs->count++;
}

void vspace_remove(struct vspace *vs, size_t i, size_t n)
{
	memmove(&vs->range[i], &vs->range[i + n], (vs->count - i - n) * sizeof(*vs->range));
	vs->count -= n;
	if (vs->count)
		return;
	/* An empty space holds no memory, so that a program which has unmapped all has
	 * given all back. */
	kfree(vs->range);
	vs->range = NULL;
	vs->capacity = 0;
}

void vspace_split(struct vspace *vs, unsigned long addr)
{
	struct vrange *at = vspace_at(vs, addr);
	struct vrange upper;

	if (!at || at->start == addr)
		return;
	upper = *at;
	upper.start = addr;
	at->end = addr;
	vspace_insert(vs, &upper);
}

void vspace_merge(struct vspace *vs, unsigned long start, unsigned long end)
{
	size_t i = vspace_find(vs, start ? start - 1 : 0);

	while (i + 1 < vs->count && vs->range[i].start < end) {
		struct vrange *a = &vs->range[i];
		struct vrange *b = a + 1;

		if (a->end == b->start && a->flags == b->flags) {
			a->end = b->end;
			vspace_remove(vs, i + 1, 1);
		} else {
			i++;
		}
	}
}
