/* SPDX-License-Identifier: BSD-2-Clause */
/* Sorting in place, as in Linux's <linux/sort.h>: without recursion or memory, in n log n. */
#ifndef GUEST_LINUX_SORT_H
#define GUEST_LINUX_SORT_H

#include <linux/types.h>

/*
 * num elements of size bytes each, so that cmp(a, b) of each a before b is not positive. Equal ones
 * come in any order. swap, unless NULL, exchanges two elements.
 */
void sort(void *base, size_t num, size_t size, cmp_func_t cmp, swap_func_t swap);
/* priv is passed on to both. */
void sort_r(void *base, size_t num, size_t size, cmp_r_func_t cmp, swap_r_func_t swap,
	    const void *priv);

#endif
