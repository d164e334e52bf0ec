/* SPDX-License-Identifier: BSD-2-Clause */
/* Heaps in an array, whose first element is the least, as in Linux's <linux/min_heap.h>. */
#ifndef GUEST_LINUX_MIN_HEAP_H
#define GUEST_LINUX_MIN_HEAP_H

#include <linux/bug.h>
#include <linux/string.h>
#include <linux/types.h>

struct min_heap {
	void *data; /* the array */
	int nr;     /* elements in it */
	int size;   /* elements that there is room for */
};

struct min_heap_callbacks {
	int elem_size; /* bytes */
	bool (*less)(const void *lhs, const void *rhs);
	void (*swp)(void *lhs, void *rhs);
};

static __always_inline void *__min_heap_at(const struct min_heap *heap, int i,
					   const struct min_heap_callbacks *func)
{
	return (char *)heap->data + (long)i * func->elem_size;
}

/* Moves element pos down to where it belongs. */
static __always_inline void min_heapify(struct min_heap *heap, int pos,
					const struct min_heap_callbacks *func)
{
	for (;;) {
		int least = pos;

		for (int kid = 2 * pos + 1; kid <= 2 * pos + 2 && kid < heap->nr; kid++) {
			if (func->less(__min_heap_at(heap, kid, func),
				       __min_heap_at(heap, least, func)))
				least = kid;
		}
		if (least == pos)
			return;
		func->swp(__min_heap_at(heap, least, func), __min_heap_at(heap, pos, func));
		pos = least;
	}
}

/* Makes a heap of an array in any order. */
static __always_inline void min_heapify_all(struct min_heap *heap,
					    const struct min_heap_callbacks *func)
{
	for (int i = heap->nr / 2; i >= 0; i--)
		min_heapify(heap, i, func);
}

/* Takes the least out. */
static __always_inline void min_heap_pop(struct min_heap *heap,
					 const struct min_heap_callbacks *func)
{
	if (WARN_ONCE(heap->nr <= 0, "pop of an empty heap"))
		return;
	heap->nr--;
	memcpy(heap->data, __min_heap_at(heap, heap->nr, func), func->elem_size);
	min_heapify(heap, 0, func);
}

/* The same, and element comes in. */
static __always_inline void min_heap_pop_push(struct min_heap *heap, const void *element,
					      const struct min_heap_callbacks *func)
{
	memcpy(heap->data, element, func->elem_size);
	min_heapify(heap, 0, func);
}

static __always_inline void min_heap_push(struct min_heap *heap, const void *element,
					  const struct min_heap_callbacks *func)
{
	if (WARN_ONCE(heap->nr >= heap->size, "push to a full heap"))
		return;
	memcpy(__min_heap_at(heap, heap->nr, func), element, func->elem_size);
	for (int pos = heap->nr++; pos > 0; pos = (pos - 1) / 2) {
		void *kid = __min_heap_at(heap, pos, func);
		void *parent = __min_heap_at(heap, (pos - 1) / 2, func);

		if (!func->less(kid, parent))
			return;
		func->swp(kid, parent);
	}
}

#endif
