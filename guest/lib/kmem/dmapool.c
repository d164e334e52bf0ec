/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DMA pools over runs of frames. Which blocks are free is kept outside of them, where
 * no device can write to it.
 */
#include "slabvisor/kmem.h"
#include "slabvisor/kmem_port.h"
#include <linux/dmapool.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#define FRAME      4096ul
#define FIRST_BITS 3u

struct dma_pool {
	spinlock_t lock;
	struct list_head free_runs; /* with a free block */
	struct list_head full_runs;
	struct dma_run **table; /* the runs by their addresses: 2^bits lists */
	unsigned int bits;
	unsigned int runs;
	size_t size;
	size_t boundary;
	size_t per_boundary; /* blocks between two boundaries */
	unsigned int order;
	unsigned int blocks; /* in a run */
	struct device *dev;
	char name[32];
};

struct dma_run {
	struct list_head link;
	struct dma_run *next; /* in the table */
	u64 addr;
	unsigned int used;
	u64 bitmap[]; /* 1: out */
};

struct dma_pool *dma_pool_create(const char *name, struct device *dev, size_t size, size_t align,
				 size_t boundary)
{
	struct dma_pool *pool;
	size_t run;

	if (!align)
		align = 1;
	if (!name || !size || size > KMALLOC_MAX_SIZE || !is_power_of_2(align) ||
	    align > KMALLOC_MAX_SIZE)
		return NULL;
	size = ALIGN(max_t(size_t, size, 4), align);
	if (size > KMALLOC_MAX_SIZE)
		return NULL;
	run = roundup_pow_of_two(max(size, FRAME));
	if (!boundary)
		boundary = run;
	else if (boundary < size || !is_power_of_2(boundary))
		return NULL;
	pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	if (!pool)
		return NULL;
	pool->bits = FIRST_BITS;
	pool->table = kcalloc(1u << FIRST_BITS, sizeof(struct dma_run *), GFP_KERNEL);
	if (!pool->table) {
		kfree(pool);
		return NULL;
	}
	spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->free_runs);
	INIT_LIST_HEAD(&pool->full_runs);
	pool->dev = dev;
	pool->size = size;
	pool->boundary = min(boundary, run);
	pool->per_boundary = pool->boundary / size;
	pool->order = order_base_2(run / FRAME);
	pool->blocks = run / pool->boundary * pool->per_boundary;
	strscpy(pool->name, name, sizeof(pool->name));
	return pool;
}

struct device *kmem_dma_pool_device(const struct dma_pool *pool)
{
	return pool->dev;
}

static void run_free(struct dma_pool *pool, struct dma_run *run)
{
	if (!kmem_run_put(run->addr))
		kmem_pages_free(run->addr, pool->order);
	kfree(run);
}

void dma_pool_destroy(struct dma_pool *pool)
{
	struct dma_run *run;
	struct dma_run *next;
	unsigned int out = 0;

	if (!pool)
		return;
	list_splice_init(&pool->full_runs, &pool->free_runs);
	list_for_each_entry_safe(run, next, &pool->free_runs, link) {
		if (run->used) {
			/* A device may still write there. */
			out += run->used;
			kfree(run);
		} else {
			run_free(pool, run);
		}
	}
	kfree(pool->table);
	WARN(out, "dma_pool_destroy %s: %u blocks are still out", pool->name, out);
	kfree(pool);
}

static u64 block_offset(const struct dma_pool *pool, unsigned int block)
{
	return block / pool->per_boundary * pool->boundary +
	       block % pool->per_boundary * pool->size;
}

/* The block at an offset into a run, or -1 if none begins there. */
static int block_at(const struct dma_pool *pool, u64 offset)
{
	u64 rest = offset % pool->boundary;

	if (rest % pool->size || rest / pool->size >= pool->per_boundary)
		return -1;
	return (int)(offset / pool->boundary * pool->per_boundary + rest / pool->size);
}

/* Which list of the table a run is on, by any address in it: runs are aligned to their size. */
static struct dma_run **table_at(const struct dma_pool *pool, u64 addr)
{
	u64 number = addr / (FRAME << pool->order);

	/* Fibonacci hashing (Knuth, volume 3, 6.4): of runs in a row each has a list of its own. */
	return &pool->table[number * 0x9e3779b97f4a7c15ull >> (64 - pool->bits)];
}

static void table_add(struct dma_pool *pool, struct dma_run *run)
{
	struct dma_run **head = table_at(pool, run->addr);

	run->next = *head;
	*head = run;
}

static void table_remove(struct dma_pool *pool, const struct dma_run *run)
{
	struct dma_run **at = table_at(pool, run->addr);

	while (*at != run)
		at = &(*at)->next;
	*at = run->next;
	pool->runs--;
}

static struct dma_run *find_run(const struct dma_pool *pool, u64 addr)
{
	struct dma_run *run = *table_at(pool, addr);

	while (run && addr - run->addr >= FRAME << pool->order)
		run = run->next;
	return run;
}

/* Puts a run into the pool. With a larger table, which is used if it is still larger, no list grows
 * long; returns the table that is not used. The lock is held. */
static struct dma_run **run_add(struct dma_pool *pool, struct dma_run *run, struct dma_run **larger,
				unsigned int bits)
{
	struct dma_run **old = pool->table;
	unsigned int lists = 1u << pool->bits;

	list_add(&run->link, &pool->free_runs);
	pool->runs++;
	if (larger && bits > pool->bits) {
		pool->table = larger;
		pool->bits = bits;
		for (unsigned int i = 0; i < lists; i++) {
			struct dma_run *next;

			for (struct dma_run *moved = old[i]; moved; moved = next) {
				next = moved->next;
				table_add(pool, moved);
			}
		}
		larger = old;
	}
	table_add(pool, run);
	return larger;
}

/* A table for twice the runs, if there are many; NULL: the old one has to do, and only takes
 * longer. */
static struct dma_run **table_grown(struct dma_pool *pool, gfp_t gfp, unsigned int *bits)
{
	bool full;

	spin_lock(&pool->lock);
	*bits = pool->bits + 1;
	full = pool->runs >= 1u << pool->bits;
	spin_unlock(&pool->lock);
	if (!full)
		return NULL;
	return kcalloc(1ul << *bits, sizeof(struct dma_run *),
		       (gfp & ~(__GFP_DMA | __GFP_DMA32 | __GFP_NOFAIL)) | __GFP_NOWARN);
}

static struct dma_run *run_new(struct dma_pool *pool, gfp_t gfp)
{
	size_t words = DIV_ROUND_UP(pool->blocks, 64);
	struct dma_run *run;

	run = kzalloc(struct_size(run, bitmap, words), gfp & ~(__GFP_DMA | __GFP_DMA32));
	if (!run)
		return NULL;
	run->addr = kmem_pages_alloc(pool->order, gfp, NUMA_NO_NODE);
	if (!run->addr) {
		kfree(run);
		return NULL;
	}
	/* Blocks that do not exist are never free. */
	if (pool->blocks % 64)
		run->bitmap[words - 1] = ~0ull << pool->blocks % 64;
	return run;
}

/* A free block of the first run that has one, which exists. The lock is held. */
static u64 take_block(struct dma_pool *pool)
{
	struct dma_run *run = list_first_entry(&pool->free_runs, struct dma_run, link);
	unsigned int word = 0;
	unsigned int bit;

	while (!~run->bitmap[word])
		word++;
	bit = __builtin_ctzll(~run->bitmap[word]);
	run->bitmap[word] |= 1ull << bit;
	if (++run->used == pool->blocks)
		list_move(&run->link, &pool->full_runs);
	return run->addr + block_offset(pool, word * 64 + bit);
}

void *dma_pool_alloc(struct dma_pool *pool, gfp_t gfp, dma_addr_t *handle)
{
	struct dma_run **larger;
	struct dma_run *run;
	unsigned int bits;
	u64 addr;
	void *p;

	spin_lock(&pool->lock);
	if (list_empty(&pool->free_runs)) {
		spin_unlock(&pool->lock);
		run = run_new(pool, gfp & ~__GFP_ZERO);
		if (!run)
			return NULL;
		larger = table_grown(pool, gfp & ~__GFP_ZERO, &bits);
		spin_lock(&pool->lock);
		larger = run_add(pool, run, larger, bits);
		addr = take_block(pool);
		spin_unlock(&pool->lock);
		kfree(larger);
	} else {
		addr = take_block(pool);
		spin_unlock(&pool->lock);
	}
	*handle = addr;
	p = kmem_to_virt(addr);
	if (gfp & __GFP_ZERO)
		memset(p, 0, pool->size);
	return p;
}

void *dma_pool_zalloc(struct dma_pool *pool, gfp_t gfp, dma_addr_t *handle)
{
	return dma_pool_alloc(pool, gfp | __GFP_ZERO, handle);
}

void dma_pool_free(struct dma_pool *pool, void *vaddr, dma_addr_t handle)
{
	struct dma_run *run;
	int block;
	u64 mask;

	spin_lock(&pool->lock);
	run = find_run(pool, handle);
	block = run ? block_at(pool, handle - run->addr) : -1;
	mask = block < 0 ? 0 : 1ull << block % 64;
	if (block < 0 || kmem_to_virt(handle) != vaddr || !(run->bitmap[block / 64] & mask)) {
		spin_unlock(&pool->lock);
		grt_warn("dma_pool_free %s: 0x%llx is no block that is out", pool->name, handle);
		return;
	}
	run->bitmap[block / 64] &= ~mask;
	if (run->used-- == pool->blocks)
		list_move(&run->link, &pool->free_runs);
	/* One run with room stays; more go back as they become empty. */
	if (!run->used && !list_is_singular(&pool->free_runs)) {
		list_del(&run->link);
		table_remove(pool, run);
		spin_unlock(&pool->lock);
		run_free(pool, run);
		return;
	}
	spin_unlock(&pool->lock);
}
