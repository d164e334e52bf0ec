/* SPDX-License-Identifier: BSD-2-Clause */
/* Mappings of their own. What is known of them is kept apart from them, as for all the
 * heap: an address is looked up before it is believed. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tests/shim/shim.h"

#define PAGE       4096ul
#define HUGE_PAGE  (2ul << 20)
#define HUGE_FLOOR (16ul << 20) /* huge pages from here on: what they round up is little */
#define BUCKETS    1024u

struct huge {
	struct huge *next;
	void *addr;
	size_t size;
};

static struct huge *bucket[BUCKETS];
static spinlock_t lock;

static struct huge **huge_bucket(const void *p)
{
	return &bucket[(unsigned long)p / PAGE * 0x9e3779b97f4a7c15ul >> 54];
}

_Static_assert(BUCKETS == 1u << (64 - 54), "ten bits choose a bucket");

static void huge_insert(struct huge *h)
{
	struct huge **at = huge_bucket(h->addr);
	bool entered = shim_enter();

	spin_lock(&lock);
	h->next = *at;
	*at = h;
	spin_unlock(&lock);
	if (entered)
		shim_leave();
}

static struct huge *huge_remove(const void *p)
{
	struct huge **at = huge_bucket(p);
	bool entered = shim_enter();
	struct huge *h;

	spin_lock(&lock);
	while (*at && (*at)->addr != p)
		at = &(*at)->next;
	h = *at;
	if (h)
		*at = h->next;
	spin_unlock(&lock);
	if (entered)
		shim_leave();
	return h;
}

size_t shim_huge_size(const void *p)
{
	bool entered = shim_enter();
	const struct huge *h;
	size_t size;

	spin_lock(&lock);
	for (h = *huge_bucket(p); h && h->addr != p; h = h->next)
		;
	size = h ? h->size : 0;
	spin_unlock(&lock);
	if (entered)
		shim_leave();
	return size;
}

/* A mapping, aligned; what alignment takes more is unmapped again. */
static void *huge_map(size_t size, size_t align)
{
	size_t slack = align > PAGE ? align : 0;
	unsigned long start, first;
	void *map;

	if (size + slack < size)
		return NULL;
	map = mmap(NULL, size + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return NULL;
	start = (unsigned long)map;
	first = slack ? ALIGN(start, align) : start;
	if (first > start)
		munmap(map, first - start);
	if (start + slack > first)
		munmap((void *)(first + size), start + slack - first);
	return (void *)first;
}

void *shim_huge_alloc(size_t size, size_t align)
{
	struct huge *h;

	if (size > LONG_MAX - PAGE)
		return NULL;
	size = ALIGN(max(size, 1ul), PAGE);
	if (size >= HUGE_FLOOR)
		align = max(align, HUGE_PAGE);
	h = malloc(sizeof(*h));
	if (!h)
		return NULL;
	h->size = size;
	h->addr = huge_map(size, align);
	if (!h->addr) {
		free(h);
		return NULL;
	}
	/* Advice: without it there is more to fault in, that is all. */
	if (size >= HUGE_FLOOR)
		(void)madvise(h->addr, size, MADV_HUGEPAGE);
	huge_insert(h);
	return h->addr;
}

void shim_huge_free(void *p)
{
	struct huge *h = huge_remove(p);

	if (!h)
		grt_bug((u64)p, "free: 0x%lx is not allocated", (unsigned long)p);
	munmap(p, h->size);
	free(h);
}

void *shim_huge_resize(void *p, size_t size)
{
	struct huge *h;
	void *moved;

	if (size > LONG_MAX - PAGE)
		return NULL;
	size = ALIGN(size, PAGE);
	h = huge_remove(p);
	if (!h)
		grt_bug((u64)p, "realloc: 0x%lx is not allocated", (unsigned long)p);
	moved = mremap(p, h->size, size, MREMAP_MAYMOVE);
	if (moved != MAP_FAILED) {
		h->addr = moved;
		h->size = size;
	}
	huge_insert(h);
	return moved == MAP_FAILED ? NULL : moved;
}
