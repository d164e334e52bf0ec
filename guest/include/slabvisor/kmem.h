/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allocator as the rest of the runtime sees it. Programs use <linux/slab.h>
 * and <linux/gfp.h>.
 */
#ifndef SLABVISOR_KMEM_H
#define SLABVISOR_KMEM_H

#include "slabvisor/channel.h"
#include "slabvisor/kmem_cpu.h"
#include <linux/types.h>

/*
 * Starts the allocator on a channel, which is copied. Called once, by one vCPU,
 * after kmem_cpu_init() for it. Returns 0, -EINVAL for a channel that makes no
 * sense, -ENOMEM when there is no RAM for metadata.
 */
int kmem_init(const struct kmem_channel *channel);

/*
 * Makes a vCPU's data usable; each vCPU calls it for itself before its first
 * allocation (before or after kmem_init()). cpu: below KMEM_MAX_CPUS, else a BUG, and
 * no other vCPU's.
 */
void kmem_cpu_init(struct kmem_cpu *kc, unsigned int cpu);

/* The vCPU is gone: its magazines go to the depots, and its number is free for another. It, or
 * whoever does so for it, may call kmem_cpu_init() again. */
void kmem_cpu_exit(struct kmem_cpu *kc);

/* Gives the magazines of the calling vCPU back to the shared depots; the vCPU may go
 * on afterwards, or stop for good. */
void kmem_cpu_drain(void);

/*
 * Gives everything back to the host: the magazines of every vCPU, the depots and
 * the caches nobody destroyed. No other vCPU may be in the allocator any more.
 * What the program still holds stays with it.
 */
void kmem_exit(void);

/* Drains the calling vCPU's magazines and all depots to the host, and has the other
 * vCPUs do so for theirs when they next leave the fast path. */
void kmem_give_back(void);

/*
 * Picks up events from the host and does the work left for later: gives back what an allocation
 * that must not wait could not have, and fills what was used in the middle of a request. No
 * request unless there is such work. For places where a vCPU waits or idles anyway.
 */
void kmem_poll(void);

/* Tells whether kmem_poll() has such work for the calling vCPU. */
bool kmem_is_due(void);

/*
 * A run of 2^order frames, order 0..10, naturally aligned. node: a node or -1
 * (NUMA_NO_NODE). Honours __GFP_ZERO. Returns its guest-physical address, or 0.
 */
u64 kmem_pages_alloc(unsigned int order, gfp_t gfp, int node);

/* Gives it back; a run that is none is a BUG. */
void kmem_pages_free(u64 addr, unsigned int order);

/* The one place where guest-physical and virtual addresses of the heap meet. */
void *kmem_to_virt(u64 addr);
u64 kmem_to_phys(const void *p);

/* Tells whether [addr, addr + size) lies in the heap window. */
bool kmem_in_heap(u64 addr, size_t size);

/* The page map's byte for a heap address, VIRTIO_KMEM_PM_NONE outside the heap. */
u8 kmem_page_kind(u64 addr);

/* Pins frames, any number. Returns how many from the first on, or -errno if none. */
long kmem_pin(size_t n, const u64 *addr);
void kmem_unpin(size_t n, const u64 *addr);

/* The device that a pool was made for. */
struct dma_pool;
struct device *kmem_dma_pool_device(const struct dma_pool *pool);

/* The channel in use, NULL before kmem_init(). */
const struct kmem_channel *kmem_channel(void);

/* The host's account of a cache, or of the whole service (0). 0 or -errno. */
int kmem_stats(u32 cache, struct virtio_kmem_stats *stats);

#endif
