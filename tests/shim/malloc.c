/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * malloc and its family. What POSIX and ISO C leave open is as in glibc: malloc(0) is an
 * object, realloc(p, 0) frees, free() keeps errno, alignments of memalign() are rounded
 * up to powers of two.
 */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>

#include "mm/mm.h"
#include "slabvisor/hosted.h"
#include "tests/shim/shim.h"

#define EXPORT   __attribute__((visibility("default")))
#define PAGE     4096ul
#define MIN_CASE 16ul /* the alignment of malloc */

static void *no_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

/* What no magazine at hand can serve. number 0: the tables are not there yet. align: what
 * the slot's objects have, and what another place has to have, too. */
static noinline void *alloc_slow(unsigned int number, size_t size, size_t align, gfp_t gfp)
{
	unsigned long caller = _RET_IP_;
	int err = errno;
	void *p;

	if (!shim_enter()) {
		p = shim_boot_alloc(size, align);
		return p ? p : no_memory();
	}
	p = kmem_alloc_slow(number ? number : shim_number(size), size, gfp, NUMA_NO_NODE, caller);
	shim_leave();
	/* The window is full, the host may not be. */
	if (!p && size >= PAGE)
		p = shim_huge_alloc(size, max(align, PAGE), gfp & __GFP_ZERO);
	if (!p)
		return no_memory();
	errno = err;
	return p;
}

static noinline void *alloc_huge(size_t size, size_t align, bool zero)
{
	int err = errno;
	void *p = shim_huge_alloc(size, align, zero);

	if (!p)
		return no_memory();
	errno = err;
	return p;
}

EXPORT void *malloc(size_t size)
{
	unsigned int number;
	u64 entry;

	if (unlikely(size > SHIM_MAX_SIZE))
		return alloc_huge(size, PAGE, false);
	number = shim_number(size);
	entry = kmem_pop(number);
	if (unlikely(!entry))
		return alloc_slow(number, size, MIN_CASE, SHIM_GFP);
	return (void *)(entry & ~VIRTIO_KMEM_ADDR_FLAGS);
}

EXPORT void *calloc(size_t n, size_t size)
{
	unsigned int number;
	size_t bytes;
	u64 entry;
	void *p;

	if (unlikely(__builtin_mul_overflow(n, size, &bytes)))
		return no_memory();
	if (unlikely(bytes > SHIM_MAX_SIZE))
		return alloc_huge(bytes, PAGE, true);
	number = shim_number(bytes);
	entry = kmem_pop(number);
	if (unlikely(!entry))
		return alloc_slow(number, bytes, MIN_CASE, SHIM_GFP | __GFP_ZERO);
	p = (void *)(entry & ~VIRTIO_KMEM_ADDR_FLAGS);
	return entry & VIRTIO_KMEM_ADDR_ZERO ? p : memset(p, 0, bytes);
}

static noinline void free_slow(void *p)
{
	int err = errno;

	if (!p || shim_boot_size(p))
		return;
	if (!shim_in_heap(p)) {
		shim_huge_free(p);
	} else if (shim_enter()) {
		kmem_free_slow(p, 0);
		shim_leave();
	}
	errno = err;
}

EXPORT void free(void *p)
{
	if (unlikely(!kmem_push(kmem_number_of(p), p)))
		free_slow(p);
}

EXPORT size_t malloc_usable_size(void *p)
{
	unsigned int kind;
	size_t size;

	if (!p)
		return 0;
	if (shim_in_heap(p)) {
		kind = kmem_number_of(p);
		if (kind - 1 < VIRTIO_KMEM_PM_CACHE_MAX)
			return shim_number_size(kind);
		if (kind - VIRTIO_KMEM_PM_RUN <= VIRTIO_KMEM_MAX_ORDER)
			return PAGE << (kind - VIRTIO_KMEM_PM_RUN);
	}
	size = shim_boot_size(p);
	if (!size)
		size = shim_huge_size(p);
	if (!size)
		grt_bug((u64)p, "malloc_usable_size: 0x%lx is not allocated", (unsigned long)p);
	return size;
}

EXPORT void *realloc(void *p, size_t size)
{
	size_t old;
	void *q;
	int err;

	if (!p)
		return malloc(size);
	if (!size) {
		free(p);
		return NULL;
	}
	old = malloc_usable_size(p);
	if (size <= old && size >= old / 2)
		return p;
	if (old > SHIM_MAX_SIZE && size > SHIM_MAX_SIZE) {
		err = errno;
		q = shim_huge_resize(p, size);
		if (!q)
			return no_memory();
		errno = err;
		return q;
	}
	err = errno;
	q = malloc(size);
	if (!q && size <= old) {
		/* It does not get smaller, and is large enough. */
		errno = err;
		return p;
	}
	if (!q)
		return NULL;
	memcpy(q, p, min(old, size));
	free(p);
	return q;
}

EXPORT void *reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? no_memory() : realloc(p, bytes);
}

/* align: a power of two. The least of the classes whose every slot is so aligned, or a
 * run of frames, which are aligned to their size. */
static void *alloc_aligned(size_t align, size_t size)
{
	if (align <= MIN_CASE)
		return malloc(max(size, align));
	size = max(size, 1ul);
	/* The window is aligned to huge frames, and so is what is in it at the most. */
	if (size > SHIM_MAX_SIZE || align > MM_HUGE_SIZE)
		return alloc_huge(size, align, false);
	if (align > PAGE) {
		size = max(size, align);
		size = 1ul << (64 - __builtin_clzl(size - 1));
		return alloc_slow(KMEM_PAGE_SLOT + (unsigned int)order_base_2(size / PAGE), size,
				  align, SHIM_GFP);
	}
	/* A class that is a multiple of the alignment has every slot aligned. */
	if (!shim_start())
		return shim_boot_alloc(size, align);
	size = ALIGN(size, align);
	while (size <= SHIM_MAX_SIZE) {
		size_t class = shim_number_size(shim_number(size));

		if (class % align == 0)
			return malloc(class);
		size = class + 1;
	}
	return alloc_huge(size, align, false);
}

EXPORT void *memalign(size_t align, size_t size)
{
	if (align > LONG_MAX || size > LONG_MAX)
		return no_memory();
	if (align & (align - 1))
		align = 1ul << (64 - __builtin_clzl(align));
	return alloc_aligned(max(align, 1ul), size);
}

EXPORT void *aligned_alloc(size_t align, size_t size)
{
	if (!align || align & (align - 1)) {
		errno = EINVAL;
		return NULL;
	}
	return memalign(align, size);
}

EXPORT int posix_memalign(void **memptr, size_t align, size_t size)
{
	int err = errno;
	void *p;

	if (!align || align & (align - 1) || align % sizeof(void *))
		return EINVAL;
	p = memalign(align, size);
	errno = err;
	if (!p)
		return ENOMEM;
	*memptr = p;
	return 0;
}

EXPORT void *valloc(size_t size)
{
	return memalign(PAGE, size);
}

EXPORT void *pvalloc(size_t size)
{
	if (size > LONG_MAX - PAGE)
		return no_memory();
	return memalign(PAGE, ALIGN(max(size, 1ul), PAGE));
}

/* pad: what to keep, which is up to the allocators here. 1: memory was given back. */
EXPORT int malloc_trim(size_t pad)
{
	int err = errno;
	bool some = false;

	(void)pad;
	shim_huge_trim();
	if (shim_enter()) {
		kmem_give_back();
		some = mm_reclaim(hosted_heap()) > 0;
		shim_leave();
	}
	errno = err;
	return some;
}
