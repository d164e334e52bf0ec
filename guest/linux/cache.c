// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Caches: each is one of the host's and one of the kernel's, which serves where the first cannot. */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "slabvisor/kmem.h"
#include "slabvisor/svm.h"

#include "enter.h"
#include "fast.h"
#include "kmem_api.h"
#include "priv.h"

struct svm_kmem_cache {
	struct svk_kmem_cache *host; /* NULL: there was no device */
	struct kmem_cache *own;
	unsigned int number, id, size; /* the host's: its slot, and as the allocator knows it */
	bool ctor;
	bool keeps;  /* what was written to a free object: readers may look at it, or it is
			constructed */
	char name[]; /* of the kernel's */
};

struct svm_kmem_cache *svm_kmem_cache_create(const char *name, unsigned int size,
					     unsigned int align, slab_flags_t flags,
					     void (*ctor)(void *))
{
	struct svm_kmem_cache *s;
	struct sv_cpu *sc;
	size_t len;

	if (!name || !size)
		return NULL;
	len = strlen(name) + sizeof("svm:");
	s = kzalloc(struct_size(s, name, len), GFP_KERNEL);
	if (!s)
		return NULL;
	snprintf(s->name, len, "svm:%s", name);
	s->size = size;
	s->ctor = ctor;
	s->keeps = ctor || flags & SLAB_TYPESAFE_BY_RCU;
	s->own = kmem_cache_create(s->name, size, align, flags & ~SLAB_PANIC, ctor);
	if (!s->own) {
		kfree(s);
		return NULL;
	}
	sc = sv_up() ? sv_enter(GFP_KERNEL) : NULL;
	if (sc) {
		s->host = svk_kmem_cache_create(name, size, align, flags & ~SLAB_PANIC, ctor);
		if (s->host) {
			s->number = ((struct kmem_cache_front *)s->host)->number;
			s->id = ((struct kmem_cache_front *)s->host)->id;
		}
		sv_leave(sc);
	}
	return s;
}
EXPORT_SYMBOL_GPL(svm_kmem_cache_create);

void svm_kmem_cache_destroy(struct svm_kmem_cache *s)
{
	struct sv_cpu *sc;

	if (!s)
		return;
	/* What each CPU has of it in its magazines, or on its list, is taken by the CPU itself. */
	sv_settle();
	sc = s->host ? sv_enter(GFP_KERNEL) : NULL;
	if (sc) {
		svk_kmem_cache_destroy(s->host);
		sv_leave(sc);
	}
	kmem_cache_destroy(s->own);
	kfree(s);
}
EXPORT_SYMBOL_GPL(svm_kmem_cache_destroy);

int svm_kmem_cache_shrink(struct svm_kmem_cache *s)
{
	struct sv_cpu *sc = s->host ? sv_enter(GFP_KERNEL) : NULL;
	int left = 0;

	if (sc) {
		left = svk_kmem_cache_shrink(s->host);
		sv_leave(sc);
	}
	return kmem_cache_shrink(s->own) | left;
}
EXPORT_SYMBOL_GPL(svm_kmem_cache_shrink);

unsigned int svm_kmem_cache_size(struct svm_kmem_cache *s)
{
	return s->size;
}
EXPORT_SYMBOL_GPL(svm_kmem_cache_size);

void *svm_kmem_cache_alloc_node(struct svm_kmem_cache *s, gfp_t gfp, int node)
{
	struct sv_cpu *sc;
	u64 entry;
	void *p;

	if (WARN_ONCE((gfp & __GFP_ZERO) && s->ctor,
		      "svm_kmem_cache_alloc: __GFP_ZERO for %s, which has a constructor", s->name))
		return NULL;
	if (unlikely(!s->host)) {
		sv_count(SV_NO_DEVICE);
		goto kernel;
	}
	if (likely(node == NUMA_NO_NODE && !(gfp & KMEM_GFP_SLOW))) {
		entry = sv_pop(s->number);
		if (likely(entry)) {
			p = sv_pointer(entry);
			return sv_to_be_zeroed(entry, gfp) ? memset(p, 0, s->size) : p;
		}
	}
	if (unlikely(!sv_up())) {
		sv_count(SV_DOWN);
		goto kernel;
	}
	sc = sv_enter(gfp);
	if (!sc) {
		sv_count(SV_BUSY);
		goto kernel;
	}
	p = svk_kmem_cache_alloc_node(s->host, sv_inner(gfp), node);
	sv_leave(sc);
	if (likely(p))
		return p;
	sv_count(SV_NO_MEMORY);
kernel:
	return kmem_cache_alloc_node(s->own, gfp, node);
}
EXPORT_SYMBOL_GPL(svm_kmem_cache_alloc_node);

void *svm_kmem_cache_alloc(struct svm_kmem_cache *s, gfp_t gfp)
{
	return svm_kmem_cache_alloc_node(s, gfp, NUMA_NO_NODE);
}
EXPORT_SYMBOL_GPL(svm_kmem_cache_alloc);

void svm_kmem_cache_free(struct svm_kmem_cache *s, void *p)
{
	if (!p)
		return;
	if (unlikely(!sv_in_window(p))) {
		kmem_cache_free(s->own, p);
		return;
	}
	if (likely(kmem_number_of(p) == s->number && sv_push(s->number, p)))
		return;
	sv_free_slow(p, s->id, s->keeps);
}
EXPORT_SYMBOL_GPL(svm_kmem_cache_free);

int svm_kmem_cache_alloc_bulk(struct svm_kmem_cache *s, gfp_t gfp, size_t n, void **p)
{
	for (size_t i = 0; i < n; i++) {
		p[i] = svm_kmem_cache_alloc(s, gfp);
		if (!p[i]) {
			svm_kmem_cache_free_bulk(s, i, p);
			return 0;
		}
	}
	return (int)n;
}
EXPORT_SYMBOL_GPL(svm_kmem_cache_alloc_bulk);

void svm_kmem_cache_free_bulk(struct svm_kmem_cache *s, size_t n, void **p)
{
	for (size_t i = 0; i < n; i++) {
		if (s)
			svm_kmem_cache_free(s, p[i]);
		else
			svm_kfree(p[i]);
	}
}
EXPORT_SYMBOL_GPL(svm_kmem_cache_free_bulk);
