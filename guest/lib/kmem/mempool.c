/* SPDX-License-Identifier: BSD-2-Clause */
#include "slabvisor/kmem.h"
#include "slabvisor/kmem_port.h"
#include <linux/kernel.h>
#include <linux/mempool.h>

/* Fills the pool up to min_nr; false: no memory. The lock is not held. */
static bool pool_fill(mempool_t *pool, gfp_t gfp)
{
	for (;;) {
		void *element;

		if (READ_ONCE(pool->curr_nr) >= READ_ONCE(pool->min_nr))
			return true;
		element = pool->alloc(gfp, pool->pool_data);
		if (!element)
			return false;
		mempool_free(element, pool);
	}
}

static void *pool_take(mempool_t *pool)
{
	void *element = NULL;

	spin_lock(&pool->lock);
	if (pool->curr_nr > 0) {
		element = pool->elements[pool->curr_nr - 1];
		WRITE_ONCE(pool->curr_nr, pool->curr_nr - 1);
	}
	spin_unlock(&pool->lock);
	return element;
}

int mempool_init_node(mempool_t *pool, int min_nr, mempool_alloc_t *alloc, mempool_free_t *free,
		      void *data, gfp_t gfp, int node)
{
	if (min_nr < 0)
		return -EINVAL;
	memset(pool, 0, sizeof(*pool));
	spin_lock_init(&pool->lock);
	pool->min_nr = min_nr;
	pool->pool_data = data;
	pool->alloc = alloc;
	pool->free = free;
	pool->elements = kmalloc_array_node(max(min_nr, 1), sizeof(void *), gfp, node);
	if (!pool->elements)
		return -ENOMEM;
	if (!pool_fill(pool, gfp)) {
		mempool_exit(pool);
		return -ENOMEM;
	}
	return 0;
}

int mempool_init(mempool_t *pool, int min_nr, mempool_alloc_t *alloc, mempool_free_t *free,
		 void *data)
{
	return mempool_init_node(pool, min_nr, alloc, free, data, GFP_KERNEL, NUMA_NO_NODE);
}

void mempool_exit(mempool_t *pool)
{
	void *element;

	if (!pool->elements)
		return;
	while ((element = pool_take(pool)))
		pool->free(element, pool->pool_data);
	kfree(pool->elements);
	pool->elements = NULL;
}

mempool_t *mempool_create_node(int min_nr, mempool_alloc_t *alloc, mempool_free_t *free, void *data,
			       gfp_t gfp, int node)
{
	mempool_t *pool = kzalloc_node(sizeof(*pool), gfp, node);

	if (pool && mempool_init_node(pool, min_nr, alloc, free, data, gfp, node)) {
		kfree(pool);
		pool = NULL;
	}
	return pool;
}

mempool_t *mempool_create(int min_nr, mempool_alloc_t *alloc, mempool_free_t *free, void *data)
{
	return mempool_create_node(min_nr, alloc, free, data, GFP_KERNEL, NUMA_NO_NODE);
}

void mempool_destroy(mempool_t *pool)
{
	if (!pool)
		return;
	mempool_exit(pool);
	kfree(pool);
}

/* Frees what a smaller pool does not keep back, with the lock held but for the frees. */
static void pool_shrink(mempool_t *pool, int min_nr)
{
	void *element;

	while (pool->curr_nr > min_nr) {
		spin_unlock(&pool->lock);
		element = pool_take(pool);
		if (element)
			pool->free(element, pool->pool_data);
		spin_lock(&pool->lock);
	}
}

int mempool_resize(mempool_t *pool, int new_min_nr)
{
	void **more = NULL;
	void **old = NULL;

	if (new_min_nr <= 0)
		return -EINVAL;
	/* As in Linux, a pool becomes smaller in the array it has, so that it cannot fail. */
	if (new_min_nr > READ_ONCE(pool->min_nr)) {
		more = kmalloc_array(new_min_nr, sizeof(void *), GFP_KERNEL);
		if (!more)
			return -ENOMEM;
	}
	spin_lock(&pool->lock);
	pool_shrink(pool, new_min_nr);
	if (more) {
		memcpy(more, pool->elements, pool->curr_nr * sizeof(void *));
		old = pool->elements;
		pool->elements = more;
	}
	WRITE_ONCE(pool->min_nr, new_min_nr);
	spin_unlock(&pool->lock);
	kfree(old);
	/* As there, too, what is missing comes with the frees to come. */
	pool_fill(pool, GFP_KERNEL);
	return 0;
}

void *mempool_alloc(mempool_t *pool, gfp_t gfp)
{
	gfp_t first;
	void *element;

	WARN_ON_ONCE(gfp & __GFP_ZERO);
	gfp &= ~__GFP_ZERO;
	/* The pool is the reserve: the allocator need not try hard, nor complain. */
	gfp |= __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN;
	first = gfp & ~(__GFP_DIRECT_RECLAIM | __GFP_IO);
	for (;;) {
		element = pool->alloc(first, pool->pool_data);
		if (!element)
			element = pool_take(pool);
		if (element)
			return element;
		if (first == gfp) {
			if (!(gfp & __GFP_DIRECT_RECLAIM))
				return NULL;
			/* Until somebody frees an element, or the host has memory again. */
			kmem_poll();
			kmem_yield();
		}
		first = gfp;
	}
}

void mempool_free(void *element, mempool_t *pool)
{
	if (!element)
		return;
	/* Most of the time the pool is full; a stale answer is set right by the lock. */
	if (READ_ONCE(pool->curr_nr) < READ_ONCE(pool->min_nr)) {
		spin_lock(&pool->lock);
		if (pool->curr_nr < pool->min_nr) {
			pool->elements[pool->curr_nr] = element;
			WRITE_ONCE(pool->curr_nr, pool->curr_nr + 1);
			element = NULL;
		}
		spin_unlock(&pool->lock);
	}
	if (element)
		pool->free(element, pool->pool_data);
}

void *mempool_alloc_slab(gfp_t gfp, void *pool_data)
{
	return kmem_cache_alloc(pool_data, gfp);
}

void mempool_free_slab(void *element, void *pool_data)
{
	kmem_cache_free(pool_data, element);
}

void *mempool_kmalloc(gfp_t gfp, void *pool_data)
{
	return kmalloc((size_t)pool_data, gfp);
}

void mempool_kfree(void *element, void *pool_data)
{
	(void)pool_data;
	kfree(element);
}
