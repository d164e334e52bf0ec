/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allocator's per-vCPU data. A guest embeds one struct kmem_cpu, zeroed, in
 * its struct percpu under the name `kmem`; the hosted build has one a thread.
 *
 * A magazine is an array of free objects; a vCPU holds two of each cache, main and
 * spare (Bonwick and Adams, "Magazines and Vmem", USENIX 2001). Only its vCPU
 * touches a struct kmem_cpu, so that the paths over it need neither locks nor
 * atomics.
 */
#ifndef SLABVISOR_KMEM_CPU_H
#define SLABVISOR_KMEM_CPU_H

#include "virtio/abi/kmem.h"
#include <linux/types.h>

/*
 * A slot a page map value; those that are no cache stay empty, which sends allocation
 * and free alike to the slow path. Then a slot an order of runs of frames.
 */
#define KMEM_PAGE_SLOT 256
#define KMEM_SLOTS     (KMEM_PAGE_SLOT + VIRTIO_KMEM_MAX_ORDER + 1)

#define KMEM_MAX_CPUS 64
#define KMEM_LATER    64

struct kmem_magazine;

/*
 * The main magazine of a cache, laid open for the fast paths. *top is the object
 * that comes out next, with VIRTIO_KMEM_ADDR_* in its low bits; below the first
 * object lies a 0. top == limit: the magazine is full.
 */
struct kmem_slot {
	u64 *top;
	u64 *limit;
	struct kmem_magazine *main;
	struct kmem_magazine *spare;
};

struct kmem_cpu {
	struct kmem_slot slot[KMEM_SLOTS];
	u64 addr[VIRTIO_KMEM_MAX_BATCH]; /* of the request under way */
	struct virtio_kmem_bad bad[VIRTIO_KMEM_MAX_BATCH];
	unsigned int cpu;
	unsigned int seen_give_back; /* kmem.give_back as last obeyed */
	bool online;
	bool busy; /* in the slow path: kmem_poll() keeps out */
	/* A request is under way, to whose end addr[] and bad[] belong; a request may take others.
	 * Whoever comes in between, on the same vCPU, must not send one. */
	unsigned int asking;
	/* What such a one freed, and no magazine had room for. */
	unsigned int nr_later;
	const void *later[KMEM_LATER];
};

/* What the slots of no magazine point at: nothing comes out of it, nothing goes in. */
extern u64 kmem_no_entry[1];

/* For data that fast paths may meet before kmem_cpu_init(): it sends them to the slow path. */
#define KMEM_CPU_EMPTY                                                                             \
	{                                                                                          \
		.slot = {[0 ... KMEM_SLOTS - 1] = {.top = kmem_no_entry, .limit = kmem_no_entry}}, \
	}

#endif
