/* SPDX-License-Identifier: BSD-2-Clause */
/* mempool and dma_pool. */
#include "selftest.h"
#include <linux/dmapool.h>
#include <linux/gfp.h>
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

static struct {
	unsigned int allocs, frees;
	bool refuse;
} source;

static void *source_alloc(gfp_t gfp, void *data)
{
	void *p;

	if (source.refuse)
		return NULL;
	p = kmalloc(*(size_t *)data, gfp);
	if (p)
		source.allocs++;
	return p;
}

static void source_free(void *element, void *data)
{
	(void)data;
	source.frees++;
	kfree(element);
}

static void own_functions(void)
{
	size_t size = 90;
	mempool_t *pool;
	void *p[5];
	unsigned int n = 0;

	memset(&source, 0, sizeof(source));
	pool = mempool_create(4, source_alloc, source_free, &size);
	check(pool && source.allocs == 4, "mempool_create: fills its reserve");
	if (!pool)
		return;
	source.refuse = true;
	while (n < 5 && (p[n] = mempool_alloc(pool, GFP_NOWAIT | __GFP_NOWARN)))
		n++;
	check(n == 4, "mempool_alloc: hands out the reserve when there is no memory, then NULL");
	if (n) {
		mempool_free(p[--n], pool);
		check(source.frees == 0, "mempool_free: refills the reserve first");
		p[n] = mempool_alloc(pool, GFP_KERNEL);
		check(p[n], "mempool_alloc: GFP_KERNEL finds what was freed");
		n += p[n] != NULL;
	}
	source.refuse = false;
	for (unsigned int i = 0; i < n; i++)
		mempool_free(p[i], pool);
	p[0] = mempool_alloc(pool, GFP_KERNEL);
	check(p[0] && source.allocs == 5, "mempool_alloc: memory first, the reserve kept");
	mempool_free(p[0], pool);
	check(source.frees == 1, "mempool_free: what the reserve does not need goes back");
	check(mempool_resize(pool, 6) == 0 && source.allocs == 7, "mempool_resize: grows");
	check(mempool_resize(pool, 2) == 0 && source.frees == 5, "mempool_resize: shrinks");
	mempool_free(NULL, pool);
	mempool_destroy(pool);
	mempool_destroy(NULL);
	check(source.allocs == source.frees, "mempool_destroy: frees the reserve");
	source.refuse = true;
	check(!mempool_create(2, source_alloc, source_free, &size),
	      "mempool_create: NULL when the reserve cannot be filled");
}

static void ready_made(void)
{
	struct kmem_cache *cache = kmem_cache_create("selftest_mempool", 120, 0, 0, NULL);
	mempool_t *slab = cache ? mempool_create_slab_pool(3, cache) : NULL;
	mempool_t *bytes = mempool_create_kmalloc_pool(3, 700);
	void *p;

	p = slab ? mempool_alloc(slab, GFP_KERNEL) : NULL;
	check(p && ksize(p) >= 120, "mempool_create_slab_pool: objects of the cache");
	if (p)
		mempool_free(p, slab);
	p = bytes ? mempool_alloc(bytes, GFP_KERNEL) : NULL;
	check(p && ksize(p) >= 700, "mempool_create_kmalloc_pool: objects of the size");
	if (p)
		mempool_free(p, bytes);
	mempool_destroy(slab);
	mempool_destroy(bytes);
	kmem_cache_destroy(cache);
}

static void dma_pools(void)
{
	enum {
		COUNT = 40,
		SIZE = 200,
		ALIGN = 64,
		BOUNDARY = 1024
	};
	struct dma_pool *pool = dma_pool_create("selftest_dma", NULL, SIZE, ALIGN, BOUNDARY);
	bool placed = true;
	bool kept = true;
	bool handles = true;
	dma_addr_t handle[COUNT];
	void *p[COUNT];

	check(pool, "dma_pool_create: with an alignment and a boundary");
	if (!pool)
		return;
	for (unsigned int i = 0; i < COUNT; i++) {
		p[i] = dma_pool_alloc(pool, GFP_KERNEL, &handle[i]);
		if (!p[i]) {
			placed = false;
			continue;
		}
		placed = placed && !(handle[i] & (ALIGN - 1)) &&
			 handle[i] / BOUNDARY == (handle[i] + SIZE - 1) / BOUNDARY;
		handles = handles && handle[i] == virt_to_phys(p[i]);
		pattern_fill(p[i], SIZE, i);
	}
	check(placed, "dma_pool_alloc: aligned, and no block crosses the boundary");
	check(handles, "dma_pool_alloc: the handle is the guest-physical address");
	for (unsigned int i = 0; i < COUNT; i++) {
		if (!p[i])
			continue;
		kept = kept && pattern_holds(p[i], SIZE, i);
		dma_pool_free(pool, p[i], handle[i]);
	}
	check(kept, "dma_pool_alloc: blocks keep their contents");
	p[0] = dma_pool_zalloc(pool, GFP_KERNEL, &handle[0]);
	check(p[0] && bytes_are(p[0], SIZE, 0), "dma_pool_zalloc: zeroed");
	if (p[0])
		dma_pool_free(pool, p[0], handle[0]);
	dma_pool_destroy(pool);
	dma_pool_destroy(NULL);
	check(!dma_pool_create("selftest_dma", NULL, 64, 48, 0),
	      "dma_pool_create: an alignment that is no power of two gives NULL");
	check(!dma_pool_create("selftest_dma", NULL, 0, 8, 0),
	      "dma_pool_create: size zero gives NULL");
	check(!dma_pool_create("selftest_dma", NULL, 4096, 8, 1024),
	      "dma_pool_create: a boundary below the size gives NULL");
}

void test_pools(void)
{
	u64 before = objects_out();

	own_functions();
	ready_made();
	dma_pools();
	check(objects_out() == before, "pools: nothing leaked");
}
