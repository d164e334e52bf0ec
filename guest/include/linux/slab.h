/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kmalloc and its family, with Linux's names and semantics. Memory comes from the
 * host's allocators by way of per-vCPU magazines.
 */
#ifndef GUEST_LINUX_SLAB_H
#define GUEST_LINUX_SLAB_H

#include "slabvisor/kmem_fast.h"
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/types.h>

/* The debug flags (these and SLAB_STORE_USER) count only for caches that the host's --slab-debug
 * debugs; for others they ask nothing. */
#define SLAB_CONSISTENCY_CHECKS ((slab_flags_t)0x00000100u)
#define SLAB_RED_ZONE           ((slab_flags_t)0x00000400u)
#define SLAB_POISON             ((slab_flags_t)0x00000800u)
#define SLAB_HWCACHE_ALIGN      ((slab_flags_t)0x00002000u)
#define SLAB_CACHE_DMA          ((slab_flags_t)0x00004000u)
#define SLAB_CACHE_DMA32        ((slab_flags_t)0x00008000u)
#define SLAB_STORE_USER         ((slab_flags_t)0x00010000u)
#define SLAB_RECLAIM_ACCOUNT    ((slab_flags_t)0x00020000u)
#define SLAB_PANIC              ((slab_flags_t)0x00040000u)
#define SLAB_TYPESAFE_BY_RCU    ((slab_flags_t)0x00080000u)
#define SLAB_MEM_SPREAD         ((slab_flags_t)0x00100000u)
#define SLAB_NOLEAKTRACE        ((slab_flags_t)0x00800000u)
#define SLAB_NO_MERGE           ((slab_flags_t)0x01000000u)
#define SLAB_ACCOUNT            ((slab_flags_t)0x04000000u)

/*
 * SLAB_TYPESAFE_BY_RCU: memory of the cache stays such, for readers (<linux/rcupdate.h>) who find
 * an object that has been freed, perhaps used again, meanwhile: it goes to the host, and may become
 * anything else, after a grace period. Debug modes neither poison nor wipe it; they look at red
 * zones when it goes to the host, and not at kmem_cache_free().
 */
#define ARCH_KMALLOC_MINALIGN  8
#define KMALLOC_MIN_SIZE       8
#define KMALLOC_MAX_CACHE_SIZE 8192ul
#define KMALLOC_MAX_SIZE       (4ul << 20)
#define KMALLOC_MAX_ORDER      10
#define KMALLOC_SHIFT_LOW      3
#define KMALLOC_SHIFT_HIGH     13
#define KMALLOC_SHIFT_MAX      22
#define ARCH_SLAB_MINALIGN     8
#define ARCH_DMA_MINALIGN      8

/* What an allocation of nothing gives: not NULL, and a fault when followed. */
#define ZERO_SIZE_PTR       ((void *)16)
#define ZERO_OR_NULL_PTR(p) ((unsigned long)(p) <= (unsigned long)ZERO_SIZE_PTR)

struct kmem_cache;

/*
 * A cache of objects of size bytes. align: 0 for 8, up to KMALLOC_MAX_SIZE; of what is no power of
 * two objects have the largest one in it, as calculate_alignment() makes it. flags: SLAB_*. ctor,
 * if not NULL, runs once on each object when its memory is first seen, and its work is kept across
 * free and alloc. name is copied; the host has 31 characters of it for its statistics and reports.
 * NULL when it cannot be made; with SLAB_PANIC a BUG. There may be as many as the host has numbers
 * for, one for each four pages of the heap and no fewer than 223: beyond 209 of a program's own an
 * allocation and a free take a call more each.
 * The second names a region that may be copied to and from user space, as is checked in Linux and
 * not here. One that is not in the object is warned of, and the cache is made without, as there.
 */
struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     slab_flags_t flags, void (*ctor)(void *));
struct kmem_cache *kmem_cache_create_usercopy(const char *name, unsigned int size,
					      unsigned int align, slab_flags_t flags,
					      unsigned int useroffset, unsigned int usersize,
					      void (*ctor)(void *));
#define KMEM_CACHE(s, flags) \
	kmem_cache_create(#s, sizeof(struct s), __alignof__(struct s), flags, NULL)

#define KMEM_CACHE_USERCOPY(s, flags, field)                                           \
	kmem_cache_create_usercopy(#s, sizeof(struct s), __alignof__(struct s), flags, \
				   offsetof(struct s, field), sizeof_field(struct s, field), NULL)

/* Nobody may use the cache any more. NULL does nothing. A cache with objects out is
 * reported and stays. */
void kmem_cache_destroy(struct kmem_cache *s);
/* Gives its free memory back to the host, but for what other vCPUs have in their magazines:
 * those are theirs alone. 0 if no slab is left, else 1. */
int kmem_cache_shrink(struct kmem_cache *s);
unsigned int kmem_cache_size(struct kmem_cache *s);
const char *kmem_cache_name(struct kmem_cache *s);

/* NULL for want of memory. __GFP_ZERO on a cache with a constructor is warned of, once, and the
 * object is zero: mm/slub.c, new_slab(). */
void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp) __malloc;
void *kmem_cache_alloc_node(struct kmem_cache *s, gfp_t gfp, int node) __malloc;
/* An object of another cache is reported and freed to its own; NULL does nothing. */
void kmem_cache_free(struct kmem_cache *s, void *p);

/* All n or none: returns n or 0. */
int kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t gfp, size_t n, void **p);
/* s may be NULL: each to its own. */
void kmem_cache_free_bulk(struct kmem_cache *s, size_t n, void **p);

static __always_inline void *kmem_cache_zalloc(struct kmem_cache *s, gfp_t gfp)
{
	return kmem_cache_alloc(s, gfp | __GFP_ZERO);
}

static __always_inline void kfree_bulk(size_t n, void **p)
{
	kmem_cache_free_bulk(NULL, n, p);
}

/* kmalloc for sizes that are not known when compiling. */
void *__kmalloc(size_t size, gfp_t gfp) __malloc __alloc_size(1);
void *__kmalloc_node(size_t size, gfp_t gfp, int node) __malloc __alloc_size(1);

/* The cache that serves a size from 1 to KMALLOC_MAX_CACHE_SIZE, for a size that is known
 * when compiling. */
static __always_inline unsigned int kmem_size_number(size_t size)
{
#define KMEM_SIZE_NUMBER(bytes, label) (size) <= (bytes) ? VIRTIO_KMEM_CLASS_##label + 1u:
	return VIRTIO_KMEM_CLASS_LIST(KMEM_SIZE_NUMBER) 0;
#undef KMEM_SIZE_NUMBER
}

/* 0 gives ZERO_SIZE_PTR, more than KMALLOC_MAX_SIZE NULL. Aligned to 8 bytes, sizes that
 * are powers of two to themselves. */
static __always_inline void *kmalloc(size_t size, gfp_t gfp)
{
	if (__builtin_constant_p(size) && size && size <= KMALLOC_MAX_CACHE_SIZE) {
		const unsigned int number = kmem_size_number(size);

		return kmem_alloc_fast(number, kmem_number_size(number), size, gfp);
	}
	return __kmalloc(size, gfp);
}

static __always_inline void *kmalloc_node(size_t size, gfp_t gfp, int node)
{
	return node == NUMA_NO_NODE ? kmalloc(size, gfp) : __kmalloc_node(size, gfp, node);
}

static __always_inline void *kzalloc(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp | __GFP_ZERO);
}

/* NUMA_NO_NODE: any; falls back to other nodes unless __GFP_THISNODE. */
static __always_inline void *kzalloc_node(size_t size, gfp_t gfp, int node)
{
	return kmalloc_node(size, gfp | __GFP_ZERO, node);
}

/* lru, the list of a shrinker that would account it, has no effect. */
struct list_lru;
#define kmem_cache_alloc_lru(s, lru, gfp) ((void)(lru), kmem_cache_alloc(s, gfp))

#define kmalloc_node_track_caller(size, gfp, node) kmalloc_node(size, gfp, node)
/* For functions that allocate for their callers; reports have a backtrace anyway. */
#define kmalloc_track_caller(size, gfp) kmalloc(size, gfp)

/* NULL when n * size overflows. */
static __always_inline void *kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (check_mul_overflow(n, size, &bytes))
		return NULL;
	return kmalloc(bytes, gfp);
}

static __always_inline void *kmalloc_array_node(size_t n, size_t size, gfp_t gfp, int node)
{
	size_t bytes;

	if (check_mul_overflow(n, size, &bytes))
		return NULL;
	return kmalloc_node(bytes, gfp, node);
}

static __always_inline void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return kmalloc_array(n, size, gfp | __GFP_ZERO);
}

static __always_inline void *kcalloc_node(size_t n, size_t size, gfp_t gfp, int node)
{
	return kmalloc_array_node(n, size, gfp | __GFP_ZERO, node);
}

/* NULL and ZERO_SIZE_PTR do nothing. Takes what any of the family gave, and objects of
 * caches. */
void kfree(const void *p);
/* Zeroes it first. */
void kfree_sensitive(const void *p);
/* Does nothing for what lies in the program's .rodata. */
void kfree_const(const void *p);

/* The usable size, which for an object of a cache is up to the next one, as slab_ksize() has it; 0
 * for NULL and ZERO_SIZE_PTR. No request to the host, but in a debug
 * mode, where the red zone then begins at that size and not at the one asked for. */
size_t ksize(const void *p);
/* What ksize() of an allocation of that size would be. */
size_t kmalloc_size_roundup(size_t size);

/*
 * p NULL: kmalloc. size 0: frees p and gives ZERO_SIZE_PTR. NULL for want of memory,
 * and p is as it was. With __GFP_ZERO, and p zeroed to start with, what is added is 0.
 */
void *__must_check krealloc(const void *p, size_t size, gfp_t gfp) __alloc_size(2);

static __always_inline void *__must_check krealloc_array(void *p, size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (check_mul_overflow(n, size, &bytes))
		return NULL;
	return krealloc(p, bytes, gfp);
}

/* See <linux/vmalloc.h>. */
void *kvmalloc(size_t size, gfp_t gfp);
void *kvmalloc_node(size_t size, gfp_t gfp, int node);
void *kvzalloc(size_t size, gfp_t gfp);
void *kvzalloc_node(size_t size, gfp_t gfp, int node);
void *kvmalloc_array(size_t n, size_t size, gfp_t gfp);
void *kvcalloc(size_t n, size_t size, gfp_t gfp);
void kvfree(const void *p);
void kvfree_sensitive(const void *p, size_t len);

/*
 * By type: what is a type or an expression of it, often *p, and the pointer is to that. An
 * object, an array of n, a structure with n elements of its trailing array. The flags are
 * last and may be left out: GFP_KERNEL. NULL when the size overflows.
 */
#define __gfp_first(gfp, ...)        gfp
#define __gfp_or_kernel(...)         __gfp_first(__VA_ARGS__ __VA_OPT__(, ) GFP_KERNEL)
#define __slab_obj(alloc, what, ...) ((__typeof__(what) *)alloc(sizeof(what), __VA_ARGS__))
#define __slab_objs(alloc, what, n, ...) \
	((__typeof__(what) *)alloc(size_mul(sizeof(what), n), __VA_ARGS__))
#define __slab_flex(alloc, what, member, n, ...) \
	((__typeof__(what) *)alloc(struct_size_t(__typeof__(what), member, n), __VA_ARGS__))

#define kmalloc_obj(what, ...)     __slab_obj(kmalloc, what, __gfp_or_kernel(__VA_ARGS__))
#define kmalloc_objs(what, n, ...) __slab_objs(kmalloc, what, n, __gfp_or_kernel(__VA_ARGS__))
#define kmalloc_flex(what, member, n, ...) \
	__slab_flex(kmalloc, what, member, n, __gfp_or_kernel(__VA_ARGS__))
#define kzalloc_obj(what, ...)     __slab_obj(kzalloc, what, __gfp_or_kernel(__VA_ARGS__))
#define kzalloc_objs(what, n, ...) __slab_objs(kzalloc, what, n, __gfp_or_kernel(__VA_ARGS__))
#define kzalloc_flex(what, member, n, ...) \
	__slab_flex(kzalloc, what, member, n, __gfp_or_kernel(__VA_ARGS__))
#define kvmalloc_obj(what, ...)     __slab_obj(kvmalloc, what, __gfp_or_kernel(__VA_ARGS__))
#define kvmalloc_objs(what, n, ...) __slab_objs(kvmalloc, what, n, __gfp_or_kernel(__VA_ARGS__))
#define kvmalloc_flex(what, member, n, ...) \
	__slab_flex(kvmalloc, what, member, n, __gfp_or_kernel(__VA_ARGS__))
#define kvzalloc_obj(what, ...)     __slab_obj(kvzalloc, what, __gfp_or_kernel(__VA_ARGS__))
#define kvzalloc_objs(what, n, ...) __slab_objs(kvzalloc, what, n, __gfp_or_kernel(__VA_ARGS__))
#define kvzalloc_flex(what, member, n, ...) \
	__slab_flex(kvzalloc, what, member, n, __gfp_or_kernel(__VA_ARGS__))

/* The fast paths of what is declared above. They exist out of line as well, in the one
 * file that says so, for those who take an address. */
#ifndef KMEM_OUT_OF_LINE
#define KMEM_FRONT KMEM_INLINE
#else
#define KMEM_FRONT
#endif

KMEM_FRONT void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp)
{
	const struct kmem_cache_front *front = (const struct kmem_cache_front *)s;

	if ((gfp & __GFP_ZERO) && unlikely(front->slow))
		return kmem_alloc_slow(front->id, front->size, gfp, NUMA_NO_NODE, 0);
	return kmem_alloc_from(front->number, front->id, front->size, front->size, gfp);
}

KMEM_FRONT void kmem_cache_free(struct kmem_cache *s, void *p)
{
	const struct kmem_cache_front *front = (const struct kmem_cache_front *)s;
	const unsigned int number = front->number;

	if (unlikely(kmem_number_of(p) != number) || unlikely(!kmem_push(number, p)))
		kmem_free_slow(p, front->id);
}

KMEM_FRONT void kfree(const void *p)
{
	if (unlikely(!kmem_push(kmem_number_of(p), p)))
		kmem_free_slow(p, 0);
}

DEFINE_FREE(kfree, void *, if (!IS_ERR_OR_NULL(_T)) kfree(_T))
DEFINE_FREE(kvfree, void *, if (!IS_ERR_OR_NULL(_T)) kvfree(_T))

/*
 * Another size: kvmalloc() of it, a copy of oldsize bytes, kvfree() of p, which may be NULL. A size
 * that is not larger gives p. NULL: no memory, and p is as it was. Without oldsize, as since
 * Linux 6.12: what p has is known, and a newsize of 0 frees it.
 */
void *__must_check grt_kvrealloc(const void *p, size_t oldsize, size_t newsize, gfp_t gfp);
void *__must_check grt_kvrealloc_known(const void *p, size_t newsize, gfp_t gfp);
#define __kvrealloc_choose(a, b, c, d, name, ...) name
#define kvrealloc(...) \
	__kvrealloc_choose(__VA_ARGS__, grt_kvrealloc, grt_kvrealloc_known, )(__VA_ARGS__)

#endif
