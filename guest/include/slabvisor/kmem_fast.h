/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fast paths, inlined into the callers of <linux/slab.h>: a pop from, or a push
 * to, the calling vCPU's main magazine. Neither locks nor atomics: a vCPU is the only
 * user of its magazines, and interrupts are off.
 */
#ifndef SLABVISOR_KMEM_FAST_H
#define SLABVISOR_KMEM_FAST_H

#include "slabvisor/kmem_cpu.h"
#include "slabvisor/kmem_port.h"
#include "virtio/abi/kmem.h"
#include <linux/compiler.h>
#include <linux/gfp_types.h>
#include <linux/numa.h>
#include <linux/string.h>

/* For functions that are never compiled on their own. Not static, since what <linux/slab.h>
 * inlines by them is not. */
#define KMEM_INLINE extern inline __attribute__((__gnu_inline__, __always_inline__))

/*
 * Objects of 512 bytes and more begin at multiples of 512, so that their first words fall into the
 * same few sets of a cache and push out of it what else lies there. What each call reads lies
 * beside these sets: in the lines after the first of 512 bytes.
 */
#define KMEM_APART 512

/* The heap as kfree sees it; set once, by kmem_init(). */
struct kmem_view {
	u8 apart[64];
	unsigned long va;
	unsigned long words; /* size of the heap in units of 8 bytes */
	/* Where the page map's byte of address 0 would be: kfree() need not subtract before it
	 * looks, and what it stores to is known before kmalloc() reads there. */
	unsigned long kinds;
} __aligned(KMEM_APART);

extern struct kmem_view kmem_view;

/* Another magazine's memory may change as it is read for the hint. That only spoils the
 * hint, but TSan cannot know: there it stays inside the magazine's own header. */
#ifdef __SANITIZE_THREAD__
#define KMEM_PREFETCH 4
#else
#define KMEM_PREFETCH 32
#endif

/* At the start of each struct kmem_cache: what the fast paths know of it. */
struct kmem_cache_front {
	u32 number; /* its slot */
	u32 size;
	bool slow; /* not for the fast path: a constructor, or a debug mode */
	u32 id;    /* for the slow paths; number, unless it is a far cache (priv.h) */
};

/* The size classes. */
struct kmem_sizes {
	u8 apart[64];
	u8 number[129]; /* of sizes up to 1 KiB, by (size + 7) / 8 */
	u16 size[14];   /* of their objects, by the number, 1 to 13 */
} __aligned(KMEM_APART);

extern const struct kmem_sizes kmem_sizes;

/* The size of the objects of the size class with this cache number: one load where that is no
 * constant, since comparisons would be mispredicted. */
static __always_inline size_t kmem_number_size(unsigned int number)
{
	if (!__builtin_constant_p(number))
		return kmem_sizes.size[number];
	return number == 5   ? 96
	       : number == 7 ? 192
	       : number < 5  ? 4ul << number
	       : number == 6 ? 128
			     : 1ul << number;
}

/* What the magazines cannot promise. */
#define KMEM_GFP_SLOW (__GFP_DMA | __GFP_DMA32)

/*
 * The rest of an allocation from the cache of an id. asked: the bytes wanted, for debug
 * reports; caller: a code address for them, 0 for the function's own caller.
 */
void *kmem_alloc_slow(unsigned int id, size_t asked, gfp_t gfp, int node, unsigned long caller);

/* The number of the size class that serves size, 1 to KMALLOC_MAX_CACHE_SIZE, where that is no
 * constant: one load, likewise. */
KMEM_INLINE unsigned int kmem_size_to_number(size_t size)
{
	return likely(size <= 1024) ? kmem_sizes.number[(size + 7) / 8]
				    : (unsigned int)(64 - __builtin_clzl(size - 1));
}

/* The rest of a free; id: of the cache that the caller named, 0 for any. */
void kmem_free_slow(const void *p, unsigned int id);

/* An object of a slot's main magazine with its VIRTIO_KMEM_ADDR_* bits; 0: none at hand. */
KMEM_INLINE u64 kmem_pop_slot(KMEM_SEG struct kmem_slot *slot)
{
	u64 *top = slot->top;
	u64 entry = *top;

	if (unlikely(!entry))
		return 0;
	slot->top = top - 1;
	/* What comes out some calls from now; no deeper than the headers are below the first
	 * magazine of a chunk, so that it is always magazines' memory that is read. */
	__builtin_prefetch((const void *)top[-KMEM_PREFETCH], 1);
	return entry;
}

/* An object of cache `number`, likewise. */
KMEM_INLINE u64 kmem_pop(unsigned int number)
{
	return kmem_pop_slot(&KMEM_SELF->slot[number]);
}

/* size: the usable size of the cache's objects, zeroed whole for __GFP_ZERO. */
KMEM_INLINE void *kmem_alloc_from(unsigned int number, unsigned int id, size_t size, size_t asked,
				  gfp_t gfp)
{
	u64 entry;
	void *p;

	if (unlikely(gfp & KMEM_GFP_SLOW))
		return kmem_alloc_slow(id, asked, gfp, NUMA_NO_NODE, 0);
	entry = kmem_pop(number);
	if (unlikely(!entry))
		return kmem_alloc_slow(id, asked, gfp, NUMA_NO_NODE, 0);
	p = (void *)(entry & ~VIRTIO_KMEM_ADDR_FLAGS);
	if ((gfp & __GFP_ZERO) && !(entry & VIRTIO_KMEM_ADDR_ZERO))
		memset(p, 0, size);
	return p;
}

KMEM_INLINE void *kmem_alloc_fast(unsigned int number, size_t size, size_t asked, gfp_t gfp)
{
	return kmem_alloc_from(number, number, size, asked, gfp);
}

/*
 * The number of the cache whose object p is, by the page map; any value at all if p
 * is none, and VIRTIO_KMEM_PM_NONE if it is not even a heap address that a free could
 * name. The rotation makes a misaligned pointer as far out as a foreign one.
 */
KMEM_INLINE unsigned int kmem_number_of(const void *p)
{
	unsigned long off = (unsigned long)p - kmem_view.va;

	off = off >> 3 | off << 61;
	if (unlikely(off >= kmem_view.words))
		return VIRTIO_KMEM_PM_NONE;
	return READ_ONCE(*(const u8 *)(kmem_view.kinds + ((unsigned long)p >> 12)));
}

/* False: the slow path must see to it (no room, no cache, freed twice in a row). */
KMEM_INLINE bool kmem_push_slot(KMEM_SEG struct kmem_slot *slot, const void *p)
{
	u64 *top = slot->top;

	if (unlikely(top == slot->limit) || unlikely((*top ^ (u64)p) <= VIRTIO_KMEM_ADDR_FLAGS))
		return false;
	top[1] = (u64)p;
	slot->top = top + 1;
	return true;
}

KMEM_INLINE bool kmem_push(unsigned int number, const void *p)
{
	return kmem_push_slot(&KMEM_SELF->slot[number], p);
}

#endif
