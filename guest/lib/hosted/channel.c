/* SPDX-License-Identifier: BSD-2-Clause */
/* The channel straight onto mm. */
#include <string.h>

#include "slabvisor/hosted.h"
#include "slabvisor/kmem.h"
#include "slabvisor/kmem_port.h"
#include "virtio/kmem/debug.h"
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>

#define EVENTS 16

static struct {
	struct mm_heap *heap;
	spinlock_t lock;
	struct virtio_kmem_event event[EVENTS];
	unsigned int nr_events; /* read without the lock, too: is there anything? */
} hosted;

_Static_assert(sizeof(struct mm_bad) == sizeof(struct virtio_kmem_bad), "the same refusals");
static unsigned int mm_flags(u32 flags)
{
	return (flags & VIRTIO_KMEM_GFP_ZERO ? MM_ZERO : 0) |
	       (flags & VIRTIO_KMEM_GFP_THISNODE ? MM_THISNODE : 0) |
	       (flags & VIRTIO_KMEM_GFP_DMA32 ? MM_DMA32 : 0);
}

static int mm_node(u32 node)
{
	return node == VIRTIO_KMEM_NODE_ANY ? MM_NODE_ANY : (int)node;
}

static long op_alloc(unsigned int cpu, u32 cache, u32 node, u32 flags, size_t asked, u64 caller,
		     size_t n, u64 *addr)
{
	return mm_alloc_bulk(hosted.heap, cpu, (int)cache, mm_node(node), mm_flags(flags), asked,
			     caller, n, (uint64_t *)addr);
}

static long op_free(unsigned int cpu, u32 cache, u64 caller, size_t n, const u64 *addr,
		    struct virtio_kmem_bad *bad, size_t *nr_bad)
{
	return mm_free_bulk(hosted.heap, cpu, (int)cache, caller, n, (const uint64_t *)addr,
			    (struct mm_bad *)bad, nr_bad);
}

static long op_alloc_pages(unsigned int cpu, unsigned int order, u32 node, u32 flags, size_t n,
			   u64 *addr)
{
	return mm_pages_alloc(hosted.heap, cpu, order, mm_node(node), mm_flags(flags), n,
			      (uint64_t *)addr);
}

static long op_free_pages(unsigned int cpu, size_t n, const u64 *addr, struct virtio_kmem_bad *bad,
			  size_t *nr_bad)
{
	return mm_pages_free(hosted.heap, cpu, n, (const uint64_t *)addr, (struct mm_bad *)bad,
			     nr_bad);
}

static u32 debug_bits(int cache)
{
	return kmem_debug_bits(mm_cache_modes(hosted.heap, cache));
}

static int op_cache_create(unsigned int cpu, const char *name, size_t size, size_t align, u32 flags,
			   u32 *debug)
{
	unsigned int out = 0;
	int number;

	(void)cpu;
	if (flags & VIRTIO_KMEM_CACHE_CTOR)
		out |= MM_CACHE_CTOR;
	if (flags & VIRTIO_KMEM_CACHE_NOMERGE)
		out |= MM_CACHE_NOMERGE;
	if (flags & VIRTIO_KMEM_CACHE_REDZONE)
		out |= MM_DEBUG_REDZONE;
	if (flags & VIRTIO_KMEM_CACHE_POISON)
		out |= MM_DEBUG_POISON;
	if (flags & VIRTIO_KMEM_CACHE_OWNER)
		out |= MM_DEBUG_OWNER;
	number = mm_cache_create(hosted.heap, name, size, align, out);
	*debug = number > 0 ? debug_bits(number) : 0;
	return number;
}

static int op_cache_destroy(unsigned int cpu, u32 cache)
{
	(void)cpu;
	return mm_cache_destroy(hosted.heap, (int)cache);
}

static long op_cache_shrink(unsigned int cpu, u32 cache)
{
	(void)cpu;
	return mm_cache_shrink(hosted.heap, (int)cache);
}

static long op_widen(unsigned int cpu, u64 addr)
{
	(void)cpu;
	return mm_object_widen(hosted.heap, addr);
}

static long op_pin(unsigned int cpu, size_t n, const u64 *addr)
{
	(void)cpu;
	return mm_pin(hosted.heap, n, (const uint64_t *)addr);
}

static long op_unpin(unsigned int cpu, size_t n, const u64 *addr, struct virtio_kmem_bad *bad,
		     size_t *nr_bad)
{
	(void)cpu;
	return mm_unpin(hosted.heap, n, (const uint64_t *)addr, (struct mm_bad *)bad, nr_bad);
}

void (*hosted_on_unpin)(void);

/* Whoever pins here does so by requests of their own, and keeps none. */
void kmem_unpin_unused(void)
{
	if (hosted_on_unpin)
		hosted_on_unpin();
}

static int op_stats(unsigned int cpu, u32 cache, struct virtio_kmem_stats *out)
{
	struct mm_stats in;
	int err = mm_stats(hosted.heap, (int)cache, &in);

	(void)cpu;
	if (err)
		return err;
	memset(out, 0, sizeof(*out));
	out->objects_allocated = in.objects_allocated;
	out->objects_freed = in.objects_freed;
	out->objects_active = in.objects_active;
	out->slabs = in.slabs;
	out->frames_in_use = in.frames_in_use;
	out->frames_total = in.frames_total;
	out->frames_backed = in.frames_backed;
	out->pages_given = in.pages_given;
	out->pages_taken = in.pages_taken;
	out->pages_pinned = in.pages_pinned;
	out->errors = in.errors;
	out->object_size = in.object_size;
	out->slot_size = in.slot_size;
	out->objects_per_slab = in.objects_per_slab;
	out->frames_per_slab = in.frames_per_slab;
	memcpy(out->name, in.name, sizeof(out->name));
	return 0;
}

static bool op_poll(unsigned int cpu, struct virtio_kmem_event *event)
{
	bool got = false;

	(void)cpu;
	if (!READ_ONCE(hosted.nr_events))
		return false;
	spin_lock(&hosted.lock);
	if (hosted.nr_events) {
		*event = hosted.event[0];
		memmove(hosted.event, hosted.event + 1, sizeof(hosted.event) - sizeof(*event));
		WRITE_ONCE(hosted.nr_events, hosted.nr_events - 1);
		got = true;
	}
	spin_unlock(&hosted.lock);
	return got;
}

void hosted_event(u32 type, u64 value)
{
	spin_lock(&hosted.lock);
	if (hosted.nr_events < EVENTS) {
		hosted.event[hosted.nr_events].type = type;
		hosted.event[hosted.nr_events].value = value;
		WRITE_ONCE(hosted.nr_events, hosted.nr_events + 1);
	}
	spin_unlock(&hosted.lock);
}

static const struct kmem_channel_ops ops = {
	.alloc = op_alloc,
	.free = op_free,
	.alloc_pages = op_alloc_pages,
	.free_pages = op_free_pages,
	.cache_create = op_cache_create,
	.cache_destroy = op_cache_destroy,
	.cache_shrink = op_cache_shrink,
	.widen = op_widen,
	.pin = op_pin,
	.unpin = op_unpin,
	.stats = op_stats,
	.poll = op_poll,
};

void hosted_channel(struct mm_heap *heap, struct kmem_channel *channel)
{
	size_t bytes;

	hosted.heap = heap;
	*channel = (struct kmem_channel){
		.ops = &ops,
		.heap_base = mm_heap_base(heap),
		.heap_size = mm_heap_size(heap),
		.heap_va = (unsigned long)mm_heap_host(heap),
		.page_map = mm_heap_page_map(heap, &bytes),
		.pin_quota = ~0ull,
		.max_batch = VIRTIO_KMEM_MAX_BATCH,
		.max_cache = (u32)mm_cache_max(heap),
		.max_order = MM_MAX_ORDER,
		.cpus = MM_MAX_CPUS,
		.nr_nodes = 1,
	};
}

int hosted_start(const struct mm_config *config, const char **why)
{
	struct kmem_channel channel;
	struct mm_heap *heap;
	int err;

	err = mm_heap_create(config, &heap, why);
	if (err)
		return err;
	hosted_channel(heap, &channel);
	for (unsigned int i = 0; i < config->nr_ranges; i++) {
		channel.range[i].base = config->range[i].base;
		channel.range[i].size = config->range[i].size;
		channel.range[i].node = (u32)config->range[i].node;
		channel.nr_nodes = max(channel.nr_nodes, (u32)config->range[i].node + 1);
	}
	channel.nr_ranges = config->nr_ranges;
	channel.pin_quota = config->pin_quota;
	channel.debug = kmem_debug_bits(config->debug);
	for (int i = 0; i < VIRTIO_KMEM_CLASSES; i++) {
		if (debug_bits(i + 1))
			channel.class_debug |= 1u << i;
	}
	err = kmem_init(&channel);
	if (err) {
		mm_heap_destroy(heap);
		hosted.heap = NULL;
	}
	return err;
}

void hosted_stop(void)
{
	kmem_exit();
	mm_heap_destroy(hosted.heap);
	hosted.heap = NULL;
}

struct mm_heap *hosted_heap(void)
{
	return hosted.heap;
}
