/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The preloadable malloc: mm and the guest's magazines in any process. From the outside
 * in:
 *   malloc.c  the functions of the C library, over the magazines' fast paths
 *   thread.c  who may be in the slow path: threads come, go, and fork
 *   class.c   which cache serves which size
 *   huge.c    mappings of their own, for what is larger than a run of frames
 *   start.c   the heap's start, and memory until then
 *   host.c    what the allocators ask of their host
 *   window.c  memory of the host's, where the process runs in a Linux guest that has some
 */
#ifndef SHIM_H
#define SHIM_H

#include "guest/lib/kmem/priv.h"

/* Beyond this a request is a mapping of its own. */
#define SHIM_MAX_SIZE (4ul << 20)
#define SHIM_SMALL    1024ul
#define SHIM_MEDIUM   (32ul << 10)
#define SHIM_LARGE    28u
#define SHIM_GFP      (GFP_KERNEL | __GFP_NOWARN)

/* The numbers of slots by size, in steps of 8 bytes, of 64 bytes, and of a quarter; 0, of
 * a slot that is always empty, before the start. */
extern u16 shim_small[SHIM_SMALL / 8 + 1];
extern u16 shim_medium[SHIM_MEDIUM / 64 + 1];
extern u16 shim_large[SHIM_LARGE];

/* The slot that serves a size of at most SHIM_MAX_SIZE. */
static inline unsigned int shim_number(size_t size)
{
	unsigned int log;

	if (likely(size <= SHIM_SMALL))
		return shim_small[(size + 7) / 8];
	if (likely(size <= SHIM_MEDIUM))
		return shim_medium[(size + 63) / 64];
	log = 63 - (unsigned int)__builtin_clzl(size - 1);
	return shim_large[(log - 15) * 4 + (((size - 1) >> (log - 2)) & 3)];
}

static inline size_t shim_number_size(unsigned int number)
{
	return kmem.cache[number]->front.size;
}

static inline bool shim_in_heap(const void *p)
{
	return (unsigned long)p - kmem_view.va < kmem_view.words * 8;
}

struct mm_heap;

/* Makes the caches and fills the tables. 0 or -errno. */
int shim_class_init(struct mm_heap *heap);

/*
 * Whoever may come to a lock is inside, so that a fork finds no lock held. False: the
 * allocators are being started by this very thread, and cannot serve it. Calls do not
 * nest.
 */
bool shim_enter(void);
void shim_leave(void);

/* How many threads have magazines of their own: a moment's count. */
unsigned int shim_threads(void);

/* Makes the calling thread known while the start is under way. 0 or -errno. */
int shim_thread_init(void);

/* Starts the allocators, once. False as for shim_enter(). */
bool shim_start(void);

/* Memory until the start is through: never reused. NULL: no more. */
void *shim_boot_alloc(size_t size, size_t align);
/* The size of such, or 0 if it is none. */
size_t shim_boot_size(const void *p);

/* Tells whether the process is in a Linux guest whose host gives it memory. */
bool shim_window_there(void);
/* In a Linux guest: has the host give the memory of [p, p + size), which nothing has touched. */
void shim_window_back(void *p, size_t size);

/* Mappings. align: a power of two. zero: all of it is to be. NULL: no memory. */
void *shim_huge_alloc(size_t size, size_t align, bool zero);
/* Not of ours: a BUG. */
void shim_huge_free(void *p);
/* 0: not of ours. */
size_t shim_huge_size(const void *p);
/* Gives what is kept for reuse back to the host. */
void shim_huge_trim(void);
/* Both sizes beyond SHIM_MAX_SIZE. May move it; NULL: no memory, and p is as it was. */
void *shim_huge_resize(void *p, size_t size);

#endif
