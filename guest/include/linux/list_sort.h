/* SPDX-License-Identifier: BSD-2-Clause */
/* Sorting of lists, as in Linux's <linux/list_sort.h>. */
#ifndef GUEST_LINUX_LIST_SORT_H
#define GUEST_LINUX_LIST_SORT_H

#include <linux/types.h>

/* Positive if a is to come after b. */
typedef int (*list_cmp_func_t)(void *priv, const struct list_head *a, const struct list_head *b);

/* Sorts by merging, n log n, without memory. Equal elements keep their order. */
void list_sort(void *priv, struct list_head *head, list_cmp_func_t cmp);

#endif
