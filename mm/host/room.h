/* SPDX-License-Identifier: BSD-2-Clause */
/* How much the host has left: of its memory, and of its hugetlb pools. */
#ifndef MM_HOST_ROOM_H
#define MM_HOST_ROOM_H

#include <stdint.h>

#include "mm/mm.h"

struct room_pool {
	uint64_t pages; /* in the pool */
	uint64_t free;  /* and not reserved either; of one node: that are free there */
};

/*
 * Looks at the pool of pages of a size (MM_HUGE_SIZE, MM_GIANT_SIZE), of all nodes (-1) or of
 * one. Returns 0, or -ENOENT when the kernel has none of that size.
 */
int room_pool(uint64_t page, int node, struct room_pool *pool);

/*
 * Checks that a pool has size bytes left. Returns 0, or -ENOMEM with *why set: how many pages
 * there are, how many are needed, and how to have as many (see limit_why()).
 */
int room_pool_check(uint64_t page, uint64_t size, int node, const char **why);

/* Bytes of such pages that this process's control groups allow; LIMIT_NONE or more: any. */
uint64_t room_hugetlb_limit(uint64_t page);

/*
 * Bytes that can be had without swapping, of all nodes (-1) or of one; those that no group
 * of this process's would have beyond its limit. UINT64_MAX: the host does not say.
 */
uint64_t room_memory(int node);

/*
 * Checks that the host can give size bytes of the backing: against its memory and
 * the memory limits of this process's cgroup and of those above it, or against the
 * free pages of the hugetlb pool. Returns 0, or -ENOMEM with *why set.
 */
int room_check(enum mm_backing backing, uint64_t size, const char **why);

#endif
