// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* svm_kmalloc() and its kin: fast paths on the CPU's magazines, the shared allocator's slow paths,
 * and the kernel's own allocator where neither will do. */
#include "slabvisor/svm.h"

#include "slabvisor/kmem.h"
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "enter.h"
#include "fast.h"
#include "kmem_api.h"
#include "priv.h"

#define LARGEST_CLASS 8192ul

bool svm_is_hosts(const void *p)
{
	return sv_in_window(p);
}
EXPORT_SYMBOL_GPL(svm_is_hosts);

/* What the fast path has no answer to, apart from it so that it saves no registers. */
static noinline void *kmalloc_slow(size_t size, gfp_t gfp, int node)
{
	struct sv_cpu *sc;
	void *p;

	if (unlikely(!size))
		return ZERO_SIZE_PTR;
	if (unlikely(!READ_ONCE(sv_dev)) || unlikely(size > KMALLOC_MAX_SIZE)) {
		sv_count(SV_NO_DEVICE);
		goto kernel;
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
	p = svk___kmalloc_node(size, sv_inner(gfp), node);
	sv_leave(sc);
	if (likely(p))
		return p;
	sv_count(SV_NO_MEMORY);
kernel:
	return kmalloc_node(size, gfp, node);
}

void *svm_kmalloc_node(size_t size, gfp_t gfp, int node)
{
	return node == NUMA_NO_NODE ? svm_kmalloc(size, gfp) : kmalloc_slow(size, gfp, node);
}
EXPORT_SYMBOL_GPL(svm_kmalloc_node);

void *svm_kmalloc(size_t size, gfp_t gfp)
{
	unsigned int number;
	u64 entry;

	/* Less than no size is more than any. Without a device all magazines are empty. */
	if (unlikely(size - 1 >= LARGEST_CLASS) || unlikely(gfp & KMEM_GFP_SLOW))
		return kmalloc_slow(size, gfp, NUMA_NO_NODE);
	number = kmem_size_to_number(size);
	entry = sv_pop(number);
	if (unlikely(!entry))
		return kmalloc_slow(size, gfp, NUMA_NO_NODE);
	if (sv_to_be_zeroed(entry, gfp))
		return memset(sv_pointer(entry), 0, kmem_number_size(number));
	return sv_pointer(entry);
}
EXPORT_SYMBOL_GPL(svm_kmalloc);

size_t svm_ksize(const void *p)
{
	struct sv_cpu *sc;
	size_t size = 0;

	if (!sv_in_window(p))
		return ksize(p);
	/* No request but in a debug mode. */
	sc = sv_enter(GFP_NOWAIT);
	if (sc) {
		size = svk_ksize(p);
		sv_leave(sc);
	} else {
		unsigned int number = kmem_number_of(p);

		/* In the middle of an allocation: what the page map says is all that is needed. */
		if (number >= VIRTIO_KMEM_PM_RUN)
			size = PAGE_SIZE << (number - VIRTIO_KMEM_PM_RUN);
		else if (number && number <= VIRTIO_KMEM_CLASSES)
			size = kmem_number_size(number);
		else
			size = sv_cache_size(number);
	}
	return size;
}
EXPORT_SYMBOL_GPL(svm_ksize);

void *svm_krealloc(const void *p, size_t size, gfp_t gfp)
{
	size_t had;
	void *q;

	if (ZERO_OR_NULL_PTR(p))
		return svm_kmalloc(size, gfp);
	if (!size) {
		svm_kfree(p);
		return ZERO_SIZE_PTR;
	}
	if (!sv_in_window(p))
		return krealloc(p, size, gfp);
	had = svm_ksize(p);
	if (had >= size)
		return (void *)p;
	q = svm_kmalloc(size, gfp);
	if (q && had) {
		memcpy(q, p, had);
		svm_kfree(p);
	}
	return q;
}
EXPORT_SYMBOL_GPL(svm_krealloc);

void svm_kfree_sensitive(const void *p)
{
	size_t size;

	if (!sv_in_window(p)) {
		kfree_sensitive(p);
		return;
	}
	size = svm_ksize(p);
	if (size)
		memzero_explicit((void *)p, size);
	svm_kfree(p);
}
EXPORT_SYMBOL_GPL(svm_kfree_sensitive);
