/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small blocks of memory that a device reads and writes: each has a bus address, which
 * here is the guest-physical one, and none crosses a boundary.
 */
#ifndef GUEST_LINUX_DMAPOOL_H
#define GUEST_LINUX_DMAPOOL_H

#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/types.h>

struct device;
struct dma_pool;

/*
 * Blocks of size bytes, aligned to align (0 or a power of two), none of which crosses
 * a multiple of boundary (0, or a power of two not less than size). dev is kept and not used.
 * NULL for other values and for want of memory.
 */
struct dma_pool *dma_pool_create(const char *name, struct device *dev, size_t size, size_t align,
				 size_t boundary);
/* Blocks still out are reported, and their memory is lost. NULL does nothing. */
void dma_pool_destroy(struct dma_pool *pool);

/* The same, of a pool that goes with its device; or before. See <linux/device.h>. */
struct dma_pool *dmam_pool_create(const char *name, struct device *dev, size_t size, size_t align,
				  size_t allocation);
void dmam_pool_destroy(struct dma_pool *pool);

/* A block and its bus address in *handle; NULL: no memory. */
void *dma_pool_alloc(struct dma_pool *pool, gfp_t gfp, dma_addr_t *handle) __malloc;
void *dma_pool_zalloc(struct dma_pool *pool, gfp_t gfp, dma_addr_t *handle) __malloc;
/* A block that is none of the pool's, or free already, is reported and left alone. It takes as long
 * however many blocks are out. */
void dma_pool_free(struct dma_pool *pool, void *vaddr, dma_addr_t handle);

#endif
