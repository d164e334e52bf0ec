/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The channel between the allocator and whoever owns the memory: the virtio-kmem
 * device in a guest, mm itself in the hosted build. The allocator reaches its
 * host through these operations and through nothing else.
 *
 * Addresses on the channel are guest-physical. Flags, cache numbers, page map
 * values, low address bits and refusals are those of virtio/abi/kmem.h. Every
 * operation may be called from several vCPUs at once, each with its own number,
 * and from one vCPU once at a time. None sleeps: they are called for GFP_ATOMIC, too. Errors are
 * negative errno values; a channel that breaks down answers -EIO.
 */
#ifndef SLABVISOR_CHANNEL_H
#define SLABVISOR_CHANNEL_H

#include "virtio/abi/kmem.h"
#include <linux/types.h>

struct kmem_channel_ops {
	/*
	 * Up to n objects (1..max_batch) of a cache into addr[], each with
	 * VIRTIO_KMEM_ADDR_* in its low bits. node: a node or VIRTIO_KMEM_NODE_ANY.
	 * flags: VIRTIO_KMEM_GFP_*. asked: bytes the caller wants, 0 for the whole
	 * object. caller: guest code address for debug reports, or 0.
	 * Returns how many, 1..n; -ENOMEM if none.
	 */
	long (*alloc)(unsigned int cpu, u32 cache, u32 node, u32 flags, size_t asked, u64 caller,
		      size_t n, u64 *addr);
	/*
	 * Frees n objects (1..max_batch); cache 0: each to its own. Refused addresses
	 * go to bad[] (room for n), their number to *nr_bad; the others are freed.
	 * Returns the number freed.
	 */
	long (*free)(unsigned int cpu, u32 cache, u64 caller, size_t n, const u64 *addr,
		     struct virtio_kmem_bad *bad, size_t *nr_bad);
	/* The same for runs of 2^order frames. */
	long (*alloc_pages)(unsigned int cpu, unsigned int order, u32 node, u32 flags, size_t n,
			    u64 *addr);
	long (*free_pages)(unsigned int cpu, size_t n, const u64 *addr, struct virtio_kmem_bad *bad,
			   size_t *nr_bad);

	/* flags: VIRTIO_KMEM_CACHE_*. Returns the cache's number, and in *debug what
	 * VIRTIO_KMEM_DEBUG_* are in force for it; -EINVAL, -ENOSPC. */
	int (*cache_create)(unsigned int cpu, const char *name, size_t size, size_t align,
			    u32 flags, u32 *debug);
	/* 0, -ENOENT, -EPERM (a size class), -EBUSY while objects are out. */
	int (*cache_destroy)(unsigned int cpu, u32 cache);
	/* Returns frames given back to the host, or -errno. */
	long (*cache_shrink)(unsigned int cpu, u32 cache);

	/*
	 * An object is in use as a whole from now on, whatever was asked for. Returns the
	 * bytes in use until now, or -errno.
	 */
	long (*widen)(unsigned int cpu, u64 addr);

	/* Pins n frames (1..max_batch); returns how many from the first on, or -errno. */
	long (*pin)(unsigned int cpu, size_t n, const u64 *addr);
	/* Drops a pin of each; refusals as for free. */
	long (*unpin)(unsigned int cpu, size_t n, const u64 *addr, struct virtio_kmem_bad *bad,
		      size_t *nr_bad);

	/* cache 0: the whole service. 0 or -errno. */
	int (*stats)(unsigned int cpu, u32 cache, struct virtio_kmem_stats *stats);

	/*
	 * Takes one event that the host has sent; true if there was one, and then it is
	 * to be called again once the event is heeded. Others that find none wait for
	 * that: so who asks before it sleeps has heard of all. Costs no request when
	 * there is none. Any vCPU may call it; NULL: no events.
	 */
	bool (*poll)(unsigned int cpu, struct virtio_kmem_event *event);
};

struct kmem_channel {
	const struct kmem_channel_ops *ops;
	u64 heap_base;         /* guest-physical */
	u64 heap_size;         /* bytes, a multiple of 4096 */
	unsigned long heap_va; /* virtual address of heap_base */
	const u8 *page_map;    /* heap_size / 4096 bytes, written by the host */
	u64 pin_quota;
	u32 debug;       /* VIRTIO_KMEM_DEBUG_* in force for all caches */
	u32 class_debug; /* bit i: class i has debug modes */
	u32 max_batch;
	u32 max_cache; /* highest number of a cache; not above VIRTIO_KMEM_PM_CACHE_MAX: no far ones
			*/
	unsigned int max_order;
	unsigned int cpus;
	unsigned int nr_nodes;
	unsigned int nr_ranges;
	struct virtio_kmem_range range[VIRTIO_KMEM_MAX_RANGES];
};

#endif
