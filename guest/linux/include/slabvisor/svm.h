/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The host's memory for kernel code of a Linux guest: the kernel's calls by the kernel's semantics,
 * under a prefix. Each may be called wherever the kernel's own may, hard interrupts included.
 *
 * Where the host's memory is not to be had the kernel's own allocator serves, and that is counted
 * (debugfs: slabvisor/stats): no device is there, or it does not answer; the host has no more; the
 * caller may not wait, and the CPU's magazines are in use by what it interrupted, or are empty
 * where only a sleeper can ask the host (ivshmem), or the object lies where the kernel has no
 * struct pages yet. So NULL means that neither has memory. Either's memory is freed alike, by
 * svm_kfree(). Memory of the kernel's own kmalloc() may be given to it as well, but the kernel's
 * kfree() takes none of the host's.
 *
 * Misuse warns, and the object is lost, as with SLUB: a pointer that is no object's, an object
 * that is free, one of another cache.
 *
 * Objects lie in memory with struct pages (ZONE_DEVICE, generic) in the kernel's direct map: I/O
 * and DMA may go to them, virt_to_page() and virt_to_phys() work, page flags such as PG_slab are
 * not set. The kernel's usercopy hardening knows no caches there.
 */
#ifndef SLABVISOR_SVM_H
#define SLABVISOR_SVM_H

#include <linux/gfp.h>
#include <linux/mm_types.h>
#include <linux/numa.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/types.h>

struct svm_kmem_cache;

/* kmalloc(): 0 gives ZERO_SIZE_PTR, more than KMALLOC_MAX_SIZE NULL. Aligned to 8 bytes, sizes that
 * are powers of two to themselves. Honours __GFP_ZERO, __GFP_NOWARN, __GFP_NORETRY, __GFP_DMA32,
 * __GFP_THISNODE. */
void *svm_kmalloc(size_t size, gfp_t gfp) __alloc_size(1);
/* kmalloc_node(). NUMA_NO_NODE: any; other nodes serve too unless __GFP_THISNODE. */
void *svm_kmalloc_node(size_t size, gfp_t gfp, int node) __alloc_size(1);
/* kfree(): NULL and ZERO_SIZE_PTR do nothing. Takes what any of these gave, and caches' objects. */
void svm_kfree(const void *p);
/* kfree_sensitive(): zeroes it first. */
void svm_kfree_sensitive(const void *p);
/* ksize(): the usable size; 0 for NULL and ZERO_SIZE_PTR. Over ivshmem the host is not told that all
 * of it is in use: in its debug modes it may report what is written beyond the size asked for. */
size_t svm_ksize(const void *p);
/* krealloc(): p NULL: svm_kmalloc(); size 0 frees p. NULL for want of memory, and p is as it was. */
void *__must_check svm_krealloc(const void *p, size_t size, gfp_t gfp) __alloc_size(2);

static inline void *svm_kzalloc(size_t size, gfp_t gfp)
{
	return svm_kmalloc(size, gfp | __GFP_ZERO);
}

static inline void *svm_kzalloc_node(size_t size, gfp_t gfp, int node)
{
	return svm_kmalloc_node(size, gfp | __GFP_ZERO, node);
}

/* NULL when n * size overflows. */
static inline void *svm_kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return NULL;
	return svm_kmalloc(bytes, gfp);
}

static inline void *svm_kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return svm_kmalloc_array(n, size, gfp | __GFP_ZERO);
}

static inline void *__must_check svm_krealloc_array(void *p, size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return NULL;
	return svm_krealloc(p, bytes, gfp);
}

/*
 * kmem_cache_create(): objects of size bytes; align 0: 8; ctor runs once on each object when its
 * memory is first seen, and its work is kept across free and alloc. May sleep. NULL when it cannot
 * be made. There may be as many as the host has numbers for, which is thousands; those beyond the
 * first two hundred are slower. Where there are no more the kernel's own allocator serves the
 * cache. With SLAB_TYPESAFE_BY_RCU what is free stays an object of the cache until those have ended
 * who read at the time: the host has it no sooner.
 */
struct svm_kmem_cache *svm_kmem_cache_create(const char *name, unsigned int size,
					     unsigned int align, slab_flags_t flags,
					     void (*ctor)(void *));
/* Nobody may use it any more. NULL does nothing. One with objects out is reported and stays. May
 * sleep. */
void svm_kmem_cache_destroy(struct svm_kmem_cache *s);
/* Gives its free memory back to the host, but for other CPUs' magazines. 0 if nothing is left, else
 * 1. May sleep. */
int svm_kmem_cache_shrink(struct svm_kmem_cache *s);
unsigned int svm_kmem_cache_size(struct svm_kmem_cache *s);

/* NULL for want of memory. __GFP_ZERO on a cache with a constructor warns and is NULL. */
void *svm_kmem_cache_alloc(struct svm_kmem_cache *s, gfp_t gfp);
void *svm_kmem_cache_alloc_node(struct svm_kmem_cache *s, gfp_t gfp, int node);
/* NULL does nothing. An object of another cache is reported and freed to its own. */
void svm_kmem_cache_free(struct svm_kmem_cache *s, void *p);
/* All n or none: returns n or 0. */
int svm_kmem_cache_alloc_bulk(struct svm_kmem_cache *s, gfp_t gfp, size_t n, void **p);
/* s NULL: each to its own. */
void svm_kmem_cache_free_bulk(struct svm_kmem_cache *s, size_t n, void **p);

/* Copies, as the kernel's of that name. What lies in the kernel's read-only data the _const calls
 * return as it is, and do not free. */
char *svm_kstrdup(const char *s, gfp_t gfp);
char *svm_kstrndup(const char *s, size_t max, gfp_t gfp);
const char *svm_kstrdup_const(const char *s, gfp_t gfp);
void svm_kfree_const(const void *p);
void *svm_kmemdup(const void *src, size_t len, gfp_t gfp);
char *svm_kmemdup_nul(const char *s, size_t len, gfp_t gfp);
/* ERR_PTR(-ENOMEM) or ERR_PTR(-EFAULT), never NULL. May sleep. */
void *svm_memdup_user(const void __user *src, size_t len);
void *svm_memdup_user_nul(const void __user *src, size_t len);

/*
 * get_user_pages_fast(): returns how many pages from start on, perhaps fewer than nr, or -errno.
 * Those that lie in the window are pinned at the host as well, so that it keeps what is freed
 * meanwhile; where its quota is used up none is returned, and the error is -ENOSPC. Each page is
 * put by svm_put_page().
 */
int svm_get_user_pages_fast(unsigned long start, int nr, unsigned int flags, struct page **pages);
void svm_put_page(struct page *page);
/* The same with pin_user_pages_fast(), FOLL_PIN. */
int svm_pin_user_pages_fast(unsigned long start, int nr, unsigned int flags, struct page **pages);
void svm_unpin_user_pages_dirty_lock(struct page **pages, unsigned long nr, bool make_dirty);
void svm_unpin_user_page(struct page *page);

/* Tells whether p is the host's memory, and not the kernel allocator's. */
bool svm_is_hosts(const void *p);

#endif
