/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pools that keep min_nr elements back, so that an allocation that may wait never
 * fails: it takes one of them, or waits until an element is freed.
 */
#ifndef GUEST_LINUX_MEMPOOL_H
#define GUEST_LINUX_MEMPOOL_H

#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/types.h>

typedef void *(mempool_alloc_t)(gfp_t gfp, void *pool_data);
typedef void(mempool_free_t)(void *element, void *pool_data);

typedef struct mempool_s {
	spinlock_t lock;
	int min_nr;  /* elements to keep back */
	int curr_nr; /* kept back at the moment */
	void **elements;
	void *pool_data;
	mempool_alloc_t *alloc;
	mempool_free_t *free;
} mempool_t;

/* A pool with min_nr elements in it, or NULL. min_nr is at least 0. gfp, else GFP_KERNEL, is for
 * all that it takes to make it, elements included. */
mempool_t *mempool_create(int min_nr, mempool_alloc_t *alloc, mempool_free_t *free, void *data);
mempool_t *mempool_create_node(int min_nr, mempool_alloc_t *alloc, mempool_free_t *free, void *data,
			       gfp_t gfp, int node);
/* The same in a structure of the caller's. 0 or -ENOMEM. */
int mempool_init(mempool_t *pool, int min_nr, mempool_alloc_t *alloc, mempool_free_t *free,
		 void *data);
int mempool_init_node(mempool_t *pool, int min_nr, mempool_alloc_t *alloc, mempool_free_t *free,
		      void *data, gfp_t gfp, int node);
/* What is kept back is freed; elements out are the caller's affair. NULL does nothing. */
void mempool_destroy(mempool_t *pool);
void mempool_exit(mempool_t *pool);

/* Another min_nr, at least 1; not two calls at once. 0, -EINVAL, or, for a larger one,
 * -ENOMEM and the pool is as it was; fewer elements than min_nr may be kept back for a
 * while. */
int mempool_resize(mempool_t *pool, int new_min_nr);

/* Never NULL if gfp has __GFP_DIRECT_RECLAIM. __GFP_ZERO is refused (a kept element
 * is not zero): warned of, and ignored. */
void *mempool_alloc(mempool_t *pool, gfp_t gfp) __malloc;
/* NULL does nothing. */
void mempool_free(void *element, mempool_t *pool);

void *mempool_alloc_slab(gfp_t gfp, void *pool_data);
void mempool_free_slab(void *element, void *pool_data);
void *mempool_kmalloc(gfp_t gfp, void *pool_data);
void mempool_kfree(void *element, void *pool_data);

/* pool_data: the order of a run of pages; elements are struct pages. */
void *mempool_alloc_pages(gfp_t gfp, void *pool_data);
void mempool_free_pages(void *element, void *pool_data);

static inline mempool_t *mempool_create_page_pool(int min_nr, int order)
{
	return mempool_create(min_nr, mempool_alloc_pages, mempool_free_pages, (void *)(long)order);
}

static inline int mempool_init_page_pool(mempool_t *pool, int min_nr, int order)
{
	return mempool_init(pool, min_nr, mempool_alloc_pages, mempool_free_pages,
			    (void *)(long)order);
}

static inline mempool_t *mempool_create_slab_pool(int min_nr, struct kmem_cache *cache)
{
	return mempool_create(min_nr, mempool_alloc_slab, mempool_free_slab, cache);
}

static inline mempool_t *mempool_create_kmalloc_pool(int min_nr, size_t size)
{
	return mempool_create(min_nr, mempool_kmalloc, mempool_kfree, (void *)size);
}

static inline int mempool_init_slab_pool(mempool_t *pool, int min_nr, struct kmem_cache *cache)
{
	return mempool_init(pool, min_nr, mempool_alloc_slab, mempool_free_slab, cache);
}

static inline int mempool_init_kmalloc_pool(mempool_t *pool, int min_nr, size_t size)
{
	return mempool_init(pool, min_nr, mempool_kmalloc, mempool_kfree, (void *)size);
}

static inline bool mempool_initialized(mempool_t *pool)
{
	return pool->elements != NULL;
}

#endif
