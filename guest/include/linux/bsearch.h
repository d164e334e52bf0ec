/* SPDX-License-Identifier: BSD-2-Clause */
/* Binary search, as in Linux's <linux/bsearch.h>. */
#ifndef GUEST_LINUX_BSEARCH_H
#define GUEST_LINUX_BSEARCH_H

#include <linux/compiler.h>
#include <linux/types.h>

/* The element of num sorted ones, of size bytes each, for which cmp(key, element) is 0; or NULL. */
static __always_inline void *__inline_bsearch(const void *key, const void *base, size_t num,
					      size_t size, cmp_func_t cmp)
{
	size_t lo = 0;
	size_t hi = num;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;
		const char *element = (const char *)base + mid * size;
		const int order = cmp(key, element);

		if (!order)
			return (void *)element;
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

#ifdef SLABVISOR_HOSTED
#include <stdlib.h> /* the C library's is the same */
#else
void *bsearch(const void *key, const void *base, size_t num, size_t size, cmp_func_t cmp);
#endif

#endif
