/* SPDX-License-Identifier: BSD-2-Clause */
/* Sorting: arrays by a heap, whose root is the largest; lists by merging; binary search. */
#include <linux/bsearch.h>
#include <linux/list.h>
#include <linux/list_sort.h>
#include <linux/minmax.h>
#include <linux/sort.h>

struct sorting {
	char *base;
	size_t size;
	cmp_r_func_t cmp;
	swap_r_func_t exchange;
	const void *priv;
};

static void swap_elements(const struct sorting *s, size_t i, size_t j)
{
	char *a = s->base + i * s->size;
	char *b = s->base + j * s->size;

	if (s->exchange) {
		s->exchange(a, b, (int)s->size, s->priv);
		return;
	}
	if (s->size == 8 && !((unsigned long)s->base % 8)) {
		swap(*(u64 *)a, *(u64 *)b);
		return;
	}
	for (size_t k = 0; k < s->size; k++)
		swap(a[k], b[k]);
}

/* Moves element i of a heap of n down to where no child is larger. */
static void sift_down(const struct sorting *s, size_t i, size_t n)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= n)
			return;
		if (child + 1 < n &&
		    s->cmp(s->base + child * s->size, s->base + (child + 1) * s->size, s->priv) < 0)
			child++;
		if (s->cmp(s->base + i * s->size, s->base + child * s->size, s->priv) >= 0)
			return;
		swap_elements(s, i, child);
		i = child;
	}
}

void sort_r(void *base, size_t num, size_t size, cmp_r_func_t cmp, swap_r_func_t swap,
	    const void *priv)
{
	const struct sorting s = {base, size, cmp, swap, priv};

	if (num < 2)
		return;
	for (size_t i = num / 2; i-- > 0;)
		sift_down(&s, i, num);
	for (size_t n = num; n-- > 1;) {
		swap_elements(&s, 0, n);
		sift_down(&s, 0, n);
	}
}

struct plain {
	cmp_func_t cmp;
	swap_func_t exchange;
};

static int plain_cmp(const void *a, const void *b, const void *priv)
{
	return ((const struct plain *)priv)->cmp(a, b);
}

static void plain_swap(void *a, void *b, int size, const void *priv)
{
	((const struct plain *)priv)->exchange(a, b, size);
}

void sort(void *base, size_t num, size_t size, cmp_func_t cmp, swap_func_t swap)
{
	const struct plain plain = {cmp, swap};

	sort_r(base, num, size, plain_cmp, swap ? plain_swap : NULL, &plain);
}

#ifndef SLABVISOR_HOSTED
void *bsearch(const void *key, const void *base, size_t num, size_t size, cmp_func_t cmp)
{
	return __inline_bsearch(key, base, num, size, cmp);
}
#endif

/* Two sorted chains, linked by next and ended by NULL, as one. Of equals those of a come first. */
static struct list_head *merge(void *priv, list_cmp_func_t cmp, struct list_head *a,
			       struct list_head *b)
{
	struct list_head *first = NULL;
	struct list_head **end = &first;

	while (a && b) {
		struct list_head **from = cmp(priv, a, b) <= 0 ? &a : &b;

		*end = *from;
		end = &(*from)->next;
		*from = (*from)->next;
	}
	*end = a ? a : b;
	return first;
}

void list_sort(void *priv, struct list_head *head, list_cmp_func_t cmp)
{
	/* pending[i] is a sorted chain of 2^i elements, or empty: a number in base 2 that each
	 * element is added to. */
	struct list_head *pending[8 * sizeof(size_t)] = {NULL};
	struct list_head *rest = head->next;
	struct list_head *sorted = NULL;
	struct list_head *prev = head;
	size_t i;

	if (list_empty(head))
		return;
	head->prev->next = NULL;
	while (rest) {
		struct list_head *chain = rest;

		rest = rest->next;
		chain->next = NULL;
		for (i = 0; pending[i]; i++) {
			chain = merge(priv, cmp, pending[i], chain);
			pending[i] = NULL;
		}
		pending[i] = chain;
	}
	for (i = 0; i < 8 * sizeof(size_t); i++) {
		if (pending[i])
			sorted = sorted ? merge(priv, cmp, pending[i], sorted) : pending[i];
	}
	for (struct list_head *at = sorted; at; at = at->next) {
		prev->next = at;
		at->prev = prev;
		prev = at;
	}
	prev->next = head;
	head->prev = prev;
}
