/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The shared allocator (guest/lib/kmem) by the names that it has in the module. Its functions are
 * documented in guest/include/linux/slab.h. All of them are called between sv_enter() and
 * sv_leave() (enter.h).
 */
#ifndef GUEST_LINUX_KMEM_API_H
#define GUEST_LINUX_KMEM_API_H

#include <linux/slab.h>
#include <linux/types.h>

struct svk_kmem_cache;

struct svk_kmem_cache *svk_kmem_cache_create(const char *name, unsigned int size,
					     unsigned int align, slab_flags_t flags,
					     void (*ctor)(void *));
struct svk_kmem_cache *svk_kmem_cache_create_usercopy(const char *name, unsigned int size,
						      unsigned int align, slab_flags_t flags,
						      unsigned int useroffset,
						      unsigned int usersize, void (*ctor)(void *));
void svk_kmem_cache_destroy(struct svk_kmem_cache *s);
int svk_kmem_cache_shrink(struct svk_kmem_cache *s);
unsigned int svk_kmem_cache_size(struct svk_kmem_cache *s);
const char *svk_kmem_cache_name(struct svk_kmem_cache *s);
void *svk_kmem_cache_alloc(struct svk_kmem_cache *s, gfp_t gfp);
void *svk_kmem_cache_alloc_node(struct svk_kmem_cache *s, gfp_t gfp, int node);
void svk_kmem_cache_free(struct svk_kmem_cache *s, void *p);
int svk_kmem_cache_alloc_bulk(struct svk_kmem_cache *s, gfp_t gfp, size_t n, void **p);
void svk_kmem_cache_free_bulk(struct svk_kmem_cache *s, size_t n, void **p);
void *svk___kmalloc(size_t size, gfp_t gfp);
void *svk___kmalloc_node(size_t size, gfp_t gfp, int node);
void svk_kfree(const void *p);
void svk_kfree_sensitive(const void *p);
size_t svk_ksize(const void *p);
size_t svk_kmalloc_size_roundup(size_t size);
void *svk_krealloc(const void *p, size_t size, gfp_t gfp);

static __always_inline void *svk_kmalloc(size_t size, gfp_t gfp)
{
	return svk___kmalloc(size, gfp);
}

#endif
