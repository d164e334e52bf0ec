/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An mm that notes what it is asked and answers what a test tells it to: shows that
 * nothing unchecked reaches mm, and what the device makes of each of its errors.
 */
#ifndef VIRTIO_FAKE_MM_H
#define VIRTIO_FAKE_MM_H

#include <pthread.h>

#include "mm/mm.h"

#define FAKE_BASE  0x100000000ull
#define FAKE_SIZE  0x40000000ull
#define FAKE_BATCH 512
/* The cache that has a debug mode: class 4. */
#define FAKE_WATCHED 5

struct mm_heap {
	pthread_mutex_t lock;
	unsigned long calls; /* all but of mm_heap_* */
	unsigned long resets;
	/* what to answer: an error for every call, or refusals for those that have any */
	long error;
	size_t nr_bad;
	struct mm_bad bad[FAKE_BATCH];
	/* the last call */
	const char *function;
	unsigned int cpu, order, flags;
	int cache, node;
	size_t n, size, align;
	uint64_t caller, addr[FAKE_BATCH];
	char name[64];
};

void fake_mm_init(struct mm_heap *heap);

#endif
